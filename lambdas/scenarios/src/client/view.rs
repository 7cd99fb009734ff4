use std::collections::BTreeMap;

use protocol::{ErrorBody, Greeting};
use serde_json::{Value, json};

use super::Room;

/// Everything a client knows at a moment.
#[derive(Debug, Default)]
pub struct View {
    /// What the server said to this socket's `hello`.
    pub greeting: Option<Greeting>,
    /// Whether requests have a socket to go by.
    pub is_open: bool,
    /// How many sockets have been used so far.
    pub sockets: usize,
    /// How many sockets ended before the client had replaced them.
    pub losses: usize,
    /// How many platform frames came.
    pub platform_frames: usize,
    /// How many resumes were asked for.
    pub resumes: usize,
    /// The rooms.
    pub rooms: BTreeMap<String, Room>,
    /// The writes that this client was told to make, in order.
    pub sent: Vec<Sent>,
    /// What the server did that no server of this protocol may do.
    pub violations: Vec<String>,
    /// Why the client has given up, if it has.
    pub stopped: Option<String>,
}

/// A change of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A new message.
    Send {
        /// Its text.
        content: String,
    },
    /// Another text for a message of mine.
    Edit {
        /// The message's number.
        seq: u64,
        /// The new text.
        content: String,
    },
    /// The end of a message of mine.
    Delete {
        /// The message's number.
        seq: u64,
    },
    /// A new room, with me in it.
    Create {
        /// What it is about.
        topic: String,
    },
    /// I come.
    Join,
    /// I leave.
    Leave,
}

impl Write {
    /// The request that makes it, without an `id`.
    #[must_use]
    pub fn request(&self, room: &str, client_id: &str) -> Value {
        let mut request = match self {
            Self::Send { content } => json!({ "action": "sendMessage", "content": content }),
            Self::Edit { seq, content } => {
                json!({ "action": "editMessage", "seq": seq, "content": content })
            }
            Self::Delete { seq } => json!({ "action": "deleteMessage", "seq": seq }),
            Self::Create { topic } => json!({ "action": "createRoom", "topic": topic }),
            Self::Join => json!({ "action": "joinRoom" }),
            Self::Leave => json!({ "action": "leaveRoom" }),
        };
        if let Some(fields) = request.as_object_mut() {
            fields.insert("room".to_owned(), room.into());
            fields.insert("clientId".to_owned(), client_id.into());
        }
        request
    }

    /// The text that it gives a message.
    #[must_use]
    pub fn content(&self) -> Option<&str> {
        match self {
            Self::Send { content } | Self::Edit { content, .. } => Some(content),
            Self::Delete { .. } | Self::Create { .. } | Self::Join | Self::Leave => None,
        }
    }
}

/// A write that this client was told to make.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The room.
    pub room: String,
    /// What it changes.
    pub write: Write,
    /// The name it goes by, the same in each attempt.
    pub client_id: String,
    /// How often it went out.
    pub attempts: u32,
    /// Its acknowledgement, once there is one.
    pub acknowledged: Option<Acknowledged>,
    /// Why it was refused for good, if it was.
    pub refused: Option<ErrorBody>,
}

impl Sent {
    /// Whether it is stored, or refused for good.
    #[must_use]
    pub fn has_fate(&self) -> bool {
        self.acknowledged.is_some() || self.refused.is_some()
    }
}

/// The news that a write is stored, from a reply, from an event or from a resume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Its number in the room's log.
    pub seq: u64,
    /// The new message, where it is one.
    pub message: Option<NewMessage>,
}

/// What the server gave a new message beside its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its name.
    pub id: String,
    /// When the server took it.
    pub timestamp: String,
}

impl View {
    /// What is shown of a room; nothing before the first `hello`.
    #[must_use]
    pub fn shown(&self, room: &str) -> &[protocol::Message] {
        self.rooms.get(room).map_or(&[], Room::shown)
    }

    /// Whether this client is in a room.
    #[must_use]
    pub fn is_in(&self, room: &str) -> bool {
        self.rooms.contains_key(room)
    }

    /// Whether each write has met its fate.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.sent.iter().all(Sent::has_fate)
    }

    /// The last number of a room.
    #[must_use]
    pub fn last(&self, room: &str) -> u64 {
        self.rooms.get(room).map_or(0, Room::last)
    }

    /// Every violation, of every room.
    pub fn all_violations(&self) -> impl Iterator<Item = &String> {
        self.violations.iter().chain(self.rooms.values().flat_map(Room::violations))
    }
}
