use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use protocol::{Change, Member, Message, Tombstone};
use serde::{Deserialize, Serialize};

use crate::Error;

/// `kind` of an entry that is a message.
pub(super) const MESSAGE: &str = "message";
/// `kind` of an entry whose message is gone. It keeps its number.
pub(super) const TOMBSTONE: &str = "tombstone";

/// A row as DynamoDB has it.
pub type Item = HashMap<String, AttributeValue>;

/// An entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// One that says all by itself, in its state of now: a message or what is left of it, somebody who
    /// came or left, the room's beginning.
    Change(Change),
    /// One that points to the message which it changed.
    Pointer(Pointer),
    /// An entry of a kind that a later version writes: it has a number, and is passed over.
    Unknown {
        /// Its number.
        seq: u64,
    },
}

/// An entry that changed a message. The message's row alone holds the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// Its number.
    pub seq: u64,
    /// The message's number.
    pub of: u64,
    /// Who changed it.
    pub user_id: String,
    /// That person's own name of the change.
    pub client_id: String,
}

/// A message as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is there.
    Message(Message),
    /// It is gone.
    Tombstone(Tombstone),
}

impl Entry {
    /// Its number.
    #[must_use]
    pub fn seq(&self) -> u64 {
        match self {
            Self::Change(change) => change.seq(),
            Self::Pointer(pointer) => pointer.seq,
            Self::Unknown { seq } => *seq,
        }
    }

    /// The message that it points to.
    #[must_use]
    pub fn of(&self) -> Option<u64> {
        match self {
            Self::Pointer(pointer) => Some(pointer.of),
            Self::Change(_) | Self::Unknown { .. } => None,
        }
    }

    /// The message that it is; none for an entry of another kind, and for a message that is gone.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Change(Change::Message { message, .. }) => Some(message),
            Self::Change(_) | Self::Pointer(_) | Self::Unknown { .. } => None,
        }
    }

    /// The state of the message that the entry itself is.
    #[must_use]
    pub(super) fn into_state(self) -> Option<State> {
        match self {
            Self::Change(Change::Message { message, .. }) => Some(State::Message(message)),
            Self::Change(Change::Delete { message, .. }) => Some(State::Tombstone(message)),
            Self::Change(_) | Self::Pointer(_) | Self::Unknown { .. } => None,
        }
    }
}

impl Pointer {
    /// The entry as a resume shows it, with the message's state of now.
    #[must_use]
    pub fn show(self, state: State) -> Change {
        let Self { seq, user_id, client_id, .. } = self;
        match state {
            State::Message(message) => Change::Edit { seq, user_id, client_id, message },
            State::Tombstone(message) => {
                Change::Delete { seq, user_id: Some(user_id), client_id: Some(client_id), message }
            }
        }
    }
}

/// A row of the `messages` table that is a message.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageRow {
    seq: u64,
    id: String,
    user_id: String,
    username: String,
    content: String,
    timestamp: String,
    ver: u64,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<String>,
}

/// What a row of a message that is gone still has. Without a name it never was a message: while two
/// versions run, the first one erases whatever entry a `clientId` became.
#[derive(Deserialize)]
struct TombstoneRow {
    seq: u64,
    id: Option<String>,
    ver: Option<u64>,
}

/// A row about somebody.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemberRow {
    seq: u64,
    user_id: String,
    username: String,
    timestamp: String,
    client_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    topic: String,
}

/// The number alone, of a row that was read no further.
pub(super) fn seq(item: Item) -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Number {
        seq: u64,
    }
    let row: Number = serde_dynamo::from_item(item).map_err(Error::row("messages"))?;
    Ok(row.seq)
}

/// Reads a row of the `messages` table.
///
/// # Errors
/// When it has not what its kind has; never with its values.
pub fn read(item: Item) -> Result<Entry, Error> {
    let kind = item.get("kind").and_then(|kind| kind.as_s().ok()).cloned();
    let change = match kind.ok_or_else(|| Error::row("messages")("no kind"))?.as_str() {
        MESSAGE => {
            let row: MessageRow = parse(item)?;
            let message = Message {
                seq: row.seq,
                id: row.id,
                user_id: row.user_id,
                username: row.username,
                content: row.content,
                timestamp: row.timestamp,
                ver: row.ver,
                client_id: row.client_id,
                edited_at: row.edited_at,
            };
            Change::Message { seq: message.seq, message }
        }
        TOMBSTONE => {
            let TombstoneRow { seq, id, ver } = parse(item)?;
            let (Some(id), Some(ver)) = (id, ver) else { return Ok(Entry::Unknown { seq }) };
            let message = Tombstone { seq, id, ver, deleted: true };
            Change::Delete { seq, user_id: None, client_id: None, message }
        }
        "edit" | "delete" => return parse(item).map(Entry::Pointer),
        "create" => {
            let (seq, topic, member) = member(item)?;
            Change::Create { seq, topic, member }
        }
        "join" => {
            let (seq, _, member) = member(item)?;
            Change::Join { seq, member }
        }
        "leave" => {
            let (seq, _, member) = member(item)?;
            Change::Leave { seq, member }
        }
        _ => return Ok(Entry::Unknown { seq: seq(item)? }),
    };
    Ok(Entry::Change(change))
}

fn parse<T: for<'de> Deserialize<'de>>(item: Item) -> Result<T, Error> {
    serde_dynamo::from_item(item).map_err(Error::row("messages"))
}

fn member(item: Item) -> Result<(u64, String, Member), Error> {
    let MemberRow { seq, user_id, username, timestamp, client_id, topic } = parse(item)?;
    Ok((seq, topic, Member { user_id, username, timestamp, client_id }))
}

/// The row of a message.
pub(super) fn message(room: &str, message: &Message) -> Result<Item, Error> {
    let row = MessageRow {
        seq: message.seq,
        id: message.id.clone(),
        user_id: message.user_id.clone(),
        username: message.username.clone(),
        content: message.content.clone(),
        timestamp: message.timestamp.clone(),
        ver: message.ver,
        client_id: message.client_id.clone(),
        edited_at: message.edited_at.clone(),
    };
    write(room, MESSAGE, row)
}

/// The row of an entry that points to a message.
pub(super) fn pointer(room: &str, kind: &str, pointer: &Pointer) -> Result<Item, Error> {
    write(room, kind, pointer)
}

/// The row of an entry about somebody.
pub(super) fn about(
    room: &str,
    kind: &str,
    seq: u64,
    member: &Member,
    topic: &str,
) -> Result<Item, Error> {
    let row = MemberRow {
        seq,
        user_id: member.user_id.clone(),
        username: member.username.clone(),
        timestamp: member.timestamp.clone(),
        client_id: member.client_id.clone(),
        topic: topic.to_owned(),
    };
    write(room, kind, row)
}

fn write(room: &str, kind: &str, row: impl Serialize) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(row).map_err(Error::row("messages"))?;
    item.insert("room".to_owned(), AttributeValue::S(room.to_owned()));
    item.insert("kind".to_owned(), AttributeValue::S(kind.to_owned()));
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_message() -> Message {
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
        let item = message("general", &a_message()).unwrap();
        assert_eq!(item["seq"], AttributeValue::N("42".into()));
        let change = Change::Message { seq: 42, message: a_message() };
        assert_eq!(read(item).unwrap(), Entry::Change(change));
        let edited = Message { edited_at: Some("later".into()), ver: 50, ..a_message() };
        let item = message("general", &edited).unwrap();
        assert_eq!(read(item).unwrap().message(), Some(&edited));

        let pointed = Pointer { seq: 50, of: 42, user_id: "u_1".into(), client_id: "c2".into() };
        let item = pointer("general", "edit", &pointed).unwrap();
        assert_eq!(read(item).unwrap(), Entry::Pointer(pointed));

        let member = Member {
            user_id: "u_1".into(),
            username: "ada".into(),
            timestamp: "t".into(),
            client_id: "c3".into(),
        };
        let created = about("dev", "create", 1, &member, "work").unwrap();
        let change = Change::Create { seq: 1, topic: "work".into(), member: member.clone() };
        assert_eq!(read(created).unwrap(), Entry::Change(change));
        let joined = about("dev", "join", 2, &member, "").unwrap();
        assert!(!joined.contains_key("topic"));
        assert_eq!(read(joined).unwrap(), Entry::Change(Change::Join { seq: 2, member }));
    }

    #[test]
    fn what_is_left_of_a_message_has_no_text() {
        let mut item = message("general", &a_message()).unwrap();
        item.insert("kind".into(), AttributeValue::S(TOMBSTONE.into()));
        for gone in ["content", "username", "clientId"] {
            item.remove(gone);
        }
        let message = Tombstone { seq: 42, id: "m_1".into(), ver: 42, deleted: true };
        let state = State::Tombstone(message.clone());
        assert_eq!(read(item).unwrap().into_state(), Some(state.clone()));
        let pointer = Pointer { seq: 43, of: 42, user_id: "u_1".into(), client_id: "c2".into() };
        let shown = Change::Delete {
            seq: 43,
            user_id: Some("u_1".into()),
            client_id: Some("c2".into()),
            message,
        };
        assert_eq!(pointer.show(state), shown);
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
        let mut item = message("general", &a_message()).unwrap();
        item.remove("userId");
        let error = read(item.clone()).unwrap_err();
        assert!(!crate::error::Chain(&error).to_string().contains("hi"), "{error}");
        item.remove("kind");
        assert!(read(item).is_err());
    }
}
