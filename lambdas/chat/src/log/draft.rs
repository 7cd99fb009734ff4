use std::fmt;

use aws_sdk_dynamodb::types::TransactWriteItem;
use protocol::Change;

use super::entry::Item;
use crate::Error;
use crate::frame::{self, Caller};
use crate::rooms::RoomName;

/// What is to become the next entry of a room's log, and has no number yet.
#[derive(Debug)]
pub struct Draft {
    /// Where it goes.
    pub room: RoomName,
    /// Who writes it.
    pub user_id: String,
    /// That person's name of now.
    pub username: String,
    /// The writer's own name of it: the same one never stores twice.
    pub client_id: String,
    /// What it is.
    pub what: What,
    /// What happens together with it, or not at all.
    pub along: Vec<Along>,
}

impl Draft {
    /// A caller's draft, with the `clientId` of its request.
    ///
    /// # Errors
    /// `bad_request` for a `clientId` that is none.
    pub fn new(
        caller: &Caller,
        room: RoomName,
        client_id: Option<String>,
        what: What,
    ) -> Result<Self, Error> {
        Ok(Self {
            room,
            user_id: caller.identity.user_id.clone(),
            username: caller.identity.username.clone(),
            client_id: frame::client_id(client_id)?,
            what,
            along: Vec::new(),
        })
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A new message.
    Message {
        /// Its text.
        content: String,
    },
    /// A message of the writer's has another text.
    Edit {
        /// The message's number.
        of: u64,
        /// The new text.
        content: String,
    },
    /// A message of the writer's is gone.
    Delete {
        /// The message's number.
        of: u64,
    },
    /// The room begins, and the writer is in it.
    Create {
        /// What it is about.
        topic: String,
    },
    /// The writer comes.
    Join,
    /// The writer leaves.
    Leave,
}

impl What {
    /// The `kind` of its rows.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::Create { .. } => "create",
            Self::Join => "join",
            Self::Leave => "leave",
        }
    }

    /// The message that it changes.
    pub(super) fn of(&self) -> Option<u64> {
        match self {
            Self::Edit { of, .. } | Self::Delete { of } => Some(*of),
            Self::Message { .. } | Self::Create { .. } | Self::Join | Self::Leave => None,
        }
    }
}

/// Why an entry is refused, by the row that did not hold a condition, if the write asks for it.
type Refusal = Box<dyn Fn(Option<&Item>) -> Error + Send + Sync>;

/// A write to another table, or a condition on it, in the transaction of an entry.
pub struct Along {
    /// The write, with its condition.
    pub(super) item: TransactWriteItem,
    refusal: Refusal,
}

impl Along {
    /// A write with a condition, and why the entry is refused when it does not hold, by the row that
    /// was there if the write asks for it.
    pub fn new(
        item: TransactWriteItem,
        refusal: impl Fn(Option<&Item>) -> Error + Send + Sync + 'static,
    ) -> Self {
        Self { item, refusal: Box::new(refusal) }
    }

    pub(super) fn refusal(&self, row: Option<&Item>) -> Error {
        (self.refusal)(row)
    }
}

impl fmt::Debug for Along {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Along").field(&self.item).finish()
    }
}

/// What became of a draft: it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The entry's number.
    pub seq: u64,
    /// The message's name; of an entry that is none, a name that nobody is told.
    pub id: String,
    /// When it was taken.
    pub timestamp: String,
    /// Whether an earlier request had stored it already.
    pub duplicate: bool,
    /// The entry as the room is to be told; none when it was stored before, be it by a try whose answer
    /// was lost: [`Reader::change`](super::Reader::change) then tells.
    pub change: Option<Change>,
}
