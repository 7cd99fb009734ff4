use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use chat::clock::Timestamp;
use laptop::embedded::{Fault, Rule};
use protocol::limits::SOCKETS_MAX;
use serde_json::{Value, json};

use crate::stage::{Caller, Stage};
use crate::web::{Call, assert_ended, log_in};

#[tokio::test]
async fn connect_writes_the_connection_and_then_the_subscription() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    assert_eq!(stage.life(&ada, "$connect").await, 200);

    let connection = &stage.rows("connections").await[0];
    assert_eq!(connection["userId"], "u_ada");
    assert_eq!(connection["connectedAt"], ada.connected_at);
    let subscription = &stage.rows("subscriptions").await[0];
    assert_eq!(subscription["room"], "general");
    assert_eq!(subscription["username"], "ada");
    let life = Duration::from_secs(2 * 3_600 + 300);
    assert_eq!(subscription["expiresAt"], Timestamp(ada.connected_at).plus(life).seconds());

    let asked = stage.aws.requests().into_iter();
    let asked: Vec<_> = asked.map(|r| (r.operation, r.body["TableName"].clone())).collect();
    // Whoever is kept out is looked for last: see `connect`.
    let expected = [
        ("PutItem", "connections"),
        ("PutItem", "subscriptions"),
        ("GetItem", "memberships"),
        ("Query", "connections"),
        ("GetItem", "accounts"),
    ];
    assert_eq!(
        asked,
        expected.map(|(operation, table)| (operation.to_owned(), json!(stage.aws.table(table))))
    );
}

#[tokio::test]
async fn a_socket_opens_while_its_session_goes_on() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let ada = Caller::of_session(&session, "c1=");
    assert_eq!(stage.life(&ada, "$connect").await, 200);
    assert_eq!(stage.rows("connections").await[0]["sessionId"], session["sessionId"]);
    stage.life(&ada, "$disconnect").await;

    let unknown = Caller { session_id: Some("s_none".to_owned()), ..ada.clone() };
    let stranger = Caller { user_id: "u_eve".to_owned(), ..ada.clone() };
    for other in [&unknown, &stranger] {
        assert_eq!(stage.life(other, "$connect").await, 401);
    }
    Call::new("DELETE /v1/sessions/current").cookie(&session["cookie"]).gives(&stage, 204).await;
    assert_eq!(stage.life(&ada, "$connect").await, 401);
    for table in ["connections", "subscriptions"] {
        assert!(stage.rows(table).await.is_empty(), "a refused handshake has no $disconnect");
    }
    stage.assert_consistent("connection-manager", "GetItem", "accounts");
}

/// Its ticket was taken before the session ended.
#[tokio::test]
async fn a_socket_that_opens_while_its_session_ends_is_refused_or_closed() {
    let stage = Stage::new().await;
    for turn in 0..10 {
        let session = enter_new(&stage, turn).await;
        let mut socket = stage.aws.connections().open_fake();
        let caller = Caller::of_session(&session, socket.id());
        let end = Call::new("DELETE /v1/sessions/current").cookie(&session["cookie"]);
        let (status, _) = tokio::join!(stage.life(&caller, "$connect"), end.gives(&stage, 204));
        match status {
            200 => assert_ended(&mut socket).await,
            401 => {}
            other => panic!("{other}"),
        }
    }
}

/// Whoever has a token that is good no more can end nobody's window with it.
#[tokio::test]
async fn a_refused_socket_does_not_take_the_place_of_another() {
    let stage = Stage::new().await;
    let session = enter_new(&stage, 0).await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS_MAX {
        let socket = stage.aws.connections().open_fake();
        let status = stage.life(&Caller::of_session(&session, socket.id()), "$connect").await;
        assert_eq!(status, 200);
        sockets.push(socket);
    }
    stage.edit_accounts("session", |row| row["endedAt"] = json!("2026-11-25T00:00:00Z")).await;
    let late = stage.aws.connections().open_fake();
    assert_eq!(stage.life(&Caller::of_session(&session, late.id()), "$connect").await, 401);
    for socket in &mut sockets {
        assert!(socket.posted().is_empty(), "{:?}", socket.posted());
    }
    assert_eq!(stage.rows("connections").await.len(), SOCKETS_MAX);
}

async fn enter_new(stage: &Stage, turn: usize) -> Value {
    log_in(stage, &format!("person{turn}")).await
}

#[tokio::test]
async fn who_cannot_be_let_in_for_a_fault_leaves_nothing_either() {
    let stage = Stage::new().await;
    stage.aws.faults().inject(Rule::on("GetItem").with(Fault::InternalServerError));
    assert_eq!(stage.life(&Caller::new("ada", "c1="), "$connect").await, 503);
    stage.aws.faults().clear();
    for table in ["connections", "subscriptions"] {
        assert!(stage.rows(table).await.is_empty(), "{table}");
    }
}

#[tokio::test]
async fn disconnect_leaves_nothing() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    stage.life(&ada, "$connect").await;
    assert_eq!(stage.life(&ada, "$disconnect").await, 200);
    assert!(stage.rows("connections").await.is_empty());
    assert!(stage.rows("subscriptions").await.is_empty());
    assert_eq!(stage.life(&ada, "$disconnect").await, 200, "it may come twice");
}

#[tokio::test]
async fn a_frame_that_names_the_platforms_routes_is_only_a_frame() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    let refusal = stage.send(&ada, json!({ "action": "$connect", "id": 1 })).await;
    assert_eq!(refusal["error"]["code"], "unknown_action");
    assert!(stage.rows("connections").await.is_empty());
    stage.life(&ada, "$connect").await;
    let refusal = stage.send(&ada, json!({ "action": "$disconnect", "id": 2 })).await;
    assert_eq!(refusal["reply"], 2);
    assert_eq!(stage.rows("subscriptions").await.len(), 1);
}

#[tokio::test]
async fn connect_is_refused_when_the_table_does_not_answer() {
    let stage = Stage::new().await;
    stage.aws.faults().inject(Rule::on("PutItem").with(Fault::InternalServerError));
    assert_eq!(stage.life(&Caller::new("ada", "c1="), "$connect").await, 503);
}

#[tokio::test]
async fn hello_says_who_i_am_and_where_the_room_stands() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    stage.life(&ada, "$connect").await;
    stage.fill(&ada, 3, 1).await;
    let greeting = stage.send(&ada, json!({ "action": "hello", "id": "h" })).await;
    assert_eq!(greeting["reply"], "h");
    assert_eq!(greeting["username"], "ada");
    assert_eq!(greeting["connectionId"], "c1=");
    assert_eq!(greeting["limits"]["textBytes"], 8_192);
    assert_eq!(greeting["rooms"]["general"]["head"], 3);
    let by = Timestamp::parse(greeting["reconnectBy"].as_str().unwrap()).unwrap();
    assert_eq!(by, Timestamp(ada.connected_at).plus(Duration::from_secs(115 * 60)));

    let again = stage.send(&ada, json!({ "action": "hello", "id": 2 })).await;
    assert_eq!(again["rooms"], greeting["rooms"], "the epoch stays");
    stage.assert_consistent("connection-manager", "Query", "messages");
    stage.assert_batches_consistent("connection-manager", "rooms");
    stage.assert_batches_consistent("connection-manager", "subscriptions");
}

#[tokio::test]
async fn ping_repairs_a_missing_subscription() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    stage.life(&ada, "$connect").await;
    let ping = json!({ "action": "ping", "id": 1, "rooms": { "general": 0 } });
    let room = stage.send(&ada, ping.clone()).await["rooms"]["general"].clone();
    assert_eq!((&room["subscribed"], &room["head"]), (&json!(true), &json!(0)));

    let rows = stage.rows("subscriptions").await;
    stage
        .aws
        .database()
        .delete_item()
        .table_name(stage.aws.table("subscriptions"))
        .key("room", AttributeValue::S("general".into()))
        .key("connectionId", AttributeValue::S("c1=".into()))
        .send()
        .await
        .unwrap();
    assert_eq!(stage.send(&ada, ping.clone()).await["rooms"]["general"]["subscribed"], false);
    assert_eq!(stage.rows("subscriptions").await, rows, "the row is as it was");
    assert_eq!(stage.send(&ada, ping).await["rooms"]["general"]["subscribed"], true);
    stage.assert_batches_consistent("connection-manager", "subscriptions");
    stage.assert_consistent("connection-manager", "Query", "messages");
}

/// A socket that nobody could close when its session ended hears nothing any more once it asks.
#[tokio::test]
async fn a_socket_that_outlived_its_session_is_found_out() {
    let stage = Stage::new().await;
    for frame in [json!({ "action": "hello", "id": 1 }), json!({ "action": "ping", "id": 1 })] {
        let session = enter_new(&stage, frame["action"].as_str().map_or(0, str::len)).await;
        let caller = Caller::of_session(&session, "c1=");
        assert_eq!(stage.life(&caller, "$connect").await, 200);
        assert!(stage.send(&caller, frame.clone()).await["error"].is_null());
        stage.edit_accounts("session", |row| row["endedAt"] = json!("2026-11-25T00:00:00Z")).await;
        let answer = stage.send(&caller, frame.clone()).await;
        assert_eq!(answer["error"]["code"], "unauthorized", "{frame}: {answer}");
        assert!(stage.items("connections").await.is_empty());
        assert!(stage.items("subscriptions").await.is_empty());
    }
}

#[tokio::test]
async fn ping_without_rooms_answers_the_time_alone() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    let pong = stage.send(&ada, json!({ "action": "ping", "id": 1 })).await;
    assert_eq!(pong["rooms"], json!({}));
    let silent = stage.send(&ada, json!({ "action": "ping" })).await;
    assert!(silent.is_null());
    let unknown = json!({ "action": "ping", "id": 1, "rooms": { "attic": 1 } });
    let pong = stage.send(&ada, unknown).await;
    assert_eq!((&pong["rooms"], &pong["joined"]), (&json!({}), &json!(["general"])));
    let none = json!({ "action": "ping", "id": 1, "rooms": { "The Attic": 1 } });
    assert_eq!(stage.send(&ada, none).await["error"]["code"], "bad_request");
}
