//! How the version before reads rows: its types and functions, as they were.

use aws_lc_rs::{constant_time, hmac};
use aws_sdk_dynamodb::types::AttributeValue;
use protocol::Message;
use serde::{Deserialize, Serialize};

use crate::support::Row as Item;

/// `kind` of an entry that is a message.
const MESSAGE: &str = "message";

/// An entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Message(Message),
    Unknown { seq: u64 },
}

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

fn seq(item: Item) -> Result<u64, serde_dynamo::Error> {
    #[derive(Deserialize)]
    struct Number {
        seq: u64,
    }
    let row: Number = serde_dynamo::from_item(item)?;
    Ok(row.seq)
}

pub(crate) fn entry(item: Item) -> Result<Entry, serde_dynamo::Error> {
    let kind = item.get("kind").and_then(|kind| kind.as_s().ok());
    if kind.is_none_or(|kind| kind != MESSAGE) {
        return Ok(Entry::Unknown { seq: seq(item)? });
    }
    let row: Row = serde_dynamo::from_item(item)?;
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

/// A row of the `sends` table, beside its digest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Send {
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    pub(crate) room: String,
    pub(crate) seq: u64,
    pub(crate) id: String,
    pub(crate) timestamp: String,
}

pub(crate) fn send(item: Item) -> Result<Send, serde_dynamo::Error> {
    serde_dynamo::from_item(item)
}

/// Whether a row is of the same body; nothing when the row has no digest.
pub(crate) fn is_of(item: &Item, room: &str, content: &str) -> Option<bool> {
    let salt = item.get("salt")?.as_b().ok()?.as_ref();
    let value = item.get("digest")?.as_b().ok()?.as_ref();
    let expected = digest(salt, room, content);
    Some(constant_time::verify_slices_are_equal(&expected, value).is_ok())
}

fn digest(salt: &[u8], room: &str, content: &str) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    context.update(room.as_bytes());
    context.update(&[0]);
    context.update(content.as_bytes());
    context.sign().as_ref().to_vec()
}

/// A socket that hears a room: a row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    pub(crate) room: String,
    pub(crate) connection_id: String,
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) connected_at: i64,
    pub(crate) expires_at: i64,
}

/// A socket: a row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) user_id: String,
    pub(crate) connection_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<String>,
    pub(crate) connected_at: i64,
    pub(crate) expires_at: i64,
}

pub(crate) fn epoch(item: &Item) -> Option<u64> {
    item.get("epoch").and_then(|value: &AttributeValue| value.as_n().ok())?.parse().ok()
}
