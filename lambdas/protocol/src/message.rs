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
    /// The number of its last change: its own `seq` until it is changed.
    #[cfg_attr(test, ts(type = "number"))]
    pub ver: u64,
    /// The writer's own name of it, from the request (or made by the server).
    pub client_id: String,
}

/// One entry of a room's log, as a resume shows it. A client skips the kinds that it does not know
/// and still advances past their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Change {
    /// A new message.
    Message {
        /// The entry's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// The message's state of now.
        message: Message,
    },
}

impl Change {
    /// The entry's number in the room's log.
    #[must_use]
    pub fn seq(&self) -> u64 {
        match self {
            Self::Message { seq, .. } => *seq,
        }
    }
}
