use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::stage::{Caller, Stage};

async fn recent(stage: &Stage, fields: Value) -> Value {
    let mut frame = fields;
    frame["action"] = json!("getRecentMessages");
    stage.send(&Caller::new("bob", "c2="), frame).await
}

fn numbers(items: &Value) -> Vec<u64> {
    items.as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_tutorials_frame_gets_the_ten_newest_oldest_first() {
    let stage = Stage::new().await;
    stage.fill(&Caller::new("ada", "c1="), 12, 1).await;
    let page = recent(&stage, json!({})).await;
    assert!(page["reply"].is_null());
    assert_eq!(numbers(&page["messages"]), (3..=12).collect::<Vec<_>>());
    assert_eq!((&page["more"], &page["head"]), (&json!(true), &json!(12)));
    stage.assert_consistent("get-recent-messages", "Query", "messages");
    for query in stage.requests("get-recent-messages", "Query", "messages") {
        assert!(query.body["Limit"].as_u64().unwrap() <= 11, "it reads no more than it shows");
    }
}

#[tokio::test]
async fn an_empty_room_has_an_empty_page() {
    let stage = Stage::new().await;
    let page = recent(&stage, json!({})).await;
    assert_eq!(
        (&page["messages"], &page["more"], &page["head"]),
        (&json!([]), &json!(false), &json!(0))
    );
    let changes = recent(&stage, json!({ "after": 0 })).await;
    assert_eq!((&changes["changes"], &changes["through"]), (&json!([]), &json!(0)));
    assert_eq!(changes["recovered"], true);
}

#[tokio::test]
async fn before_leads_back_to_the_first() {
    let stage = Stage::new().await;
    stage.fill(&Caller::new("ada", "c1="), 7, 1).await;
    let page = recent(&stage, json!({ "limit": 3, "before": 5 })).await;
    assert_eq!(numbers(&page["messages"]), [2, 3, 4]);
    assert_eq!((&page["more"], &page["head"]), (&json!(true), &json!(7)));
    let page = recent(&stage, json!({ "limit": 3, "before": 2 })).await;
    assert_eq!((numbers(&page["messages"]), &page["more"]), (vec![1], &json!(false)));
}

#[tokio::test]
async fn after_leads_forward_to_the_head() {
    let stage = Stage::new().await;
    stage.fill(&Caller::new("ada", "c1="), 7, 1).await;
    let page = recent(&stage, json!({ "limit": 3, "after": 2 })).await;
    assert_eq!(numbers(&page["changes"]), [3, 4, 5]);
    assert_eq!(page["changes"][0]["kind"], "message");
    assert_eq!(page["changes"][0]["message"]["content"], "x");
    assert_eq!((&page["through"], &page["more"]), (&json!(5), &json!(true)));
    let page = recent(&stage, json!({ "limit": 3, "after": 5 })).await;
    assert_eq!((&page["through"], &page["more"]), (&json!(7), &json!(false)));
    let page = recent(&stage, json!({ "after": 7 })).await;
    assert_eq!((&page["changes"], &page["through"]), (&json!([]), &json!(7)));
    let page = recent(&stage, json!({ "after": 8 })).await;
    assert_eq!(page["recovered"], false, "the log does not reach there");
    stage.assert_consistent("get-recent-messages", "Query", "messages");
}

/// Whoever trims a log leaves no hole that a client would not see.
#[tokio::test]
async fn a_log_that_does_not_reach_back_says_so() {
    let stage = Stage::new().await;
    stage.fill(&Caller::new("ada", "c1="), 6, 1).await;
    for seq in ["1", "2", "3"] {
        let delete = stage.aws.database().delete_item().table_name(stage.aws.table("messages"));
        let delete = delete.key("room", AttributeValue::S("general".into()));
        delete.key("seq", AttributeValue::N(seq.into())).send().await.unwrap();
    }
    for (after, recovered) in [(0, false), (2, false), (3, true), (6, true)] {
        let page = recent(&stage, json!({ "after": after })).await;
        assert_eq!(page["recovered"], recovered, "after {after}");
        if !recovered {
            assert_eq!((&page["floor"], &page["changes"]), (&json!(4), &json!([])));
        }
    }
}

#[tokio::test]
async fn pages_are_cut_to_the_frame_and_lose_nothing() {
    let stage = Stage::new().await;
    stage.fill(&Caller::new("ada", "c1="), 9, 8_000).await;
    let page = recent(&stage, json!({ "limit": 100 })).await;
    assert!(page.to_string().len() <= 30 * 1_024);
    assert_eq!((numbers(&page["messages"]), &page["more"]), (vec![7, 8, 9], &json!(true)));
    let (mut after, mut seen) = (0, Vec::new());
    while after < 9 {
        let page = recent(&stage, json!({ "limit": 100, "after": after })).await;
        assert!(page.to_string().len() <= 30 * 1_024);
        seen.extend(numbers(&page["changes"]));
        after = page["through"].as_u64().unwrap();
    }
    assert_eq!(seen, (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn bad_input_is_refused() {
    let stage = Stage::new().await;
    for (fields, code) in [
        (json!({ "limit": 0 }), "bad_request"),
        (json!({ "limit": 101 }), "bad_request"),
        (json!({ "limit": -1 }), "bad_request"),
        (json!({ "limit": "ten" }), "bad_request"),
        (json!({ "before": 1, "after": 1 }), "bad_request"),
        (json!({ "after": 1.5 }), "bad_request"),
        (json!({ "room": "no such" }), "bad_request"),
        (json!({ "room": "attic" }), "not_found"),
    ] {
        let refusal = recent(&stage, fields.clone()).await;
        assert_eq!(refusal["error"]["code"], code, "{fields}");
    }
}

/// Makes the entries of a later version: they have a number, and a kind that this one does not know.
async fn fill_with_unknown(stage: &Stage, numbers: std::ops::RangeInclusive<u64>) {
    for seq in numbers {
        let put = stage.aws.database().put_item().table_name(stage.aws.table("messages"));
        put.item("room", AttributeValue::S("general".into()))
            .item("seq", AttributeValue::N(seq.to_string()))
            .item("kind", AttributeValue::S("poll".into()))
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn entries_of_a_later_version_are_passed_over_and_hide_no_message() {
    let stage = Stage::new().await;
    let ada = Caller::new("ada", "c1=");
    stage.fill(&ada, 4, 1).await;
    fill_with_unknown(&stage, 5..=20).await;
    let page = recent(&stage, json!({ "limit": 3 })).await;
    assert_eq!(numbers(&page["messages"]), [2, 3, 4]);
    assert_eq!((&page["more"], &page["head"]), (&json!(true), &json!(20)));
    let page = recent(&stage, json!({ "after": 3, "limit": 100 })).await;
    assert_eq!(numbers(&page["changes"]), [4]);
    assert_eq!((&page["through"], &page["more"]), (&json!(20), &json!(false)));
    stage.fill(&ada, 1, 1).await;
    assert_eq!(recent(&stage, json!({})).await["head"], 21, "and are written after");
}
