//! From a draft and a number to the transaction that commits it.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use protocol::{Change, ErrorCode, Member, Message, Tombstone};

use super::draft::{Draft, What};
use super::entry::{self, Item, MESSAGE, Pointer, State, TOMBSTONE};
use super::sends::{self, Send};
use super::{Tables, digest};
use crate::{Error, aws};

/// The message that a draft changes, as it was read just now.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) message: Message,
    /// The salt of its edits; none when it has not been edited yet.
    salt: Option<Vec<u8>>,
    /// Whether its row of `sends` is there, as far as is known.
    pub(super) was_sent: bool,
}

impl Subject {
    /// Reads the row of the message that is to be changed.
    ///
    /// # Errors
    /// `not_found` when it is gone or none, `forbidden` when it is another person's.
    pub(super) fn of(item: Option<Item>, draft: &Draft) -> Result<Self, Error> {
        let salt = item.as_ref().and_then(digest::salt);
        let state = item.map(entry::read).transpose()?.and_then(entry::Entry::into_state);
        match state {
            Some(State::Message(message)) if message.user_id == draft.user_id => {
                Ok(Self { message, salt, was_sent: true })
            }
            Some(State::Message(_)) => {
                Err(Error::refused(ErrorCode::Forbidden, "seq: the message is somebody else's"))
            }
            Some(State::Tombstone(_)) | None => {
                Err(Error::refused(ErrorCode::NotFound, "seq: there is no such message"))
            }
        }
    }
}

/// A try to commit a draft under a number.
#[derive(Debug)]
pub(super) struct Plan {
    /// What the room is told when it succeeds.
    pub(super) change: Change,
    /// First the entry, then its row of `sends`, and then what goes along.
    pub(super) items: Vec<TransactWriteItem>,
}

/// What all tries of a draft have in common.
#[derive(Debug)]
pub(super) struct Write<'a> {
    pub(super) draft: &'a Draft,
    /// A name that no other write has: by it, an answer that was lost is known again.
    pub(super) id: String,
    pub(super) timestamp: String,
    pub(super) salt: Vec<u8>,
}

impl Write<'_> {
    /// The transaction for a number. `subject` is there when the draft changes a message.
    pub(super) fn plan(
        &self,
        tables: &Tables,
        seq: u64,
        subject: Option<&Subject>,
    ) -> Result<Plan, Error> {
        let room = self.draft.room.as_str();
        let kind = self.draft.what.kind();
        // Of an edit, the salt is the message's; of anything else, nothing shares it.
        let shared = match self.draft.what {
            What::Edit { .. } => subject.and_then(|subject| subject.salt.as_deref()),
            _ => None,
        };
        let salt = shared.unwrap_or(&self.salt);
        let (change, entry, of_message) = match (&self.draft.what, subject) {
            (What::Message { content }, _) => {
                let message = self.message(seq, content.clone());
                let row = entry::message(room, &message)?;
                (Change::Message { seq, message }, row, Vec::new())
            }
            (What::Edit { content, .. }, Some(subject)) => {
                let message = Message {
                    content: content.clone(),
                    ver: seq,
                    edited_at: Some(self.timestamp.clone()),
                    ..subject.message.clone()
                };
                let pointer = self.pointer(seq, &message);
                let row = entry::pointer(room, kind, &pointer)?;
                let update = edited(tables, room, &message, subject, salt)?;
                (pointer.show(State::Message(message)), row, vec![update])
            }
            (What::Delete { .. }, Some(subject)) => {
                let Message { seq: of, id, client_id, user_id, .. } = &subject.message;
                // A transaction writes a row once, and the row of this name is the message's own.
                if *client_id == self.draft.client_id {
                    return Err(sends::client_id_reused());
                }
                let pointer = self.pointer(seq, &subject.message);
                let row = entry::pointer(room, kind, &pointer)?;
                let tombstone = Tombstone { seq: *of, id: id.clone(), ver: seq, deleted: true };
                let mut updates = vec![deleted(tables, room, &tombstone, subject)?];
                if subject.was_sent {
                    updates.push(sends::forget_text(&tables.sends, user_id, client_id)?);
                }
                (pointer.show(State::Tombstone(tombstone)), row, updates)
            }
            (What::Edit { .. } | What::Delete { .. }, None) => {
                return Err(Error::Fault("a message was to be changed and not read"));
            }
            (What::Create { topic }, _) => {
                let member = self.member();
                let row = entry::about(room, kind, seq, &member, topic)?;
                (Change::Create { seq, topic: topic.clone(), member }, row, Vec::new())
            }
            (What::Join, _) => {
                let member = self.member();
                let row = entry::about(room, kind, seq, &member, "")?;
                (Change::Join { seq, member }, row, Vec::new())
            }
            (What::Leave, _) => {
                let member = self.member();
                let row = entry::about(room, kind, seq, &member, "")?;
                (Change::Leave { seq, member }, row, Vec::new())
            }
        };
        let entry = Put::builder()
            .table_name(&tables.messages)
            .set_item(Some(entry))
            .condition_expression("attribute_not_exists(room)")
            .build()
            .map_err(|_| Error::Fault("an entry could not be built"))?;
        let send = Send::new(self.draft, seq, &self.id, &self.timestamp);
        let send = send.put(&tables.sends, self.draft, salt)?;
        let mut items = vec![
            TransactWriteItem::builder().put(entry).build(),
            TransactWriteItem::builder().put(send).build(),
        ];
        items.extend(self.draft.along.iter().map(|along| along.item.clone()));
        items.extend(
            of_message
                .into_iter()
                .map(|update| TransactWriteItem::builder().update(update).build()),
        );
        Ok(Plan { change, items })
    }

    fn message(&self, seq: u64, content: String) -> Message {
        Message {
            seq,
            id: self.id.clone(),
            user_id: self.draft.user_id.clone(),
            username: self.draft.username.clone(),
            content,
            timestamp: self.timestamp.clone(),
            ver: seq,
            client_id: self.draft.client_id.clone(),
            edited_at: None,
        }
    }

    fn pointer(&self, seq: u64, message: &Message) -> Pointer {
        Pointer {
            seq,
            of: message.seq,
            user_id: self.draft.user_id.clone(),
            client_id: self.draft.client_id.clone(),
        }
    }

    fn member(&self) -> Member {
        Member {
            user_id: self.draft.user_id.clone(),
            username: self.draft.username.clone(),
            timestamp: self.timestamp.clone(),
            client_id: self.draft.client_id.clone(),
        }
    }
}

/// Only if nobody has changed the message since it was read: what the room is told is what is stored.
const UNCHANGED: &str = "kind = :message AND ver = :known";

fn edited(
    tables: &Tables,
    room: &str,
    message: &Message,
    subject: &Subject,
    salt: &[u8],
) -> Result<Update, Error> {
    let (_, salt) = digest::salted(salt);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    Update::builder()
        .table_name(&tables.messages)
        .set_key(Some(key(room, message.seq)))
        .update_expression("SET content = :content, ver = :ver, editedAt = :at, salt = :salt")
        .condition_expression(UNCHANGED)
        .expression_attribute_values(":content", text(&message.content))
        .expression_attribute_values(":ver", aws::number(message.ver))
        .expression_attribute_values(":at", text(message.edited_at.as_deref().unwrap_or_default()))
        .expression_attribute_values(":salt", salt)
        .expression_attribute_values(":message", text(MESSAGE))
        .expression_attribute_values(":known", aws::number(subject.message.ver))
        .build()
        .map_err(|_| Error::Fault("an edit could not be built"))
}

fn deleted(
    tables: &Tables,
    room: &str,
    tombstone: &Tombstone,
    subject: &Subject,
) -> Result<Update, Error> {
    Update::builder()
        .table_name(&tables.messages)
        .set_key(Some(key(room, tombstone.seq)))
        .update_expression(
            "SET kind = :tombstone, ver = :ver REMOVE content, username, clientId, editedAt, salt",
        )
        .condition_expression(UNCHANGED)
        .expression_attribute_values(":tombstone", AttributeValue::S(TOMBSTONE.to_owned()))
        .expression_attribute_values(":ver", aws::number(tombstone.ver))
        .expression_attribute_values(":message", AttributeValue::S(MESSAGE.to_owned()))
        .expression_attribute_values(":known", aws::number(subject.message.ver))
        .build()
        .map_err(|_| Error::Fault("a deletion could not be built"))
}

pub(super) fn key(room: &str, seq: u64) -> Item {
    Item::from([
        ("room".to_owned(), AttributeValue::S(room.to_owned())),
        ("seq".to_owned(), aws::number(seq)),
    ])
}
