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
