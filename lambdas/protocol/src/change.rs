use serde::{Deserialize, Serialize};

use crate::{Message, Tombstone};

/// One entry of a room's log, as a resume and the event `changes` show it. A client skips the kinds
/// that it does not know and still advances past their numbers.
///
/// An entry that changes a message carries that message's state of now, which may be later than the
/// entry. A message that is deleted by now, and each edit of one, stands as [`Change::Delete`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Change {
    /// A new message.
    Message {
        /// The entry's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// The message's state of now.
        message: Message,
    },
    /// A message has another text.
    Edit {
        /// The entry's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Who changed it.
        user_id: String,
        /// That person's own name of this write.
        client_id: String,
        /// The message's state of now.
        message: Message,
    },
    /// A message is gone.
    Delete {
        /// The entry's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Who made this entry; absent where the entry was the message itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        user_id: Option<String>,
        /// That person's own name of this write; absent where `userId` is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        client_id: Option<String>,
        /// What is left of the message.
        message: Tombstone,
    },
    /// The room was made, and whoever made it is in it.
    Create {
        /// The entry's number: 1.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// What the room is about; may be empty.
        topic: String,
        /// Who made it.
        #[serde(flatten)]
        member: Member,
    },
    /// Somebody came.
    Join {
        /// The entry's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Who.
        #[serde(flatten)]
        member: Member,
    },
    /// Somebody left.
    Leave {
        /// The entry's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Who.
        #[serde(flatten)]
        member: Member,
    },
}

/// Somebody of whom an entry tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who it is.
    pub user_id: String,
    /// The person's name then: a label, never an identity. Empty when the person was erased.
    pub username: String,
    /// When the server took it, RFC 3339 with milliseconds.
    pub timestamp: String,
    /// The person's own name of this write.
    pub client_id: String,
}

impl Change {
    /// The entry's number in the room's log.
    #[must_use]
    pub fn seq(&self) -> u64 {
        match self {
            Self::Message { seq, .. }
            | Self::Edit { seq, .. }
            | Self::Delete { seq, .. }
            | Self::Create { seq, .. }
            | Self::Join { seq, .. }
            | Self::Leave { seq, .. } => *seq,
        }
    }

    /// Whose write the entry is and under which `clientId`, if it still tells: to its writer, as good
    /// an acknowledgement as the reply.
    #[must_use]
    pub fn written_by(&self) -> Option<(&str, &str)> {
        match self {
            Self::Message { message, .. } => Some((&message.user_id, &message.client_id)),
            Self::Edit { user_id, client_id, .. } => Some((user_id, client_id)),
            Self::Delete { user_id, client_id, .. } => {
                Some((user_id.as_deref()?, client_id.as_deref()?))
            }
            Self::Create { member, .. }
            | Self::Join { member, .. }
            | Self::Leave { member, .. } => Some((&member.user_id, &member.client_id)),
        }
    }
}
