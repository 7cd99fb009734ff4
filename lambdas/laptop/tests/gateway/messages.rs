use std::collections::BTreeSet;
use std::time::Duration;

use laptop::Config;
use laptop::embedded::{Fault, Rule};
use laptop::gateway::Limits;
use serde_json::json;

use crate::support::{Client, eventually, rows, start};

#[tokio::test]
async fn a_message_reaches_every_socket_and_its_answer_the_sender() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let mut bob = Client::open(&laptop, "bob").await;
    ada.ask(json!({"action": "sendMessage", "id": 7, "content": "hi"})).await;
    assert_eq!(ada.reply(7).await["ok"], true);
    let event = bob.next().await;
    assert_eq!(event["messages"][0]["content"], "hi");
    assert_eq!(event["messages"][0]["userId"], "u_ada");
}

#[tokio::test]
async fn what_names_no_route_goes_to_the_default_one() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    ada.ask(json!({"action": "dance", "id": 1})).await;
    assert_eq!(ada.reply(1).await["error"]["code"], "unknown_action");
    for body in ["not json", "", "[]", r#"{"action":7}"#] {
        ada.send(body.to_owned()).await;
        assert_eq!(ada.next().await["ok"], false, "{body}");
    }
}

#[tokio::test]
async fn a_crash_answers_with_the_platforms_frame() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let id = ada.connection_id().await;
    let crash = Rule::on("Query").function("get-recent-messages").times(1).with(Fault::Crash);
    laptop.faults().inject(crash);
    ada.ask(json!({"action": "getRecentMessages", "id": 2})).await;
    let frame = ada.next().await;
    assert_eq!(frame["message"], "Internal server error");
    assert_eq!(frame["connectionId"], *id);
    assert!(frame["requestId"].is_string());
    assert_eq!(frame.as_object().unwrap().len(), 3, "{frame}");
    ada.ask(json!({"action": "getRecentMessages", "id": 3})).await;
    assert_eq!(ada.reply(3).await["ok"], true);
}

#[tokio::test]
async fn a_function_that_takes_too_long_answers_with_the_platforms_frame() {
    let integration = Duration::from_millis(300);
    let gateway = Limits { integration, ..Limits::default() };
    let laptop = start(Config { gateway, ..Config::default() }).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let hang = Rule::on("Query").function("get-recent-messages").with(Fault::Hang);
    let hanging = laptop.faults().inject(hang);
    let began = tokio::time::Instant::now();
    ada.ask(json!({"action": "getRecentMessages", "id": 1})).await;
    let frame = ada.next().await;
    assert!(began.elapsed() >= integration);
    assert_eq!(frame["message"], "Internal server error");
    assert!(frame["connectionId"].is_string() && frame["requestId"].is_string(), "{frame}");
    assert_eq!(frame.as_object().unwrap().len(), 3, "{frame}");
    assert_eq!(hanging.fired(), 1);
    hanging.remove();
    // More than once, for on a busy machine an honest answer too may take longer than this limit.
    eventually("the socket is still of use", async || {
        ada.ask(json!({"action": "getRecentMessages", "id": 2})).await;
        ada.next().await["ok"] == true
    })
    .await;
}

#[tokio::test]
async fn a_slow_request_does_not_hold_up_the_next() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let hang = Rule::on("Query").function("get-recent-messages").times(1).with(Fault::Hang);
    let hanging = laptop.faults().inject(hang);
    ada.ask(json!({"action": "getRecentMessages", "id": 1})).await;
    hanging.wait_fired(1).await;
    ada.ask(json!({"action": "hello", "id": 2})).await;
    assert_eq!(ada.reply(2).await["ok"], true);
}

#[tokio::test]
async fn a_socket_with_too_much_under_way_is_held_back() {
    let gateway = Limits { frames_in_flight: 2, ..Limits::default() };
    let laptop = start(Config { gateway, ..Config::default() }).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let hang = Rule::on("Query").function("get-recent-messages").with(Fault::Hang);
    let hanging = laptop.faults().inject(hang);
    for id in 1..=2 {
        ada.ask(json!({"action": "getRecentMessages", "id": id})).await;
    }
    hanging.wait_fired(2).await;
    hanging.remove();
    ada.ask(json!({"action": "dance", "id": 3})).await;
    // The third one is read only when one of the two, which hang for a while, has ended.
    let first = ada.next().await;
    assert_ne!(first["reply"], 3, "{first}");
    assert_eq!(ada.reply(3).await["ok"], false);
}

#[tokio::test]
async fn a_flood_from_one_socket_leaves_the_others_their_turn() {
    const FRAMES: u64 = 3_000;
    let laptop = start(Config::default()).await;
    let flood = Client::open(&laptop, "flood").await;
    let mut bob = Client::open(&laptop, "bob").await;
    let laptop = &laptop;
    let flooding = async {
        use futures_util::{SinkExt, StreamExt};
        let (mut sink, mut stream) = flood.socket.split();
        let write = async {
            for id in 0..FRAMES {
                let frame = json!({"action": "dance", "id": id}).to_string();
                sink.send(frame.into()).await.unwrap();
            }
        };
        let read = async {
            let mut answered = BTreeSet::new();
            while answered.len() < usize::try_from(FRAMES).unwrap() {
                let frame = stream.next().await.unwrap().unwrap();
                let frame: serde_json::Value =
                    serde_json::from_str(frame.to_text().unwrap()).unwrap();
                answered.extend(frame["reply"].as_u64());
            }
            answered.len()
        };
        tokio::join!(write, read).1
    };
    let talking = async {
        for id in 0..20 {
            bob.ask(json!({"action": "sendMessage", "id": id, "content": "hi"})).await;
            assert_eq!(bob.reply(id).await["ok"], true);
        }
        rows(laptop, "messages").await
    };
    let (answered, stored) = tokio::join!(flooding, talking);
    assert_eq!(u64::try_from(answered).unwrap(), FRAMES, "held back, and none dropped");
    assert_eq!(stored, 20);
}

#[tokio::test]
async fn a_random_delay_lets_requests_overtake_each_other() {
    let delay = Duration::ZERO..=Duration::from_millis(50);
    let config = Config { handler_delay: Some(delay), seed: 3, ..Config::default() };
    let laptop = start(config).await;
    let mut ada = Client::open(&laptop, "ada").await;
    for id in 0..20 {
        ada.ask(json!({"action": "dance", "id": id})).await;
    }
    let mut order = Vec::new();
    for _ in 0..20 {
        order.push(ada.next().await["reply"].as_u64().unwrap());
    }
    assert!(!order.is_sorted(), "{order:?}");
}

#[tokio::test]
async fn a_closed_socket_is_forgotten() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    ada.close(1000).await;
    eventually("$disconnect removes the rows", async || {
        rows(&laptop, "connections").await == 0 && rows(&laptop, "subscriptions").await == 0
    })
    .await;
    // A socket that breaks off without a word is noticed too.
    drop(Client::open(&laptop, "ada").await);
    eventually("$disconnect removes the rows", async || {
        laptop.aws().connections().count() == 0 && rows(&laptop, "connections").await == 0
    })
    .await;
}
