use serde::{Deserialize, Serialize};

/// Why a connection was ended, as the number of its close frame (RFC 6455, section 7.4).
///
/// Below 4000 the platform speaks; 4000-4099 mean stop, 4100-4199 back off, 4200-4299 reconnect
/// now. API Gateway's own codes: "API Gateway WebSocket close status codes" of its documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u16)]
pub enum CloseCode {
    /// The platform's idle or two-hour limit, or its going away.
    GoingAway = 1001,
    /// A frame that breaks the WebSocket protocol.
    ProtocolError = 1002,
    /// A binary frame.
    Unsupported = 1003,
    /// A text frame that is not UTF-8.
    InvalidPayload = 1007,
    /// A message over 128 KB, or a frame over 32 KB.
    TooBig = 1009,
    /// The session of this socket has ended.
    SessionEnded = 4004,
    /// The person opened more sockets than one may have: the oldest makes room.
    TooManySockets = 4005,
    /// A planned handover: open a new connection.
    Handover = 4200,
}

impl CloseCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}
