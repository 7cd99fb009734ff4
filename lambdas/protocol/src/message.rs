use serde::{Deserialize, Serialize};

/// A message of a room's log, in its state of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its place in the room's log: 1, 2, 3, ... without a hole. The only order there is.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// Its name, made by the server: `m_...`.
    pub id: String,
    /// Who wrote it: `u_...`. Two people are the same when, and only when, this is the same.
    pub user_id: String,
    /// The writer's name when it was written: a label, never an identity.
    pub username: String,
    /// The text, to be shown as text.
    pub content: String,
    /// When the server took it, RFC 3339 with milliseconds. For show, never for order.
    pub timestamp: String,
    /// The number of its last change: its own `seq` until it is changed. Of two states of a message,
    /// the one with the higher `ver` is the later.
    #[cfg_attr(test, ts(type = "number"))]
    pub ver: u64,
    /// The writer's own name of it, from the request (or made by the server).
    pub client_id: String,
    /// When its text was last changed, RFC 3339 with milliseconds; absent when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub edited_at: Option<String>,
}

/// What is left of a message that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Tombstone {
    /// The place that it had, and keeps.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// Its name.
    pub id: String,
    /// The number of its last change, as in [`Message`].
    #[cfg_attr(test, ts(type = "number"))]
    pub ver: u64,
    /// Always true.
    #[cfg_attr(test, ts(type = "true"))]
    pub deleted: bool,
}
