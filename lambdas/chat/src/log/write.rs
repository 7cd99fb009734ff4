use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use protocol::{ErrorCode, Message};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout_at};

use super::queue::Queue;
use super::{Reader, entry};
use crate::clock::Timestamp;
use crate::rooms::RoomName;
use crate::{Error, aws, id, settings};

/// One append in all: its turn in the queue, its reads and its tries.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first retry's longest wait; it doubles with every try.
const BACKOFF_BASE: Duration = Duration::from_millis(20);
/// A retry's longest wait.
const BACKOFF_CAP: Duration = Duration::from_millis(400);
/// Values of `CancellationReason.Code` that pass with time (same source).
const PASSING: [&str; 3] =
    ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];
/// `CancellationReason.Code` of a condition that did not hold (`TransactWriteItems` reference).
const CONDITION_FAILED: &str = "ConditionalCheckFailed";

type Item = HashMap<String, AttributeValue>;

/// A message that has no number yet.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where it goes.
    pub room: RoomName,
    /// Who wrote it.
    pub user_id: String,
    /// That person's name of now.
    pub username: String,
    /// The text.
    pub content: String,
    /// The writer's own name of it: the same one never stores twice.
    pub client_id: String,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log.
    Stored(Message),
    /// It was in the log already.
    Duplicate {
        /// Its number.
        seq: u64,
        /// Its name.
        id: String,
        /// When it was taken.
        timestamp: String,
    },
}

/// Appends to the logs of rooms: the `messages` and `sends` tables.
#[derive(Debug)]
pub struct Writer {
    dynamodb: Client,
    reader: Reader,
    messages: String,
    sends: String,
    queue: Option<Queue>,
}

impl Writer {
    /// Reads the tables' names, and `ROOM_QUEUE` (on unless it says off).
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut settings::Reader<'_>) -> Self {
        Self {
            dynamodb: aws::dynamodb_without_retries(aws),
            reader: Reader::new(aws, settings),
            messages: settings.required("TABLE_MESSAGES"),
            sends: settings.required("TABLE_SENDS"),
            queue: settings.switch("ROOM_QUEUE", true).then(Queue::default),
        }
    }

    /// Gives the draft the room's next number and stores it, in one transaction with the row that
    /// makes its `client_id` used.
    ///
    /// The numbers have no hole because a number is only ever left for the next when somebody else
    /// is known to have it; after any other failure the same number is tried again.
    ///
    /// # Errors
    /// `client_id_reused`; [`Error::Contended`] after five seconds, with the outcome unknown;
    /// and what reading the head or a row may fail with.
    pub async fn append(&self, draft: Draft) -> Result<Appended, Error> {
        let deadline = Instant::now() + PATIENCE;
        let message_id = id::random("m")?;
        let commit = async {
            let _turn = match &self.queue {
                None => None,
                Some(queue) => Some(queue.enter(draft.room.as_str()).await),
            };
            let message = Message {
                seq: 0,
                id: message_id,
                user_id: draft.user_id,
                username: draft.username,
                content: draft.content,
                timestamp: Timestamp::now().rfc3339(),
                ver: 0,
                client_id: draft.client_id,
                edited_at: None,
            };
            self.commit(&draft.room, message, deadline).await
        };
        timeout_at(deadline, commit).await.unwrap_or(Err(Error::Contended(None)))
    }

    async fn commit(
        &self,
        room: &RoomName,
        mut message: Message,
        deadline: Instant,
    ) -> Result<Appended, Error> {
        let digest = BodyDigest::new(room, &message.content)?;
        let mut seq = self.next(room).await?;
        let mut tries = 0;
        loop {
            message.seq = seq;
            message.ver = seq;
            let error = match self.transact(room, &message, &digest).await? {
                Ok(()) => return Ok(Appended::Stored(message)),
                Err(error) => error,
            };
            // The send's reason first: when this very draft is stored (an answer of ours was lost),
            // its number is taken too, and moving on would store it twice.
            let reasons = reasons(&error);
            if let Some(taken) = reasons.get(1).filter(|reason| failed_condition(reason)) {
                return already_sent(room, taken, message);
            }
            let number_taken = reasons.first().is_some_and(failed_condition);
            if !number_taken && !may_pass(&error) {
                return Err(Error::service("TransactWriteItems", "messages and sends")(error));
            }
            let pause = backoff(tries);
            if Instant::now() + pause >= deadline {
                return Err(Error::Contended(Some(error.into())));
            }
            sleep(pause).await;
            tries += 1;
            if number_taken {
                seq = self.next(room).await?;
            }
        }
    }

    async fn next(&self, room: &RoomName) -> Result<u64, Error> {
        Ok(self.reader.head(room).await?.saturating_add(1))
    }

    /// One try. The outer error is ours, the inner one the transaction's.
    async fn transact(
        &self,
        room: &RoomName,
        message: &Message,
        digest: &BodyDigest,
    ) -> Result<Result<(), SdkError<TransactWriteItemsError>>, Error> {
        let send = Send {
            user_id: message.user_id.clone(),
            client_id: message.client_id.clone(),
            room: room.to_string(),
            seq: message.seq,
            id: message.id.clone(),
            timestamp: message.timestamp.clone(),
        };
        let mut send: Item = serde_dynamo::to_item(send).map_err(Error::row("sends"))?;
        send.insert("salt".to_owned(), blob(&digest.salt));
        send.insert("digest".to_owned(), blob(&digest.value));

        let entry = Put::builder()
            .table_name(&self.messages)
            .set_item(Some(entry::write(room.as_str(), message)?))
            .condition_expression("attribute_not_exists(room)")
            .build();
        let send = Put::builder()
            .table_name(&self.sends)
            .set_item(Some(send))
            .condition_expression("attribute_not_exists(userId)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let (Ok(entry), Ok(send)) = (entry, send) else {
            return Err(Error::Fault("a transaction could not be built"));
        };
        Ok(self
            .dynamodb
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(entry).build())
            .transact_items(TransactWriteItem::builder().put(send).build())
            .send()
            .await
            .map(|_| ()))
    }
}

/// The answer to a `client_id` that was used before: by this draft, by an earlier send of the
/// same text, or for another.
fn already_sent(
    room: &RoomName,
    reason: &CancellationReason,
    mut message: Message,
) -> Result<Appended, Error> {
    let item = reason.item().ok_or(Error::Fault("a failed condition came without its item"))?;
    let digest = BodyDigest::of_row(item, room, &message.content)
        .ok_or_else(|| Error::row("sends")("no digest"))?;
    let send: Send = serde_dynamo::from_item(item.clone()).map_err(Error::row("sends"))?;
    if send.id == message.id {
        message.seq = send.seq;
        message.ver = send.seq;
        return Ok(Appended::Stored(message));
    }
    if !digest {
        return Err(Error::refused(
            ErrorCode::ClientIdReused,
            "clientId: it was used for another message already",
        ));
    }
    Ok(Appended::Duplicate { seq: send.seq, id: send.id, timestamp: send.timestamp })
}

/// A row of the `sends` table, beside its digest. Kept as long as the room, without an expiry:
/// that is what makes a resend safe at any age.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Send {
    user_id: String,
    client_id: String,
    room: String,
    seq: u64,
    id: String,
    timestamp: String,
}

/// What tells a resend from another message under the same `client_id`, without the text: an HMAC
/// under a salt of the row's own. Whoever deletes a text deletes both.
struct BodyDigest {
    salt: [u8; 16],
    value: Vec<u8>,
}

impl BodyDigest {
    fn new(room: &RoomName, content: &str) -> Result<Self, Error> {
        let salt = id::bytes()?;
        Ok(Self { salt, value: digest(&salt, room, content) })
    }

    /// Whether a row is of the same body; nothing when the row has no digest.
    fn of_row(item: &Item, room: &RoomName, content: &str) -> Option<bool> {
        let salt = item.get("salt")?.as_b().ok()?.as_ref();
        let value = item.get("digest")?.as_b().ok()?.as_ref();
        let expected = digest(salt, room, content);
        Some(constant_time::verify_slices_are_equal(&expected, value).is_ok())
    }
}

fn digest(salt: &[u8], room: &RoomName, content: &str) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    context.update(room.as_str().as_bytes());
    context.update(&[0]);
    context.update(content.as_bytes());
    context.sign().as_ref().to_vec()
}

fn blob(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// Why each action of a transaction was cancelled, in their order; nothing for another failure.
fn reasons(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons()
        }
        _ => &[],
    }
}

fn failed_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some(CONDITION_FAILED)
}

/// Whether the same transaction may succeed later: after a conflict, a throttle, a fault of the
/// service, or no answer at all.
fn may_pass(error: &SdkError<TransactWriteItemsError>) -> bool {
    use TransactWriteItemsError as E;
    match error {
        SdkError::ServiceError(answer) => match answer.err() {
            E::TransactionCanceledException(cancelled) => {
                cancelled.cancellation_reasons().iter().all(|reason| match reason.code() {
                    None | Some("None") => true,
                    Some(code) => PASSING.contains(&code),
                })
            }
            E::TransactionInProgressException(_)
            | E::ProvisionedThroughputExceededException(_)
            | E::RequestLimitExceeded(_)
            | E::InternalServerError(_) => true,
            other => {
                answer.raw().status().is_server_error()
                    || other.meta().code().is_some_and(|code| code.starts_with("Throttling"))
            }
        },
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        _ => false,
    }
}

/// Full jitter: anything from nothing to the doubling bound.
fn backoff(tries: u32) -> Duration {
    let bound = BACKOFF_BASE.saturating_mul(1 << tries.min(8)).min(BACKOFF_CAP);
    bound.mul_f64(fastrand::f64())
}
