use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `hello`: who am I, what are the limits, where do my rooms stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Hello {}

/// `ping`: keeps the socket open, and asks for the heads of the rooms it names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// For each room the last number that the client has; the answer names the same rooms.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<BTreeMap<String, f64>>", optional))]
    pub rooms: BTreeMap<String, u64>,
}

/// `sendMessage`: append a message to a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    /// The room; `general` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The text: not empty, at most [`limits::TEXT_BYTES`](crate::limits::TEXT_BYTES).
    pub content: String,
    /// The client's own name of this intent, kept across resends: the same one never stores twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `editMessage`: give a message of one's own another text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct EditMessage {
    /// The room; `general` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The message's number.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// The new text, within the limits of a message.
    pub content: String,
    /// As in [`SendMessage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `deleteMessage`: take a message of one's own away. Its number stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct DeleteMessage {
    /// The room; `general` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The message's number.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// As in [`SendMessage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `createRoom`: make a public room, and be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct CreateRoom {
    /// Its name: `[a-z0-9][a-z0-9_-]{0,63}`.
    pub room: String,
    /// What it is about; at most [`limits::TOPIC_BYTES`](crate::limits::TOPIC_BYTES).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// As in [`SendMessage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `joinRoom`: be in a room from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct JoinRoom {
    /// The room.
    pub room: String,
    /// As in [`SendMessage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `leaveRoom`: be in a room no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct LeaveRoom {
    /// The room; never `general`, which everyone is in.
    pub room: String,
    /// As in [`SendMessage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `listRooms`: a page of the public rooms, by name. `general`, which everyone is in, is not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ListRooms {
    /// Only rooms whose name comes after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many at the most; see [`limits::ROOMS_PAGE_DEFAULT`](crate::limits::ROOMS_PAGE_DEFAULT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub limit: Option<u64>,
}

/// `getRecentMessages`: a page of history (the newest, or those `before` a number), or, with
/// `after`, the changes since a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct GetRecentMessages {
    /// The room; `general` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// How many at the most; see [`limits::PAGE_DEFAULT`](crate::limits::PAGE_DEFAULT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub limit: Option<u64>,
    /// Only messages with a lower number. Excludes `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub before: Option<u64>,
    /// Only changes with a higher number, oldest first. Excludes `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number"))]
    pub after: Option<u64>,
}
