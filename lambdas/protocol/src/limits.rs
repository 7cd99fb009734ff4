//! Every limit of `chat.v1`. A KB is 1,024 bytes of UTF-8.

use serde::{Deserialize, Serialize};

/// The longest text of a message, in bytes.
pub const TEXT_BYTES: usize = 8 * 1024;
/// The longest text of a message as JSON, where a control character takes six bytes: what stands around
/// it, at its longest, still fits into [`FRAME_BYTES`].
pub const TEXT_JSON_BYTES: usize = 29_000;
/// The largest frame of ours, either way, in bytes. Below the platform's 32 KB, so that an
/// envelope always fits.
pub const FRAME_BYTES: usize = 30 * 1024;
/// Messages in a page when the request does not say.
pub const PAGE_DEFAULT: usize = 10;
/// Messages in a page at the most.
pub const PAGE_MAX: usize = 100;
/// The shortest user name, in characters.
pub const USERNAME_MIN: usize = 2;
/// The longest user name, in characters.
pub const USERNAME_MAX: usize = 32;
/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 10;
/// The longest password, in characters.
pub const PASSWORD_MAX: usize = 256;
/// The longest e-mail address, in bytes (RFC 3696, erratum 1690).
pub const EMAIL_MAX: usize = 254;
/// The e-mail addresses of one account at the most.
pub const EMAILS_MAX: usize = 10;
/// The longest `clientId`, in printable ASCII characters.
pub const CLIENT_ID_MAX: usize = 64;
/// The longest room name, in characters.
pub const ROOM_MAX: usize = 64;
/// The longest topic of a room, in bytes.
pub const TOPIC_BYTES: usize = 256;
/// Rooms in a page of `listRooms` when the request does not say.
pub const ROOMS_PAGE_DEFAULT: usize = 50;
/// Rooms in a page of `listRooms` at the most.
pub const ROOMS_PAGE_MAX: usize = 100;
/// The rooms that a person is in at the most, `general` among them. Each of a person's sockets hears
/// all of them, so this bounds the rooms of a socket too, and those that one `ping` may name.
pub const ROOMS_MAX: usize = 100;
/// The sockets that a person has at the most: one more ends the oldest.
pub const SOCKETS_MAX: usize = 20;
/// The writes (messages, edits, deletions, rooms made, joined and left) that a person has within
/// [`WRITE_WINDOW_MS`], resends among them.
pub const WRITES_MAX: u32 = 50;
/// The window in which writes are counted, in milliseconds.
pub const WRITE_WINDOW_MS: u64 = 5_000;
/// How long a room may be silent before a client asks for its head, in milliseconds. Well below
/// the platform's ten-minute idle limit.
pub const PING_AFTER_MS: u64 = 240_000;
/// How long a client waits for a reply before it treats the outcome as unknown, in milliseconds.
pub const REQUEST_TIMEOUT_MS: u64 = 10_000;
/// How long a client holds an event that came before its predecessor, in milliseconds.
pub const HOLD_MS: u64 = 300;

/// API Gateway's largest WebSocket message, in bytes ("Quotas for configuring and running a
/// WebSocket API in API Gateway").
pub const PLATFORM_MESSAGE_BYTES: usize = 128 * 1024;
/// API Gateway's largest WebSocket frame, in bytes (same source).
pub const PLATFORM_FRAME_BYTES: usize = 32 * 1024;

/// What `hello` tells a client, so that it need not guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// See [`TEXT_BYTES`].
    #[cfg_attr(test, ts(type = "number"))]
    pub text_bytes: usize,
    /// See [`TEXT_JSON_BYTES`].
    #[cfg_attr(test, ts(type = "number"))]
    pub text_json_bytes: usize,
    /// See [`FRAME_BYTES`].
    #[cfg_attr(test, ts(type = "number"))]
    pub frame_bytes: usize,
    /// See [`PAGE_MAX`].
    #[cfg_attr(test, ts(type = "number"))]
    pub page_messages: usize,
    /// See [`CLIENT_ID_MAX`].
    #[cfg_attr(test, ts(type = "number"))]
    pub client_id_characters: usize,
    /// See [`TOPIC_BYTES`].
    #[cfg_attr(test, ts(type = "number"))]
    pub topic_bytes: usize,
    /// See [`ROOMS_MAX`].
    #[cfg_attr(test, ts(type = "number"))]
    pub rooms_per_socket: usize,
    /// See [`SOCKETS_MAX`].
    #[cfg_attr(test, ts(type = "number"))]
    pub sockets_per_person: usize,
    /// See [`WRITES_MAX`].
    pub writes_per_window: u32,
    /// See [`WRITE_WINDOW_MS`].
    #[cfg_attr(test, ts(type = "number"))]
    pub write_window_ms: u64,
    /// See [`PING_AFTER_MS`].
    #[cfg_attr(test, ts(type = "number"))]
    pub ping_after_ms: u64,
    /// See [`REQUEST_TIMEOUT_MS`].
    #[cfg_attr(test, ts(type = "number"))]
    pub request_timeout_ms: u64,
}

/// The limits of this version.
pub const LIMITS: Limits = Limits {
    text_bytes: TEXT_BYTES,
    text_json_bytes: TEXT_JSON_BYTES,
    frame_bytes: FRAME_BYTES,
    page_messages: PAGE_MAX,
    client_id_characters: CLIENT_ID_MAX,
    topic_bytes: TOPIC_BYTES,
    rooms_per_socket: ROOMS_MAX,
    sockets_per_person: SOCKETS_MAX,
    writes_per_window: WRITES_MAX,
    write_window_ms: WRITE_WINDOW_MS,
    ping_after_ms: PING_AFTER_MS,
    request_timeout_ms: REQUEST_TIMEOUT_MS,
};

// An earlier version's greeting tells fewer limits: the others are as they are here.
impl Default for Limits {
    fn default() -> Self {
        LIMITS
    }
}
