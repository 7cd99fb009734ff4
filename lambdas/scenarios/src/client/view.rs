use std::collections::BTreeMap;

use protocol::{ErrorBody, Greeting};

use super::Room;

/// Everything a client knows at a moment.
#[derive(Debug, Default)]
pub struct View {
    /// What the server said to this socket's `hello`.
    pub greeting: Option<Greeting>,
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
    /// What was to be sent, in order.
    pub sent: Vec<Sent>,
    /// What the server did that no server of this protocol may do.
    pub violations: Vec<String>,
    /// Why the client has given up, if it has.
    pub stopped: Option<String>,
}

/// A message that this client was told to send.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The room.
    pub room: String,
    /// The text.
    pub content: String,
    /// The name it goes by, the same in each attempt.
    pub client_id: String,
    /// How often it went out.
    pub attempts: u32,
    /// Its acknowledgement, once there is one.
    pub acknowledged: Option<Acknowledged>,
    /// Why it was refused for good, if it was.
    pub refused: Option<ErrorBody>,
}

/// The news that a message is stored, from a reply, from an event or from a resume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Its number in the room's log.
    pub seq: u64,
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
