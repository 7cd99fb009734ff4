//! `@connections`, through the SDK.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_apigatewaymanagement::{Client as Push, error::SdkError};
use laptop::gateway::Limits;
use laptop::{Config, Laptop};
use serde_json::json;

use crate::support::{Client, eventually, start};

pub(crate) fn push(laptop: &Laptop) -> Push {
    let config = Builder::from(&laptop.aws().sdk_config("test"))
        .endpoint_url("https://laptop.parley.invalid/live")
        .retry_config(RetryConfig::disabled());
    Push::from_conf(config.build())
}

async fn post(push: &Push, id: &str, bytes: usize) -> Result<(), String> {
    let data = Blob::new(format!("\"{}\"", "x".repeat(bytes - 2)));
    match push.post_to_connection().connection_id(id).data(data).send().await {
        Ok(_) => Ok(()),
        Err(SdkError::ServiceError(error)) => {
            let code = error.err().code().unwrap_or_default();
            Err(format!("{} {code}", error.raw().status().as_u16()))
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_post_arrives_as_a_text_frame() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let id = ada.connection_id().await;
    post(&push(&laptop), &id, 128 * 1024).await.unwrap();
    assert_eq!(ada.next().await.as_str().unwrap().len(), 128 * 1024 - 2);
}

#[tokio::test]
async fn what_cannot_be_posted() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let id = ada.connection_id().await;
    let push = push(&laptop);
    let large = post(&push, &id, 128 * 1024 + 1).await.unwrap_err();
    assert_eq!(large, "413 PayloadTooLargeException");
    assert_eq!(post(&push, "L0SM9cOFvHcCIhw=", 2).await.unwrap_err(), "410 GoneException");
    ada.close(1000).await;
    eventually("the socket goes", async || laptop.aws().connections().count() == 0).await;
    assert_eq!(post(&push, &id, 2).await.unwrap_err(), "410 GoneException");
}

#[tokio::test]
async fn a_connection_can_be_described() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let id = ada.connection_id().await;
    let push = push(&laptop);
    let about = push.get_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(about.identity().unwrap().source_ip(), Some("127.0.0.1"));
    assert!(about.last_active_at().unwrap() >= about.connected_at().unwrap());
    let unknown = push.get_connection().connection_id("x=").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_gone_exception());
}

#[tokio::test]
async fn a_delete_flushes_and_closes() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let id = ada.connection_id().await;
    let push = push(&laptop);
    post(&push, &id, 10).await.unwrap();
    push.delete_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(post(&push, &id, 10).await.unwrap_err(), "410 GoneException");
    assert_eq!(ada.next().await, "xxxxxxxx");
    assert_eq!(ada.closed().await, 1000);
}

#[tokio::test]
async fn after_a_bye_the_close_carries_its_code() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let id = ada.connection_id().await;
    let push = push(&laptop);
    let bye = json!({"event": "bye", "code": 4004, "reason": "ended", "reconnect": false});
    let data = Blob::new(bye.to_string());
    push.post_to_connection().connection_id(&id).data(data).send().await.unwrap();
    push.delete_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(ada.next().await, bye);
    assert_eq!(ada.closed().await, 4004);
}

#[tokio::test]
async fn a_socket_that_does_not_read_fills_its_own_buffer_only() {
    const FRAME: usize = 16 * 1024;
    let laptop = start(Config::default()).await;
    let mut slow = Client::with_small_buffer(&laptop, "slow").await;
    let mut ada = Client::open(&laptop, "ada").await;
    let (slow_id, ada_id) = (slow.connection_id().await, ada.connection_id().await);
    let push = push(&laptop);

    let mut taken = 0;
    let refused = loop {
        match post(&push, &slow_id, FRAME).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        // The buffer and what two kernels hold; more would be memory without a bound.
        assert!(taken * FRAME < 4 * 1024 * 1024, "the buffer has no end");
    };
    assert_eq!(refused, "429 LimitExceededException");
    assert!(taken >= 256 * 1024 / FRAME, "{taken} frames");

    post(&push, &ada_id, FRAME).await.unwrap();
    ada.next().await;

    for _ in 0..taken {
        slow.next().await;
    }
    eventually("the buffer opens again", async || post(&push, &slow_id, 10).await.is_ok()).await;
    assert_eq!(slow.next().await, "xxxxxxxx");
}

#[tokio::test]
async fn a_delete_does_not_wait_for_a_socket_that_does_not_read() {
    let gateway = Limits { close: Duration::from_millis(50), ..Limits::default() };
    let laptop = start(Config { gateway, ..Config::default() }).await;
    let mut slow = Client::with_small_buffer(&laptop, "slow").await;
    let id = slow.connection_id().await;
    let push = push(&laptop);
    while post(&push, &id, 16 * 1024).await.is_ok() {}
    push.delete_connection().connection_id(&id).send().await.unwrap();
    eventually("the socket goes", async || laptop.aws().connections().count() == 0).await;
}
