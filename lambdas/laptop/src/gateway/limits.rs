use std::time::Duration;

use protocol::limits::{PLATFORM_FRAME_BYTES, PLATFORM_MESSAGE_BYTES};

/// The gateway's limits; the default is what API Gateway has ("Quotas for configuring and running a
/// WebSocket API in API Gateway"), where it has the limit at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A socket ends with 1001 when nothing went in or out for so long.
    pub idle: Duration,
    /// A socket ends with 1001 when it is so old.
    pub lifetime: Duration,
    /// How long a function's answer is waited for. The function itself goes on until its own time
    /// limit, as on AWS: what it writes meanwhile stays written.
    pub integration: Duration,
    /// The largest message from a client, in bytes; a larger one ends the socket with 1009.
    pub message_bytes: usize,
    /// The largest frame from a client, in bytes; a larger one ends the socket with 1009.
    pub frame_bytes: usize,
    /// What is kept for a socket that does not read, in bytes. Then posts to it answer 429 until
    /// half of it has been read.
    pub buffer_bytes: usize,
    /// How many messages of one socket are handled at the same time. With so many under way the
    /// socket is not read, and TCP holds its client back.
    ///
    /// API Gateway would go on until the account's throttle and then drop messages with "Too Many
    /// Requests". Holding back loses nothing, bounds the memory, and leaves a turn to the others.
    pub frames_in_flight: usize,
    /// How long a close frame may take to leave, and its answer to come, before TCP is ended.
    pub close: Duration,
    /// The largest body of an HTTP request, in bytes; a larger one is refused with 413. API Gateway
    /// takes 10 MB, and no route here needs that.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(10 * 60),
            lifetime: Duration::from_secs(2 * 60 * 60),
            integration: Duration::from_secs(29),
            message_bytes: PLATFORM_MESSAGE_BYTES,
            frame_bytes: PLATFORM_FRAME_BYTES,
            buffer_bytes: 256 * 1024,
            frames_in_flight: 32,
            close: Duration::from_secs(2),
            body_bytes: 1024 * 1024,
        }
    }
}
