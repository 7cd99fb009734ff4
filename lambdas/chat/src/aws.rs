//! The SDK clients, with the time limits and retries that the functions' own timeouts leave room
//! for. The SDK's defaults have no read timeout, and begin a retry after a second.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TransactWriteItem};
use aws_types::SdkConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::transaction::{failed_condition, may_pass, reasons};
use crate::{Error, id};

/// One try of a call, at the most.
const ATTEMPT: Duration = Duration::from_millis(1_000);
/// All tries of a call, at the most. Four in a row end before the limit of a function that answers
/// frames; `accounts`, whose calls make more of them, has a limit of its own on the whole.
const OPERATION: Duration = Duration::from_millis(2_000);

/// Tries of a transaction that collides with others.
const TRIES: u32 = 5;
/// The waits between them, in milliseconds.
const RETRY_AFTER_MS: std::ops::RangeInclusive<u64> = 10..=100;
/// Keys in one call of `BatchGetItem` at the most (its reference).
const BATCH: usize = 100;
/// Calls for one set of keys: DynamoDB may answer a part, and the rest is asked for again.
const BATCHES: u32 = 10;

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

/// Reads a row, consistently: what was just written is what is asked for next.
///
/// # Errors
/// When the table does not answer, or the row is not of this type.
pub async fn get<T: DeserializeOwned>(
    dynamodb: &aws_sdk_dynamodb::Client,
    table_name: &str,
    about: &'static str,
    key: [(&str, &str); 2],
) -> Result<Option<T>, Error> {
    let found = dynamodb
        .get_item()
        .table_name(table_name)
        .set_key(Some(text_key(key)))
        .consistent_read(true)
        .send()
        .await
        .map_err(Error::service("GetItem", about))?;
    found.item.map(|item| serde_dynamo::from_item(item).map_err(Error::row(about))).transpose()
}

/// A key of two strings.
#[must_use]
pub fn text_key(key: [(&str, &str); 2]) -> HashMap<String, AttributeValue> {
    key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).into()
}

/// A number, as DynamoDB is given one.
#[must_use]
pub fn number(value: impl ToString + Copy) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// What became of a transaction.
#[derive(Debug)]
pub enum Transacted {
    /// All of it was done.
    Done,
    /// Nothing was done, since conditions did not hold: for each action in its order, whether its own
    /// was among them.
    Refused(Vec<bool>),
}

/// Writes all or nothing, and tries again when others write to the same items. All tries are one to
/// DynamoDB, by their token: an answer that was lost is answered once more.
///
/// # Errors
/// When the table does not answer, or stays contended.
pub async fn transact(
    dynamodb: &aws_sdk_dynamodb::Client,
    about: &'static str,
    items: Vec<TransactWriteItem>,
) -> Result<Transacted, Error> {
    let token = id::random("x")?;
    let mut tries = 0;
    loop {
        let sent = dynamodb
            .transact_write_items()
            .client_request_token(&token)
            .set_transact_items(Some(items.clone()))
            .send()
            .await;
        let Err(error) = sent else { return Ok(Transacted::Done) };
        let refused: Vec<_> = reasons(&error).iter().map(failed_condition).collect();
        if refused.contains(&true) {
            return Ok(Transacted::Refused(refused));
        }
        tries += 1;
        if tries == TRIES || !may_pass(&error) {
            return Err(Error::service("TransactWriteItems", about)(error));
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(RETRY_AFTER_MS))).await;
    }
}

/// Reads rows by their keys, consistently, in calls of a hundred; a row that is not there is left out.
///
/// # Errors
/// When the table does not answer, or answers in part again and again.
pub async fn batch_get(
    dynamodb: &aws_sdk_dynamodb::Client,
    table_name: &str,
    about: &'static str,
    mut keys: Vec<HashMap<String, AttributeValue>>,
) -> Result<Vec<HashMap<String, AttributeValue>>, Error> {
    let mut rows = Vec::new();
    let mut calls = 0;
    while !keys.is_empty() {
        if calls == BATCHES {
            return Err(Error::Unfinished("some rows could not be read"));
        }
        calls += 1;
        let rest = keys.split_off(keys.len().min(BATCH));
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()
            .map_err(|_| Error::Fault("a batch could not be built"))?;
        let found = dynamodb
            .batch_get_item()
            .request_items(table_name, wanted)
            .send()
            .await
            .map_err(Error::service("BatchGetItem", about))?;
        rows.extend(found.responses.into_iter().flatten().flat_map(|(_, items)| items));
        let left = found.unprocessed_keys.into_iter().flatten();
        keys = left.flat_map(|(_, left)| left.keys).chain(rest).collect();
    }
    Ok(rows)
}
