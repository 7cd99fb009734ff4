use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use laptop::embedded::{FakeConnection, Fault, Rule};
use serde_json::{Value, json};

use crate::stage::{Caller, Stage};

fn message(content: &str, client_id: &str) -> Value {
    json!({ "action": "sendMessage", "id": 1, "content": content, "clientId": client_id })
}

fn edit(seq: u64, content: &str, client_id: &str) -> Value {
    json!({ "action": "editMessage", "id": 1, "seq": seq, "content": content,
        "clientId": client_id })
}

fn delete(seq: u64, client_id: &str) -> Value {
    json!({ "action": "deleteMessage", "id": 1, "seq": seq, "clientId": client_id })
}

/// The stored row of an entry.
async fn row(stage: &Stage, seq: u64) -> HashMap<String, AttributeValue> {
    let seq = seq.to_string();
    let rows = stage.items("messages").await;
    rows.into_iter().find(|item| *item["seq"].as_n().unwrap() == seq).unwrap()
}

fn told(socket: &mut FakeConnection) -> Vec<Value> {
    socket.posted().iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

async fn changes(stage: &Stage, caller: &Caller, after: u64) -> Vec<Value> {
    let frame = json!({ "action": "getRecentMessages", "id": 1, "after": after });
    stage.send(caller, frame).await["changes"].as_array().unwrap().clone()
}

/// Nothing that a table holds has this text, nor what it could be guessed by.
async fn is_nowhere(stage: &Stage, text: &str) {
    for table in ["messages", "sends"] {
        for item in stage.items(table).await {
            assert!(!format!("{item:?}").contains(text), "{table}: {item:?}");
        }
    }
}

#[tokio::test]
async fn an_edit_takes_the_next_number_and_the_message_holds_the_state() {
    let stage = Stage::new().await;
    let (ada, mut adas) = stage.connect("ada").await;
    let (_, mut bobs) = stage.connect("bob").await;
    stage.send(&ada, message("hi", "c1")).await;
    let reply = stage.send(&ada, edit(1, "hi all", "c2")).await;
    assert_eq!((&reply["ver"], &reply["duplicate"]), (&json!(2), &json!(false)));

    for socket in [&mut adas, &mut bobs] {
        let event = told(socket).remove(1);
        assert_eq!(event["event"], "changes");
        let change = &event["changes"][0];
        assert_eq!((&change["kind"], &change["seq"]), (&json!("edit"), &json!(2)));
        assert_eq!((&change["userId"], &change["clientId"]), (&json!("u_ada"), &json!("c2")));
        let message = &change["message"];
        assert_eq!((&message["seq"], &message["ver"]), (&json!(1), &json!(2)));
        assert_eq!((&message["content"], &message["clientId"]), (&json!("hi all"), &json!("c1")));
        assert!(message["editedAt"].is_string());
    }
    let page = stage.send(&ada, json!({ "action": "getRecentMessages", "id": 1 })).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 1, "a page counts messages");
    assert_eq!((&page["messages"][0]["content"], &page["head"]), (&json!("hi all"), &json!(2)));
    let changes = changes(&stage, &ada, 0).await;
    let shown: Vec<_> = changes.iter().map(|c| (&c["seq"], &c["message"]["ver"])).collect();
    assert_eq!(shown, [(&json!(1), &json!(2)), (&json!(2), &json!(2))]);
    is_nowhere(&stage, "\"hi\"").await;
}

#[tokio::test]
async fn a_deletion_leaves_a_tombstone_and_no_text() {
    let stage = Stage::new().await;
    let (ada, mut socket) = stage.connect("ada").await;
    stage.send(&ada, message("a secret", "c1")).await;
    stage.send(&ada, edit(1, "another secret", "c2")).await;
    let reply = stage.send(&ada, delete(1, "c3")).await;
    assert_eq!((&reply["ver"], &reply["duplicate"]), (&json!(3), &json!(false)));
    let id = told(&mut socket)[0]["messages"][0]["id"].clone();

    let gone = json!({ "seq": 1, "id": id, "ver": 3, "deleted": true });
    let by = |client: &str| json!({ "userId": "u_ada", "clientId": client });
    let expected = [
        json!({ "kind": "delete", "seq": 1, "message": gone }),
        json!({ "kind": "delete", "seq": 2, "userId": by("c2")["userId"], "clientId": "c2",
            "message": gone }),
        json!({ "kind": "delete", "seq": 3, "userId": by("c3")["userId"], "clientId": "c3",
            "message": gone }),
    ];
    assert_eq!(changes(&stage, &ada, 0).await, expected);
    let page = stage.send(&ada, json!({ "action": "getRecentMessages", "id": 1 })).await;
    assert_eq!((&page["messages"], &page["head"]), (&json!([]), &json!(3)));
    is_nowhere(&stage, "secret").await;
    for item in stage.items("sends").await {
        let salt = item.contains_key("salt") && item.contains_key("digest");
        let is_deletion = item["clientId"].as_s().unwrap() == "c3";
        assert_eq!(salt, is_deletion, "a text could be guessed by {item:?}");
    }
    assert!(stage.items("messages").await.iter().all(|item| !item.contains_key("salt")));
}

#[tokio::test]
async fn a_resend_is_answered_alike_whatever_became_of_it() {
    let stage = Stage::new().await;
    let (ada, _socket) = stage.connect("ada").await;
    stage.send(&ada, message("hi", "c1")).await;
    let edited = stage.send(&ada, edit(1, "ho", "c2")).await;
    for turn in 0..2 {
        let again = stage.send(&ada, edit(1, "ho", "c2")).await;
        assert_eq!((&again["ver"], &again["duplicate"]), (&edited["ver"], &json!(true)), "{turn}");
        for other in
            [edit(1, "hum", "c2"), edit(2, "ho", "c2"), delete(1, "c2"), message("ho", "c2")]
        {
            // Once its text is deleted, nobody can say any more what it was.
            let same_message = other["action"] == "editMessage" && other["seq"] == 1;
            let answer = stage.send(&ada, other.clone()).await;
            if turn == 0 || !same_message {
                assert_eq!(answer["error"]["code"], "client_id_reused", "{other}");
            }
        }
        if turn == 0 {
            stage.send(&ada, delete(1, "c3")).await;
        }
    }
    let first = stage.send(&ada, message("hi", "c1")).await;
    assert_eq!((&first["seq"], &first["duplicate"]), (&json!(1), &json!(true)));
    let gone = stage.send(&ada, delete(1, "c3")).await;
    assert_eq!((&gone["ver"], &gone["duplicate"]), (&json!(3), &json!(true)));
    assert_eq!(stage.rows("messages").await.len(), 3);
}

#[tokio::test]
async fn only_its_writer_changes_a_message_and_only_while_it_is_there() {
    let stage = Stage::new().await;
    let (ada, _adas) = stage.connect("ada").await;
    let (bob, _bobs) = stage.connect("bob").await;
    stage.send(&ada, message("hi", "c1")).await;
    for frame in [edit(1, "ho", "b1"), delete(1, "b2")] {
        assert_eq!(stage.send(&bob, frame).await["error"]["code"], "forbidden");
    }
    stage.send(&ada, delete(1, "c2")).await;
    for frame in [edit(1, "ho", "c3"), delete(1, "c4"), edit(2, "ho", "c5"), delete(9, "c6")] {
        assert_eq!(stage.send(&ada, frame).await["error"]["code"], "not_found");
    }
    let long = stage.send(&ada, edit(1, &"x".repeat(8_193), "c7")).await;
    assert_eq!(long["error"]["code"], "too_large");
    assert_eq!(stage.send(&ada, edit(1, " \n", "c8")).await["error"]["code"], "bad_request");
    assert_eq!(stage.rows("messages").await.len(), 2, "what is refused takes no number");
}

/// Whatever the answer of a write is lost in, it is stored once, and the room is told.
#[tokio::test]
async fn a_change_whose_answer_was_lost_is_known_again() {
    for fault in [Fault::InternalServerError, Fault::Throttling, Fault::TransactionConflict] {
        let stage = Stage::new().await;
        let (ada, mut socket) = stage.connect("ada").await;
        stage.send(&ada, message("hi", "c1")).await;
        socket.posted();
        for (frame, ver) in [(edit(1, "ho", "c2"), 2), (delete(1, "c3"), 3)] {
            let rule = Rule::on("TransactWriteItems").times(1).after().with(fault);
            stage.aws.faults().inject(rule);
            let reply = stage.send(&ada, frame).await;
            assert_eq!((&reply["ver"], &reply["duplicate"]), (&json!(ver), &json!(false)));
            assert_eq!(told(&mut socket)[0]["changes"][0]["seq"], ver);
        }
        assert_eq!(stage.rows("messages").await.len(), 3);
    }
}

/// A resend within a minute tells the room again: of the state of now, not of what was sent.
#[tokio::test]
async fn a_deleted_text_is_told_to_nobody_again() {
    let stage = Stage::new().await;
    let (ada, mut socket) = stage.connect("ada").await;
    stage.send(&ada, message("a secret", "c1")).await;
    stage.send(&ada, edit(1, "another secret", "c2")).await;
    stage.send(&ada, delete(1, "c3")).await;
    socket.posted();
    for frame in [message("a secret", "c1"), edit(1, "another secret", "c2"), delete(1, "c3")] {
        assert_eq!(stage.send(&ada, frame).await["duplicate"], true);
    }
    let told = told(&mut socket);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|event| event["changes"][0]["kind"] == "delete"), "{told:?}");
}

#[tokio::test]
async fn two_windows_that_change_one_message_at_once_agree() {
    let stage = Stage::with(&[("ROOM_QUEUE", "off")]).await;
    let (ada, mut socket) = stage.connect("ada").await;
    stage.send(&ada, message("hi", "c1")).await;
    socket.posted();
    let frames = (0..8).map(|n| stage.send(&ada, edit(1, &format!("text {n}"), &format!("e{n}"))));
    let replies = futures_util::future::join_all(frames).await;
    let mut vers: Vec<_> = replies.iter().map(|reply| reply["ver"].as_u64().unwrap()).collect();
    vers.sort_unstable();
    assert_eq!(vers, (2..=9).collect::<Vec<_>>());
    let last = replies.iter().position(|reply| reply["ver"] == 9).unwrap();
    let page = stage.send(&ada, json!({ "action": "getRecentMessages", "id": 1 })).await;
    assert_eq!(page["messages"][0]["content"], format!("text {last}"));
    for event in told(&mut socket) {
        let change = &event["changes"][0];
        assert_eq!(change["seq"], change["message"]["ver"], "each tells its own state");
    }
}

/// The same of a resume: no text of a message whose deletion it tells of.
#[tokio::test]
async fn a_resume_has_no_text_that_it_says_is_deleted() {
    let stage = Stage::new().await;
    let (ada, _socket) = stage.connect("ada").await;
    stage.send(&ada, message("a secret", "c1")).await;
    let old = row(&stage, 1).await;
    stage.send(&ada, delete(1, "c2")).await;
    let put = stage.aws.database().put_item().table_name(stage.aws.table("messages"));
    let current = row(&stage, 1).await;
    put.clone().set_item(Some(old)).send().await.unwrap();
    let second = async {
        let batch = Rule::on("BatchGetItem").times(1).with(Fault::InternalServerError);
        stage.aws.faults().inject(batch).wait_fired(1).await;
        put.set_item(Some(current)).send().await.unwrap();
    };
    let (changes, ()) = tokio::join!(changes(&stage, &ada, 0), second);
    let kinds: Vec<_> = changes.iter().map(|change| &change["kind"]).collect();
    assert_eq!(kinds, ["delete", "delete"]);
}

/// However often a message is edited, those before it can be read.
#[tokio::test]
async fn a_flood_of_edits_does_not_hide_what_was_said_before() {
    let stage = Stage::with(&[("RATE_LIMITS", "off")]).await;
    let (ada, _socket) = stage.connect("ada").await;
    stage.fill(&ada, 3, 1).await;
    for number in 0..300 {
        stage.send(&ada, edit(3, &number.to_string(), &number.to_string())).await;
    }
    let before = stage.requests("get-recent-messages", "Query", "messages").len();
    let page = stage.send(&ada, json!({ "action": "getRecentMessages", "id": 1 })).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 3);
    assert_eq!((&page["more"], &page["from"]), (&json!(false), &json!(1)));
    let queries = stage.requests("get-recent-messages", "Query", "messages").len() - before;
    assert!(queries <= 5, "{queries} queries for a page");
}

/// Where there are very many, a page ends before it is full, and says where the next one begins.
#[tokio::test]
async fn a_page_that_is_not_full_says_from_where_to_go_on() {
    let stage = Stage::new().await;
    let (ada, _socket) = stage.connect("ada").await;
    stage.fill(&ada, 3, 1).await;
    stage.send(&ada, edit(3, "edited", "e1")).await;
    let pointer = row(&stage, 4).await;
    let pointers: Vec<_> = (5..=7_000)
        .map(|seq| {
            let mut pointer = pointer.clone();
            pointer.insert("seq".into(), AttributeValue::N(seq.to_string()));
            let put = PutRequest::builder().set_item(Some(pointer)).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        })
        .collect();
    for some in pointers.chunks(25) {
        let batch = stage.aws.database().batch_write_item();
        batch.request_items(stage.aws.table("messages"), some.to_vec()).send().await.unwrap();
    }
    let (mut before, mut seen, mut empty) = (None, Vec::new(), 0);
    loop {
        let mut request = json!({ "action": "getRecentMessages", "limit": 1, "id": 1 });
        if let Some(before) = &before {
            request["before"] = json!(before);
        }
        let page = stage.send(&ada, request).await;
        let messages = page["messages"].as_array().unwrap();
        empty += usize::from(messages.is_empty());
        seen.extend(messages.iter().map(|message| message["seq"].clone()));
        let from = page["from"].as_u64().unwrap();
        assert!(before.is_none_or(|before| from < before), "no further: {page}");
        before = Some(from);
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(seen, [3, 2, 1]);
    assert!(empty > 0, "every page had a message");
}

/// The query of a page may read a message, and then the entry of a change that came between.
#[tokio::test]
async fn a_page_is_up_to_date_with_the_entries_it_has_read() {
    let stage = Stage::new().await;
    let (ada, _socket) = stage.connect("ada").await;
    stage.send(&ada, message("hi", "c1")).await;
    let old = row(&stage, 1).await;
    stage.send(&ada, edit(1, "ho", "c2")).await;
    // As the query would have read it before the change.
    let put = stage.aws.database().put_item().table_name(stage.aws.table("messages"));
    let put_old = put.clone().set_item(Some(old)).send();
    let current = row(&stage, 1).await;
    put_old.await.unwrap();
    // It stands again once it is read a second time.
    let second = async {
        let batch = Rule::on("BatchGetItem").times(1).with(Fault::InternalServerError);
        stage.aws.faults().inject(batch).wait_fired(1).await;
        put.set_item(Some(current)).send().await.unwrap();
    };
    let page = stage.send(&ada, json!({ "action": "getRecentMessages", "id": 1 }));
    let (page, ()) = tokio::join!(page, second);
    assert_eq!(page["messages"][0]["content"], "ho");
}
