use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use chat::clock::Timestamp;
use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};

use crate::stage::{Caller, Stage};

fn message(content: &str, client_id: &str) -> Value {
    json!({ "action": "sendMessage", "id": 1, "content": content, "clientId": client_id })
}

async fn connect(
    stage: &Stage,
    name: &str,
    age: Duration,
) -> (Caller, laptop::embedded::FakeConnection) {
    let connection = stage.aws.connections().open_fake();
    let mut caller = Caller::new(name, connection.id());
    caller.connected_at -= i64::try_from(age.as_millis()).unwrap();
    assert_eq!(stage.life(&caller, "$connect").await, 200);
    (caller, connection)
}

#[tokio::test]
async fn a_message_is_stored_and_told_to_all() {
    let stage = Stage::new().await;
    let (ada, mut adas) = connect(&stage, "ada", Duration::ZERO).await;
    let (_, mut bobs) = connect(&stage, "bob", Duration::ZERO).await;
    let reply = stage.send(&ada, message("hi", "c1")).await;
    assert_eq!(
        (&reply["ok"], &reply["seq"], &reply["duplicate"]),
        (&json!(true), &json!(1), &json!(false))
    );

    let event: Value = serde_json::from_str(&bobs.posted()[0]).unwrap();
    assert_eq!(event["event"], "messages");
    let told = &event["messages"][0];
    assert_eq!(told["content"], "hi");
    assert_eq!(told["username"], "ada");
    assert_eq!(told["id"], reply["id"]);
    assert_eq!(told["clientId"], "c1");
    assert_eq!(adas.posted().len(), 1, "the sender's own socket too");

    let row = &stage.rows("messages").await[0];
    assert_eq!((&row["seq"], &row["ver"], &row["kind"]), (&json!(1), &json!(1), &json!("message")));
    stage.assert_consistent("send-message", "Query", "messages");
    stage.assert_consistent("send-message", "Query", "subscriptions");
}

#[tokio::test]
async fn the_senders_own_sockets_come_first() {
    let stage = Stage::new().await;
    for n in 0..9 {
        connect(&stage, &format!("other{n}"), Duration::ZERO).await;
    }
    let (zoe, _zoes) = connect(&stage, "zoe", Duration::ZERO).await;
    stage.send(&zoe, message("hi", "c1")).await;
    let first = stage.aws.requests().into_iter().find(|r| r.operation == "PostToConnection");
    assert_eq!(first.unwrap().connection.as_deref(), Some(zoe.connection_id.as_str()));
}

#[tokio::test]
async fn a_resend_is_stored_once_and_another_text_is_refused() {
    let stage = Stage::new().await;
    let (ada, _socket) = connect(&stage, "ada", Duration::ZERO).await;
    let first = stage.send(&ada, message("hi", "c1")).await;
    let again = stage.send(&ada, message("hi", "c1")).await;
    assert_eq!(again["duplicate"], true);
    for field in ["seq", "id", "timestamp"] {
        assert_eq!(again[field], first[field]);
    }
    let other = stage.send(&ada, message("ho", "c1")).await;
    assert_eq!(other["error"]["code"], "client_id_reused");
    assert_eq!(stage.rows("messages").await.len(), 1);

    let (bob, _socket) = connect(&stage, "bob", Duration::ZERO).await;
    assert_eq!(stage.send(&bob, message("ho", "c1")).await["seq"], 2, "ids are a person's own");
}

#[tokio::test]
async fn no_row_holds_what_a_text_could_be_guessed_from() {
    let stage = Stage::new().await;
    let (ada, _socket) = connect(&stage, "ada", Duration::ZERO).await;
    stage.send(&ada, message("yes", "c1")).await;
    stage.send(&ada, message("yes", "c2")).await;
    let items = stage.items("sends").await;
    assert_ne!(items[0]["digest"], items[1]["digest"], "the same text under another salt");
}

#[tokio::test]
async fn a_resend_of_something_old_is_not_told_again() {
    let stage = Stage::new().await;
    let (ada, mut socket) = connect(&stage, "ada", Duration::ZERO).await;
    stage.send(&ada, message("hi", "c1")).await;
    stage.send(&ada, message("hi", "c1")).await;
    assert_eq!(socket.posted().len(), 2, "young: its first fan-out may have died half-way");

    let old = Timestamp(Timestamp::now().0 - 61_000).rfc3339();
    stage
        .aws
        .database()
        .update_item()
        .table_name(stage.aws.table("sends"))
        .key("userId", AttributeValue::S(ada.user_id.clone()))
        .key("clientId", AttributeValue::S("c1".into()))
        .update_expression("SET #t = :old")
        .expression_attribute_names("#t", "timestamp")
        .expression_attribute_values(":old", AttributeValue::S(old))
        .send()
        .await
        .unwrap();
    assert_eq!(stage.send(&ada, message("hi", "c1")).await["duplicate"], true);
    assert!(socket.posted().is_empty());
}

#[tokio::test]
async fn a_conflict_keeps_the_number() {
    let stage = Stage::new().await;
    let (ada, _socket) = connect(&stage, "ada", Duration::ZERO).await;
    let transact = || Rule::on("TransactWriteItems").times(2);
    stage.aws.faults().inject(transact().before().with(Fault::TransactionConflict));
    assert_eq!(stage.send(&ada, message("one", "c1")).await["seq"], 1);
    for (n, fault) in
        [Fault::TransactionConflict, Fault::Throttling, Fault::InternalServerError, Fault::Hang]
            .into_iter()
            .enumerate()
    {
        // Applied, but the answer is lost: the next try must find itself.
        stage.aws.faults().inject(Rule::on("TransactWriteItems").times(1).after().with(fault));
        let reply = stage.send(&ada, message("more", &format!("d{n}"))).await;
        assert_eq!((&reply["seq"], &reply["duplicate"]), (&json!(n + 2), &json!(false)), "{reply}");
    }
    assert_eq!(stage.rows("messages").await.len(), 5);
}

#[tokio::test]
async fn a_room_that_stays_contended_is_busy() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    stage
        .aws
        .faults()
        .inject(Rule::on("TransactWriteItems").before().with(Fault::TransactionConflict));
    let reply = stage.send(&ada, message("hi", "c1")).await;
    assert_eq!(reply["error"]["code"], "busy");
    assert_eq!(reply["error"]["retryable"], true);
    assert!(stage.rows("messages").await.is_empty());
}

#[tokio::test]
async fn a_dead_sockets_row_is_reaped_and_a_young_ones_is_not() {
    let stage = Stage::new().await;
    let (ada, mut socket) = connect(&stage, "ada", Duration::ZERO).await;
    let (old, gone) = connect(&stage, "old", Duration::from_secs(60)).await;
    let (young, opening) = connect(&stage, "young", Duration::from_secs(1)).await;
    drop((gone, opening));
    stage.send(&ada, message("hi", "c1")).await;
    assert_eq!(socket.posted().len(), 1);
    let left: Vec<_> = stage
        .rows("subscriptions")
        .await
        .into_iter()
        .map(|row| row["connectionId"].clone())
        .collect();
    assert!(left.contains(&json!(young.connection_id)), "{left:?}");
    assert!(!left.contains(&json!(old.connection_id)), "{left:?}");
}

#[tokio::test]
async fn when_nobody_is_reached_no_row_is_reaped() {
    let stage = Stage::new().await;
    for n in 0..20 {
        drop(connect(&stage, &format!("p{n}"), Duration::from_secs(60)).await);
    }
    let elsewhere = Caller::new("ada", "c1=");
    stage.send(&elsewhere, message("hi", "c1")).await;
    assert_eq!(stage.rows("subscriptions").await.len(), 20, "the endpoint may be wrong");

    let (ada, _socket) = connect(&stage, "ada", Duration::ZERO).await;
    stage.send(&ada, message("ho", "c2")).await;
    assert_eq!(stage.rows("subscriptions").await.len(), 1, "one success tells them apart");
}

#[tokio::test]
async fn an_expired_row_is_not_posted_to() {
    let stage = Stage::new().await;
    let (_, mut socket) = connect(&stage, "ghost", Duration::from_secs(3 * 3_600)).await;
    let (ada, _adas) = connect(&stage, "ada", Duration::ZERO).await;
    stage.send(&ada, message("hi", "c1")).await;
    assert!(socket.posted().is_empty());
}

#[tokio::test]
async fn a_post_that_fails_is_tried_thrice_and_costs_the_sender_nothing() {
    let stage = Stage::new().await;
    let (ada, _adas) = connect(&stage, "ada", Duration::ZERO).await;
    let (bob, mut bobs) = connect(&stage, "bob", Duration::ZERO).await;
    let to_bob = || Rule::on("PostToConnection").connection(bob.connection_id.as_str());
    stage.aws.faults().inject(to_bob().times(2).with(Fault::LimitExceeded));
    assert_eq!(stage.send(&ada, message("one", "c1")).await["ok"], true);
    assert_eq!(bobs.posted().len(), 1, "the third try reached him");

    let rule = stage.aws.faults().inject(to_bob().with(Fault::InternalServerError));
    assert_eq!(stage.send(&ada, message("two", "c2")).await["ok"], true);
    assert_eq!(rule.fired(), 3);
    assert!(bobs.posted().is_empty());
    assert_eq!(stage.rows("subscriptions").await.len(), 2, "he may come back");
}

#[tokio::test]
async fn the_sender_is_the_caller_whatever_the_body_says() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    let frame = json!({
        "action": "sendMessage", "id": 1, "content": "hi", "token": "x", "userId": "u_bob",
        "username": "bob", "seq": 99, "timestamp": "1970-01-01T00:00:00.000Z",
    });
    assert_eq!(stage.send(&ada, frame).await["seq"], 1);
    let row = &stage.rows("messages").await[0];
    assert_eq!((&row["userId"], &row["username"]), (&json!("u_ada"), &json!("ada")));
}

#[tokio::test]
async fn bad_input_is_refused_and_stores_nothing() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    let long = "x".repeat(8 * 1_024 + 1);
    for (frame, code) in [
        (json!({}), "bad_request"),
        (json!({ "content": "" }), "bad_request"),
        (json!({ "content": " \n\t" }), "bad_request"),
        (json!({ "content": null }), "bad_request"),
        (json!({ "content": long }), "too_large"),
        (json!({ "content": "hi", "clientId": "" }), "bad_request"),
        (json!({ "content": "hi", "clientId": "ü" }), "bad_request"),
        (json!({ "content": "hi", "clientId": "x".repeat(65) }), "bad_request"),
        (json!({ "content": "hi", "room": "General" }), "bad_request"),
        (json!({ "content": "hi", "room": "../x" }), "bad_request"),
        (json!({ "content": "hi", "room": "attic" }), "not_found"),
    ] {
        let mut frame = frame;
        frame["action"] = json!("sendMessage");
        frame["id"] = json!(1);
        let reply = stage.send(&ada, frame.clone()).await;
        assert_eq!(reply["error"]["code"], code, "{frame}");
    }
    assert!(stage.rows("messages").await.is_empty());
    assert!(stage.items("sends").await.is_empty());
    let longest = "ü".repeat(4 * 1_024);
    assert_eq!(stage.send(&ada, message(&longest, "c1")).await["ok"], true, "8 KB exactly");
}
