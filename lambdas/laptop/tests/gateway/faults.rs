//! Each fault, before and after the call is applied.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use aws_sdk_dynamodb::{Client, config};
use laptop::embedded::{Aws, Fault, Rule};

const FUNCTION: &str = "send-message";

fn client(aws: &Aws) -> Client {
    let config = config::Builder::from(&aws.sdk_config(FUNCTION));
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

fn put(aws: &Aws, seq: u8) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(aws.table("messages"))
        .item("room", AttributeValue::S("general".to_owned()))
        .item("seq", AttributeValue::N(seq.to_string()));
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

async fn commit(aws: &Aws) -> Result<(), SdkError<TransactWriteItemsError>> {
    let commit = client(aws).transact_write_items();
    commit.transact_items(put(aws, 1)).transact_items(put(aws, 2)).send().await.map(drop)
}

async fn rows(aws: &Aws) -> usize {
    aws.database().scan().table_name(aws.table("messages")).send().await.unwrap().items().len()
}

/// The answer's status and code, and how many rows it left.
async fn outcome(fault: Fault, applied: bool) -> (u16, String, usize) {
    let aws = Aws::in_memory().await.unwrap();
    let rule = Rule::on("TransactWriteItems").function(FUNCTION);
    let rule = if applied { rule.after() } else { rule.before() };
    let handle = aws.faults().inject(rule.with(fault));
    let error = commit(&aws).await.unwrap_err();
    assert_eq!(handle.fired(), 1);
    let status = error.raw_response().unwrap().status().as_u16();
    (status, error.code().unwrap_or_default().to_owned(), rows(&aws).await)
}

#[tokio::test]
async fn errors_come_before_or_after_the_write() {
    let cases = [
        (Fault::TransactionConflict, 400, "TransactionCanceledException"),
        (Fault::Throttling, 400, "ProvisionedThroughputExceededException"),
        (Fault::InternalServerError, 500, "InternalServerError"),
    ];
    for (fault, status, code) in cases {
        assert_eq!(outcome(fault, false).await, (status, code.to_owned(), 0), "{fault:?}");
        assert_eq!(outcome(fault, true).await, (status, code.to_owned(), 2), "{fault:?}");
    }
}

#[tokio::test]
async fn a_conflict_names_one_item() {
    let aws = Aws::in_memory().await.unwrap();
    aws.faults().inject(Rule::on("TransactWriteItems").with(Fault::TransactionConflict));
    let error = commit(&aws).await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(error) = error else {
        panic!("{error:?}");
    };
    let mut codes: Vec<_> =
        error.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["None", "TransactionConflict"]);
}

#[tokio::test]
async fn a_hang_never_answers() {
    for applied in [false, true] {
        let aws = Aws::in_memory().await.unwrap();
        let rule = Rule::on("TransactWriteItems");
        let rule = if applied { rule.after() } else { rule };
        let handle = aws.faults().inject(rule.with(Fault::Hang));
        let patience = Duration::from_millis(200);
        assert!(tokio::time::timeout(patience, commit(&aws)).await.is_err());
        assert_eq!(handle.fired(), 1);
        assert_eq!(rows(&aws).await, if applied { 2 } else { 0 });
    }
}

#[tokio::test]
async fn a_crash_unwinds_the_caller() {
    for applied in [false, true] {
        let aws = std::sync::Arc::new(Aws::in_memory().await.unwrap());
        let rule = Rule::on("TransactWriteItems");
        let rule = if applied { rule.after() } else { rule };
        aws.faults().inject(rule.with(Fault::Crash));
        let caller = std::sync::Arc::clone(&aws);
        let call = tokio::spawn(async move { commit(&caller).await });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(rows(&aws).await, if applied { 2 } else { 0 });
    }
}

#[tokio::test]
async fn posts_can_find_a_socket_gone_or_full() {
    use aws_sdk_apigatewaymanagement::config::{Builder, retry::RetryConfig};
    let aws = Aws::in_memory().await.unwrap();
    let config = Builder::from(&aws.sdk_config(FUNCTION))
        .endpoint_url("https://laptop.parley.invalid/live")
        .retry_config(RetryConfig::disabled());
    let push = aws_sdk_apigatewaymanagement::Client::from_conf(config.build());
    let mut ada = aws.connections().open_fake();
    let mut bob = aws.connections().open_fake();
    let gone = aws.faults().inject(
        Rule::on("PostToConnection").connection(ada.id()).times(1).before().with(Fault::Gone),
    );
    aws.faults().inject(
        Rule::on("PostToConnection").connection(bob.id()).after().with(Fault::LimitExceeded),
    );
    let post =
        |id: &str| push.post_to_connection().connection_id(id).data(b"hi".to_vec().into()).send();
    assert!(post(ada.id()).await.unwrap_err().into_service_error().is_gone_exception());
    assert!(post(bob.id()).await.unwrap_err().into_service_error().is_limit_exceeded_exception());
    assert_eq!(gone.wait_fired(1).await, 1);
    post(ada.id()).await.unwrap();
    assert_eq!((ada.posted(), bob.posted()), (vec!["hi".to_owned()], vec!["hi".to_owned()]));
}

#[tokio::test]
async fn a_test_client_is_neither_hindered_nor_recorded() {
    let aws = Aws::in_memory().await.unwrap();
    aws.faults().inject(Rule::on("Scan").with(Fault::InternalServerError));
    assert_eq!(rows(&aws).await, 0);
    assert!(aws.calls().is_empty() && aws.requests().is_empty());
    commit(&aws).await.unwrap();
    let call = aws.calls().into_iter().next().unwrap();
    assert_eq!((&*call.function, &*call.action), (FUNCTION, "dynamodb:PutItem"));
    assert_eq!(call.resource, "messages");
}
