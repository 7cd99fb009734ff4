//! The SDK clients, with the time limits and retries that the functions' own timeouts leave room
//! for. The SDK's defaults have no read timeout, and begin a retry after a second.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use serde::Serialize;

use crate::Error;

/// One try of a call, at the most.
const ATTEMPT: Duration = Duration::from_millis(1_000);
/// All tries of a call, at the most: the longest chain of calls in a function, four, then ends
/// before the function's own limit does.
const OPERATION: Duration = Duration::from_millis(2_000);

/// Limits for calls that may be made again.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build()
}

/// Three tries, soon after one another.
#[must_use]
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(400))
}

/// A DynamoDB client that retries reads and idempotent writes.
#[must_use]
pub fn dynamodb(aws: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(aws)
        .timeout_config(timeouts())
        .retry_config(retries())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// A DynamoDB client that tries once, for writes whose retry depends on why they failed.
#[must_use]
pub fn dynamodb_without_retries(aws: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(aws)
        .timeout_config(timeouts())
        .retry_config(RetryConfig::disabled())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// Writes a row, over whatever has its key.
///
/// # Errors
/// When the table does not answer, by the name of what it is about.
pub async fn put(
    dynamodb: &aws_sdk_dynamodb::Client,
    table_name: &str,
    about: &'static str,
    row: &impl Serialize,
) -> Result<(), Error> {
    let item = serde_dynamo::to_item(row).map_err(Error::row(about))?;
    dynamodb
        .put_item()
        .table_name(table_name)
        .set_item(Some(item))
        .send()
        .await
        .map_err(Error::service("PutItem", about))?;
    Ok(())
}
