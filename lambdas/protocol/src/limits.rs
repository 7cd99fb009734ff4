//! Every limit of `chat.v1`. A KB is 1,024 bytes of UTF-8.

use serde::{Deserialize, Serialize};

/// The longest text of a message, in bytes.
pub const TEXT_BYTES: usize = 8 * 1024;
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
/// The rooms that one `ping` may name.
pub const PING_ROOMS_MAX: usize = 100;
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
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// See [`TEXT_BYTES`].
    #[cfg_attr(test, ts(type = "number"))]
    pub text_bytes: usize,
    /// See [`FRAME_BYTES`].
    #[cfg_attr(test, ts(type = "number"))]
    pub frame_bytes: usize,
    /// See [`PAGE_MAX`].
    #[cfg_attr(test, ts(type = "number"))]
    pub page_messages: usize,
    /// See [`CLIENT_ID_MAX`].
    #[cfg_attr(test, ts(type = "number"))]
    pub client_id_characters: usize,
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
    frame_bytes: FRAME_BYTES,
    page_messages: PAGE_MAX,
    client_id_characters: CLIENT_ID_MAX,
    ping_after_ms: PING_AFTER_MS,
    request_timeout_ms: REQUEST_TIMEOUT_MS,
};
