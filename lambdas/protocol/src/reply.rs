use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::{Change, ErrorBody, Message, RequestId};

/// The answer to a request that succeeded: the request's `id` and the action's own fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply<T> {
    /// The request's `id`; null when it had none.
    pub reply: Option<RequestId>,
    /// Always true.
    pub ok: bool,
    /// The fields of the action.
    #[serde(flatten)]
    pub body: T,
}

impl<T> Reply<T> {
    /// A success.
    pub fn new(reply: Option<RequestId>, body: T) -> Self {
        Self { reply, ok: true, body }
    }
}

/// The answer to a request that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Refusal {
    /// The request's `id`; null when it had none, or none could be read.
    pub reply: Option<RequestId>,
    /// Always false.
    #[cfg_attr(test, ts(type = "false"))]
    pub ok: bool,
    /// Why.
    pub error: ErrorBody,
}

impl Refusal {
    /// A refusal.
    #[must_use]
    pub fn new(reply: Option<RequestId>, error: ErrorBody) -> Self {
        Self { reply, ok: false, error }
    }
}

/// Where a room's log stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RoomHead {
    /// The highest number in the log; 0 when it is empty.
    #[cfg_attr(test, ts(type = "number"))]
    pub head: u64,
    /// Which log this is. It changes when the log was restored to an earlier point or begun anew:
    /// a client then forgets its numbers.
    #[cfg_attr(test, ts(type = "number"))]
    pub epoch: u64,
}

/// Where a room's log stands, and whether this socket hears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RoomPresence {
    /// The highest number in the log; 0 when it is empty.
    #[cfg_attr(test, ts(type = "number"))]
    pub head: u64,
    /// Which log this is, as in [`RoomHead`].
    #[cfg_attr(test, ts(type = "number"))]
    pub epoch: u64,
    /// Whether the socket was subscribed before this ping, which has repaired it if not.
    pub subscribed: bool,
}

/// Fields of the answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Greeting {
    /// My name, as others see it.
    pub username: String,
    /// Who I am.
    pub user_id: String,
    /// This socket's name on the platform.
    pub connection_id: String,
    /// The server's clock, RFC 3339 with milliseconds.
    pub server_time: String,
    /// What the server accepts.
    pub limits: Limits,
    /// When this socket should have been replaced by a new one, on the server's clock.
    pub reconnect_by: String,
    /// The rooms I am in.
    #[cfg_attr(test, ts(type = "{ [room: string]: RoomHead }"))]
    pub rooms: BTreeMap<String, RoomHead>,
}

/// Fields of the answer to `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// The server's clock, RFC 3339 with milliseconds.
    pub server_time: String,
    /// The rooms that the ping named, without those that I am not in.
    #[cfg_attr(test, ts(type = "{ [room: string]: RoomPresence }"))]
    pub rooms: BTreeMap<String, RoomPresence>,
    /// All rooms that I am in; absent from a version that has only `general`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub joined: Option<Vec<String>>,
}

/// Fields of the answer to `sendMessage`: the message is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    /// Its number in the room's log.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// Its name: `m_...`.
    pub id: String,
    /// When the server took it, RFC 3339 with milliseconds.
    pub timestamp: String,
    /// True when an earlier request with this `clientId` had stored it already.
    pub duplicate: bool,
}

/// Fields of the answer to `editMessage` and `deleteMessage`: the change is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The number of the change in the room's log.
    #[cfg_attr(test, ts(type = "number"))]
    pub ver: u64,
    /// True when an earlier request with this `clientId` had stored it already.
    pub duplicate: bool,
}

/// Fields of the answer to `createRoom` and `joinRoom`: I am in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// The room.
    pub room: String,
    /// The number of this in the room's log.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// The highest number in the log, read after my sockets began to hear the room.
    #[cfg_attr(test, ts(type = "number"))]
    pub head: u64,
    /// Which log this is, as in [`RoomHead`].
    #[cfg_attr(test, ts(type = "number"))]
    pub epoch: u64,
    /// True when an earlier request with this `clientId` had stored it already.
    pub duplicate: bool,
}

/// Fields of the answer to `leaveRoom`: I am no longer in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// The room.
    pub room: String,
    /// The number of this in the room's log.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// True when an earlier request with this `clientId` had stored it already.
    pub duplicate: bool,
}

/// A room that anybody may join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RoomInfo {
    /// Its name.
    pub room: String,
    /// What it is about; may be empty.
    pub topic: String,
    /// When it was made, RFC 3339 with milliseconds.
    pub created_at: String,
    /// Whether I am in it.
    pub joined: bool,
}

/// A page of the public rooms, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RoomsPage {
    /// By name; empty at the end.
    pub rooms: Vec<RoomInfo>,
    /// Whether there are more after the last of these.
    pub more: bool,
}

/// Fields of the answer to `getRecentMessages`, which has two forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RecentMessages {
    /// The answer to `after`.
    Changes(ChangesPage),
    /// The answer without `after`.
    Messages(MessagesPage),
}

/// A page of history: the newest messages (or the newest before a number), oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MessagesPage {
    /// The room.
    pub room: String,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Whether there may be older ones.
    pub more: bool,
    /// What to ask `before` next: no message from here on is missing, be the page empty. Absent from an
    /// earlier version: there it is the oldest message's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub from: Option<u64>,
    /// The highest number in the log; 0 when it is empty.
    #[cfg_attr(test, ts(type = "number"))]
    pub head: u64,
    /// Which log this is, as in [`RoomHead`].
    #[cfg_attr(test, ts(type = "number"))]
    pub epoch: u64,
}

/// The changes after a number, oldest first and without a hole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ChangesPage {
    /// The room.
    pub room: String,
    /// In order; empty at the end.
    pub changes: Vec<Change>,
    /// The last number that this page covers: what to ask `after` next.
    #[cfg_attr(test, ts(type = "number"))]
    pub through: u64,
    /// Whether there are more after `through`.
    pub more: bool,
    /// The highest number in the log; 0 when it is empty.
    #[cfg_attr(test, ts(type = "number"))]
    pub head: u64,
    /// False when the log does not reach back (or forward) to the number asked for: the client
    /// forgets what it has and takes the newest page.
    pub recovered: bool,
    /// The lowest number that is still there; 1 unless the log was trimmed.
    #[cfg_attr(test, ts(type = "number"))]
    pub floor: u64,
    /// Which log this is, as in [`RoomHead`].
    #[cfg_attr(test, ts(type = "number"))]
    pub epoch: u64,
}
