//! The parts of DynamoDB that the functions lean on, through the SDK.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use laptop::embedded::Aws;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn entry(aws: &Aws, seq: i64) -> Put {
    Put::builder()
        .table_name(aws.table("messages"))
        .item("room", text("general"))
        .item("seq", number(seq))
        .item("content", text("hi"))
        .condition_expression("attribute_not_exists(room)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .unwrap()
}

async fn put(client: &Client, put: Put) {
    let item = TransactWriteItem::builder().put(put).build();
    client.transact_write_items().transact_items(item).send().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_transaction_says_why_item_by_item() {
    let aws = Aws::in_memory().await.unwrap();
    let client = aws.database();
    put(&client, entry(&aws, 1)).await;
    let absent = Delete::builder()
        .table_name(aws.table("sends"))
        .key("userId", text("u_1"))
        .key("clientId", text("c"))
        .build()
        .unwrap();
    let error = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().delete(absent).build())
        .transact_items(TransactWriteItem::builder().put(entry(&aws, 1)).build())
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(error) = error else {
        panic!("{error:?}");
    };
    let reasons = error.cancellation_reasons();
    assert_eq!(reasons[0].code(), Some("None"));
    assert_eq!(reasons[1].code(), Some("ConditionalCheckFailed"));
    assert_eq!(reasons[1].item().unwrap()["content"], text("hi"));
}

#[tokio::test]
async fn a_conditional_put_fails_when_the_row_is_there() {
    let aws = Aws::in_memory().await.unwrap();
    let put = || {
        aws.database()
            .put_item()
            .table_name(aws.table("accounts"))
            .item("kind", text("name"))
            .item("id", text("ada"))
            .condition_expression("attribute_not_exists(kind)")
    };
    put().send().await.unwrap();
    let error = put().send().await.unwrap_err().into_service_error();
    assert!(error.is_conditional_check_failed_exception());
}

#[tokio::test]
async fn a_query_pages_at_one_megabyte_and_by_number() {
    let aws = Aws::in_memory().await.unwrap();
    let client = aws.database();
    for seq in 1..=12 {
        let put = client
            .put_item()
            .table_name(aws.table("messages"))
            .item("room", text("general"))
            .item("seq", number(seq))
            .item("content", text(&"x".repeat(100 * 1024)));
        put.send().await.unwrap();
    }
    let query = || {
        client
            .query()
            .table_name(aws.table("messages"))
            .key_condition_expression("room = :room")
            .expression_attribute_values(":room", text("general"))
            .scan_index_forward(false)
    };
    let first = query().send().await.unwrap();
    assert!(first.items().len() < 12);
    // Numbers, not texts: 12 comes before 9.
    assert_eq!(first.items()[0]["seq"], number(12));
    let start = first.last_evaluated_key().unwrap().clone();
    let second = query().set_exclusive_start_key(Some(start)).send().await.unwrap();
    assert_eq!(first.items().len() + second.items().len(), 12);
    assert!(second.last_evaluated_key().is_none());
}

#[tokio::test]
async fn a_value_that_is_none_is_a_validation_error() {
    let aws = Aws::in_memory().await.unwrap();
    let error = aws
        .database()
        .put_item()
        .table_name(aws.table("accounts"))
        .item("kind", text("name"))
        .item("id", text(""))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
    let error = aws
        .database()
        .put_item()
        .table_name(aws.table("messages"))
        .item("room", text("general"))
        .item("seq", AttributeValue::N("one".to_owned()))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
}

#[tokio::test]
async fn time_to_live_takes_what_aws_would_take() {
    let aws = Aws::in_memory().await.unwrap();
    let client = aws.database();
    let now = chrono::Utc::now().timestamp();
    let five_years = 5 * 365 * 24 * 3600;
    let rows = [
        ("expired", number(now - 60)),
        ("alive", number(now + 60)),
        ("ancient", number(now - five_years - 60)),
        ("a text", text("1")),
    ];
    for (id, expires_at) in rows {
        let put = client
            .put_item()
            .table_name(aws.table("accounts"))
            .item("kind", text("ticket"))
            .item("id", text(id))
            .item("expiresAt", expires_at);
        put.send().await.unwrap();
    }
    assert_eq!(aws.sweep().await.unwrap(), 1);
    let left = client.scan().table_name(aws.table("accounts")).send().await.unwrap();
    let mut left: Vec<_> = left.items().iter().map(|row| row["id"].as_s().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["a text", "alive", "ancient"]);
}
