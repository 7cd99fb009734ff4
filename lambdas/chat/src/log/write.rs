use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use tokio::time::{Instant, sleep, timeout_at};

use super::draft::{Appended, Draft, What};
use super::entry::Item;
use super::plan::{Subject, Write};
use super::queue::Queue;
use super::sends::{Send, client_id_reused};
use super::{Reader, Tables, digest};
use crate::aws::{self, text_key};
use crate::clock::Timestamp;
use crate::transaction::{backoff, failed_condition, may_pass, reasons};
use crate::{Error, id, rooms, settings};

/// One append in all: its turn in the queue, its reads and its tries.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where the entry, its row of `sends` and what goes along stand in a transaction.
const ENTRY: usize = 0;
const SEND: usize = 1;
const ALONG: usize = 2;

/// Appends to the logs of rooms: the `messages` and `sends` tables.
#[derive(Debug)]
pub struct Writer {
    dynamodb: Client,
    reads: Client,
    reader: Reader,
    tables: Tables,
    queue: Option<Queue>,
}

/// What the next try needs first.
enum Next {
    /// Nothing: the same number again.
    Again,
    /// Another number: somebody else has this one.
    Number,
    /// The message as it is now: somebody else has changed it.
    Subject,
    /// To leave the message's row of `sends` alone: it is not there.
    Unsent,
}

impl Writer {
    /// Reads the tables' names, and `ROOM_QUEUE` (on unless it says off).
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut settings::Reader<'_>) -> Self {
        Self {
            dynamodb: aws::dynamodb_without_retries(aws),
            reads: aws::dynamodb(aws),
            reader: Reader::new(aws, settings),
            tables: Tables {
                messages: settings.required("TABLE_MESSAGES"),
                sends: settings.required("TABLE_SENDS"),
            },
            queue: settings.switch("ROOM_QUEUE", true).then(Queue::default),
        }
    }

    /// Gives the draft the room's next number and stores it, in one transaction with the row that
    /// makes its `client_id` used, and with what goes along.
    ///
    /// The numbers have no hole because a number is only ever left for the next when somebody else
    /// is known to have it; after any other failure the same number is tried again.
    ///
    /// # Errors
    /// `client_id_reused`; what the draft's own conditions refuse; [`Error::Contended`] after five
    /// seconds, with the outcome unknown; and what reading the head or a row may fail with.
    pub async fn append(&self, draft: &Draft) -> Result<Appended, Error> {
        let deadline = Instant::now() + PATIENCE;
        let id = id::random(if matches!(draft.what, What::Message { .. }) { "m" } else { "w" })?;
        let commit = async {
            let _turn = match &self.queue {
                None => None,
                Some(queue) => Some(queue.enter(draft.room.as_str()).await),
            };
            let timestamp = Timestamp::now().rfc3339();
            let write = Write { draft, id, timestamp, salt: digest::new_salt()? };
            match self.commit(&write, deadline).await {
                // A resend of what is stored is no longer asked whether it may be.
                Err(refusal @ Error::Refused(_)) => self.sent_before(draft).await?.ok_or(refusal),
                outcome => outcome,
            }
        };
        timeout_at(deadline, commit).await.unwrap_or(Err(Error::Contended(None)))
    }

    /// What became of an earlier request with the draft's `client_id`; nothing when there was none.
    ///
    /// # Errors
    /// `client_id_reused` when that was another write; and what reading the row may fail with.
    pub async fn sent_before(&self, draft: &Draft) -> Result<Option<Appended>, Error> {
        let found = self
            .reads
            .get_item()
            .table_name(&self.tables.sends)
            .set_key(Some(text_key([("userId", &draft.user_id), ("clientId", &draft.client_id)])))
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("GetItem", "sends"))?;
        match found.item {
            Some(item) => self.known(draft, None, &item).await.map(Some),
            None => Ok(None),
        }
    }

    async fn commit(&self, write: &Write<'_>, deadline: Instant) -> Result<Appended, Error> {
        let mut seq = self.next(write.draft).await?;
        let mut subject = self.subject(write.draft).await?;
        let mut tries = 0;
        loop {
            let plan = write.plan(&self.tables, seq, subject.as_ref())?;
            let Err(error) = self.transact(plan.items).await else {
                return Ok(Appended {
                    seq,
                    id: write.id.clone(),
                    timestamp: write.timestamp.clone(),
                    duplicate: false,
                    change: Some(plan.change),
                });
            };
            let next = match self.after(write, reasons(&error)).await? {
                Break(appended) => return Ok(appended),
                Continue(Next::Again) if !may_pass(&error) => {
                    return Err(Error::service("TransactWriteItems", "messages and sends")(error));
                }
                Continue(next) => next,
            };
            let pause = backoff(tries);
            if Instant::now() + pause >= deadline {
                return Err(Error::Contended(Some(error.into())));
            }
            sleep(pause).await;
            tries += 1;
            match next {
                Next::Number => seq = self.next(write.draft).await?,
                Next::Subject => subject = self.subject(write.draft).await?,
                Next::Unsent => subject.iter_mut().for_each(|subject| subject.was_sent = false),
                Next::Again => {}
            }
        }
    }

    /// What to do after a transaction that did not succeed, unless it is stored already.
    async fn after(
        &self,
        write: &Write<'_>,
        reasons: &[CancellationReason],
    ) -> Result<ControlFlow<Appended, Next>, Error> {
        let failed = |place: usize| reasons.get(place).filter(|reason| failed_condition(reason));
        // The send's reason first: when this very draft is stored (an answer of ours was lost), its
        // number is taken too, and moving on would store it twice.
        if let Some(taken) = failed(SEND) {
            let item = item_of(taken)?;
            return self.known(write.draft, Some(&write.id), item).await.map(Break);
        }
        for (along, place) in write.draft.along.iter().zip(ALONG..) {
            if let Some(reason) = failed(place) {
                return Err(along.refusal(reason.item()));
            }
        }
        let subject = ALONG + write.draft.along.len();
        if failed(subject).is_some() {
            return Ok(Continue(Next::Subject));
        }
        if failed(subject + 1).is_some() {
            return Ok(Continue(Next::Unsent));
        }
        if failed(ENTRY).is_some() {
            // The first entry of a room is its beginning.
            return match write.draft.what {
                What::Create { .. } => Err(rooms::room_taken()),
                _ => Ok(Continue(Next::Number)),
            };
        }
        Ok(Continue(Next::Again))
    }

    /// An earlier write with the draft's `client_id`: a try of this very draft, whose answer was lost;
    /// the same one; or another.
    async fn known(
        &self,
        draft: &Draft,
        own_id: Option<&str>,
        item: &Item,
    ) -> Result<Appended, Error> {
        let send = Send::read(item)?;
        if own_id == Some(send.id.as_str()) {
            return Ok(send.into_appended(false));
        }
        let same = send.is_of_kind(draft)
            && match self.salt(draft, &send, item).await? {
                Some(salt) => digest::is_of(item, &salt, draft).unwrap_or(true),
                // Its text is deleted: nothing is left that it could differ from.
                None => true,
            };
        if same { Ok(send.into_appended(true)) } else { Err(client_id_reused()) }
    }

    /// The salt of a row's digest: its own, or, of an edit, that of the message's row.
    async fn salt(
        &self,
        draft: &Draft,
        send: &Send,
        item: &Item,
    ) -> Result<Option<Vec<u8>>, Error> {
        match send.of.filter(|_| matches!(draft.what, What::Edit { .. })) {
            Some(of) => Ok(self.reader.row(&draft.room, of).await?.as_ref().and_then(digest::salt)),
            None => Ok(digest::salt(item)),
        }
    }

    async fn next(&self, draft: &Draft) -> Result<u64, Error> {
        match draft.what {
            What::Create { .. } => Ok(1),
            _ => Ok(self.reader.head(&draft.room).await?.saturating_add(1)),
        }
    }

    async fn subject(&self, draft: &Draft) -> Result<Option<Subject>, Error> {
        let Some(of) = draft.what.of() else { return Ok(None) };
        let item = self.reader.row(&draft.room, of).await?;
        Subject::of(item, draft).map(Some)
    }

    async fn transact(
        &self,
        items: Vec<TransactWriteItem>,
    ) -> Result<(), SdkError<TransactWriteItemsError>> {
        let sent = self.dynamodb.transact_write_items().set_transact_items(Some(items)).send();
        sent.await.map(|_| ())
    }
}

fn item_of(reason: &CancellationReason) -> Result<&Item, Error> {
    reason.item().ok_or(Error::Fault("a failed condition came without its item"))
}
