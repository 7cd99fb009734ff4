use serde_json::{Value, json};

use crate::stage::{Caller, Stage};

fn write(number: u64) -> Value {
    json!({ "action": "sendMessage", "id": 1, "content": "x", "clientId": number.to_string() })
}

/// Writes until it is too often; how often it was, and the refusal.
async fn until_refused(stage: &Stage, caller: &Caller) -> (u64, Value) {
    for number in 0.. {
        let answer = stage.send(caller, write(number)).await;
        if answer["ok"] == false {
            return (number, answer["error"].clone());
        }
    }
    unreachable!()
}

#[tokio::test]
async fn a_persons_writes_are_limited_over_all_sockets_and_functions() {
    let stage = Stage::new().await;
    let (ada, _socket) = stage.connect("ada").await;
    let (other, _other) = stage.connect("ada").await;
    let (written, error) = until_refused(&stage, &ada).await;
    // Two windows may follow one another meanwhile.
    assert!((50..=100).contains(&written), "{written}");
    assert_eq!((&error["code"], &error["retryable"]), (&json!("rate_limited"), &json!(true)));
    let wait = error["retryAfterMs"].as_u64().unwrap();
    assert!((1..=5_000).contains(&wait), "{wait}");
    let refused = [
        write(0),
        json!({ "action": "editMessage", "id": 1, "seq": 1, "content": "x" }),
        json!({ "action": "deleteMessage", "id": 1, "seq": 1 }),
        json!({ "action": "createRoom", "id": 1, "room": "attic" }),
        json!({ "action": "joinRoom", "id": 1, "room": "attic" }),
        json!({ "action": "leaveRoom", "id": 1, "room": "attic" }),
    ];
    let rest = futures_util::future::join_all(refused.map(|frame| stage.send(&other, frame))).await;
    let limited = rest.iter().filter(|answer| answer["error"]["code"] == "rate_limited").count();
    // Unless the window ended at this very moment, for all of them.
    assert!(limited == rest.len() || wait < 1_000, "{rest:?}");
    let (bob, _bobs) = stage.connect("bob").await;
    assert_eq!(stage.send(&bob, write(0)).await["ok"], true, "others go on");
}

#[tokio::test]
async fn the_limit_can_be_off() {
    let stage = Stage::with(&[("RATE_LIMITS", "off")]).await;
    let (ada, _socket) = stage.connect("ada").await;
    for number in 0..120 {
        assert_eq!(stage.send(&ada, write(number)).await["ok"], true);
    }
    assert!(stage.items("rates").await.is_empty());
}
