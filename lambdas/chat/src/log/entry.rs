use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use protocol::{Change, Message};
use serde::{Deserialize, Serialize};

use crate::Error;

/// `kind` of an entry that is a message.
const MESSAGE: &str = "message";

/// An entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A message, in its state of now.
    Message(Message),
    /// An entry of a kind that a later version writes: it has a number, and is passed over.
    Unknown {
        /// Its number.
        seq: u64,
    },
}

impl Entry {
    /// Its number.
    #[must_use]
    pub fn seq(&self) -> u64 {
        match self {
            Self::Message(message) => message.seq,
            Self::Unknown { seq } => *seq,
        }
    }

    /// The entry as history shows it: a message, or nothing.
    #[must_use]
    pub fn into_message(self) -> Option<Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Unknown { .. } => None,
        }
    }

    /// The entry as a resume shows it.
    #[must_use]
    pub fn into_change(self) -> Option<Change> {
        self.into_message().map(|message| Change::Message { seq: message.seq, message })
    }
}

/// A row of the `messages` table: the message itself, its room and its kind.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    room: String,
    kind: String,
    seq: u64,
    id: String,
    user_id: String,
    username: String,
    content: String,
    timestamp: String,
    ver: u64,
    client_id: String,
}

pub(super) type Item = HashMap<String, AttributeValue>;

/// The number alone, of a row that was read no further.
pub(super) fn seq(item: Item) -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Number {
        seq: u64,
    }
    let row: Number = serde_dynamo::from_item(item).map_err(Error::row("messages"))?;
    Ok(row.seq)
}

pub(super) fn read(item: Item) -> Result<Entry, Error> {
    let kind = item.get("kind").and_then(|kind| kind.as_s().ok());
    if kind.ok_or_else(|| Error::row("messages")("no kind"))? != MESSAGE {
        return Ok(Entry::Unknown { seq: seq(item)? });
    }
    let row: Row = serde_dynamo::from_item(item).map_err(Error::row("messages"))?;
    Ok(Entry::Message(Message {
        seq: row.seq,
        id: row.id,
        user_id: row.user_id,
        username: row.username,
        content: row.content,
        timestamp: row.timestamp,
        ver: row.ver,
        client_id: row.client_id,
        edited_at: None,
    }))
}

pub(super) fn write(room: &str, message: &Message) -> Result<Item, Error> {
    let row = Row {
        room: room.to_owned(),
        kind: MESSAGE.to_owned(),
        seq: message.seq,
        id: message.id.clone(),
        user_id: message.user_id.clone(),
        username: message.username.clone(),
        content: message.content.clone(),
        timestamp: message.timestamp.clone(),
        ver: message.ver,
        client_id: message.client_id.clone(),
    };
    serde_dynamo::to_item(row).map_err(Error::row("messages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            seq: 42,
            id: "m_1".into(),
            user_id: "u_1".into(),
            username: "ada".into(),
            content: "hi".into(),
            timestamp: "2026-11-22T12:00:00.000Z".into(),
            ver: 42,
            client_id: "c".into(),
            edited_at: None,
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let item = write("general", &message()).unwrap();
        assert_eq!(item["seq"], AttributeValue::N("42".into()));
        assert_eq!(read(item).unwrap(), Entry::Message(message()));
    }

    #[test]
    fn a_later_versions_entry_keeps_its_number() {
        let mut item = Item::new();
        item.insert("kind".into(), AttributeValue::S("poll".into()));
        item.insert("seq".into(), AttributeValue::N("7".into()));
        item.insert("of".into(), AttributeValue::N("3".into()));
        assert_eq!(read(item).unwrap(), Entry::Unknown { seq: 7 });
    }

    #[test]
    fn a_row_without_its_attributes_is_an_error_that_names_no_value() {
        let mut item = write("general", &message()).unwrap();
        item.remove("userId");
        let error = read(item.clone()).unwrap_err();
        assert!(!crate::error::Chain(&error).to_string().contains("hi"), "{error}");
        item.remove("kind");
        assert!(read(item).is_err());
    }
}
