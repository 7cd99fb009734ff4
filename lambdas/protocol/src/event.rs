use serde::{Deserialize, Serialize};

use crate::{Change, Message};

/// What the server tells a socket unasked. A client skips the events that it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// New messages of a room.
    Messages {
        /// The room.
        room: String,
        /// In order.
        messages: Vec<Message>,
    },
    /// What else became of a room: edits, deletions, people who come and leave.
    Changes {
        /// The room.
        room: String,
        /// In order.
        changes: Vec<Change>,
    },
    /// The server is about to end this connection; API Gateway cannot send a close code of ours.
    Bye {
        /// The number of a close code of ours: 4000-4099 stop, 4100-4199 back off, 4200-4299 now.
        code: u16,
        /// A sentence for a person.
        reason: String,
        /// Whether a new connection may succeed.
        reconnect: bool,
    },
}

impl Event {
    /// The event that tells a room of one entry of its log.
    #[must_use]
    pub fn telling(room: String, change: Change) -> Self {
        match change {
            Change::Message { message, .. } => Self::Messages { room, messages: vec![message] },
            change => Self::Changes { room, changes: vec![change] },
        }
    }
}
