//! The SDK clients, with the time limits and retries that the functions' own timeouts leave room
//! for. The SDK's defaults have no read timeout, and begin a retry after a second.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;

/// One try of a call, at the most.
const ATTEMPT: Duration = Duration::from_millis(1_000);
/// All tries of a call, at the most.
const OPERATION: Duration = Duration::from_millis(4_000);

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
