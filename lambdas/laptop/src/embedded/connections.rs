//! The sockets as `@connections` sees them: a name, and a bounded buffer of what is to be written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use chat::clock::Timestamp;
use protocol::limits::PLATFORM_MESSAGE_BYTES;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::answer::Answer;
use super::faults::Socket;

/// What a socket's writer is to do next.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Send a text frame.
    Text(Utf8Bytes),
    /// Send a close frame with this code and reason, and end.
    Close(u16, &'static str),
}

/// Why a frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The socket is gone, or about to go.
    Gone,
    /// The frame is over the platform's limit.
    TooLarge,
    /// The buffer is full.
    Full,
}

/// Who is at the other end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    pub(crate) source_ip: String,
    pub(crate) user_agent: String,
}

/// The open sockets by connection id. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections {
    open: Arc<RwLock<HashMap<String, Arc<Connection>>>>,
    buffer_bytes: usize,
}

/// One open socket.
#[derive(Debug)]
pub(crate) struct Connection {
    id: String,
    identity: Identity,
    connected_at_ms: i64,
    started: Instant,
    buffer_bytes: usize,
    outbox: Mutex<Outbox>,
    deleted: Notify,
}

#[derive(Debug)]
struct Outbox {
    queue: mpsc::UnboundedSender<Outgoing>,
    /// Bytes accepted and not yet written.
    queued: usize,
    /// The buffer was full, and is not yet below half again.
    congested: bool,
    closing: bool,
    /// The code of a `bye` event, when that was the last frame accepted.
    farewell: Option<u16>,
    last_active: Instant,
}

/// A new connection id in API Gateway's form: 16 characters of base64, the last one padding.
///
/// Eleven random bytes: ids do not repeat across restarts.
pub(crate) fn new_connection_id() -> String {
    let mut bytes = [0; 11];
    fastrand::fill(&mut bytes);
    URL_SAFE.encode(bytes)
}

impl Connections {
    pub(crate) fn new(buffer_bytes: usize) -> Self {
        Self { open: Arc::default(), buffer_bytes }
    }

    /// From now on, posts to this id are queued for the returned receiver.
    pub(crate) fn open(
        &self,
        id: &str,
        identity: Identity,
        connected_at_ms: i64,
    ) -> (Arc<Connection>, mpsc::UnboundedReceiver<Outgoing>) {
        let (queue, outgoing) = mpsc::unbounded_channel();
        let started = Instant::now();
        let outbox = Outbox {
            queue,
            queued: 0,
            congested: false,
            closing: false,
            farewell: None,
            last_active: started,
        };
        let connection = Arc::new(Connection {
            id: id.to_owned(),
            identity,
            connected_at_ms,
            started,
            buffer_bytes: self.buffer_bytes,
            outbox: Mutex::new(outbox),
            deleted: Notify::new(),
        });
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(id.to_owned(), Arc::clone(&connection));
        (connection, outgoing)
    }

    pub(crate) fn remove(&self, id: &str) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn find(&self, id: &str) -> Option<Arc<Connection>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// A socket as the faults know it.
    pub(crate) fn socket<'a>(&self, id: &'a str) -> Socket<'a> {
        Socket { id, age: self.find(id).map(|connection| connection.started.elapsed()) }
    }

    /// How many sockets are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Opens a connection without a socket: a test names it in an event and reads what was posted.
    #[must_use]
    pub fn open_fake(&self) -> FakeConnection {
        let id = new_connection_id();
        let now = Timestamp::now().0;
        let (connection, outgoing) = self.open(&id, Identity::default(), now);
        FakeConnection { connections: self.clone(), connection, outgoing }
    }

    /// `POST /@connections/{id}`.
    pub(crate) fn post(&self, id: &str, body: Vec<u8>) -> Answer {
        let Some(connection) = self.find(id) else { return gone() };
        let Ok(text) = String::from_utf8(body) else {
            return Answer::rest_error(400, "BadRequestException", "The payload is not UTF-8.");
        };
        match connection.send(text.into()) {
            Ok(()) => Answer::empty(200),
            Err(Refused::Gone) => gone(),
            Err(Refused::TooLarge) => {
                Answer::rest_error(413, "PayloadTooLargeException", "Request Too Long")
            }
            Err(Refused::Full) => {
                Answer::rest_error(429, "LimitExceededException", "Too many requests")
            }
        }
    }

    /// `GET /@connections/{id}`.
    pub(crate) fn describe(&self, id: &str) -> Answer {
        let Some(connection) = self.find(id) else { return gone() };
        let body = json!({
            "connectedAt": rfc3339(connection.connected_at_ms),
            "lastActiveAt": rfc3339(connection.last_active_ms()),
            "identity": {
                "sourceIp": connection.identity.source_ip,
                "userAgent": connection.identity.user_agent,
            },
        });
        Answer::json(200, &body)
    }

    /// `DELETE /@connections/{id}`.
    pub(crate) fn delete(&self, id: &str) -> Answer {
        match self.find(id) {
            Some(connection) if connection.delete() => Answer::empty(204),
            _ => gone(),
        }
    }
}

fn gone() -> Answer {
    Answer::rest_error(410, "GoneException", "Gone")
}

fn rfc3339(ms: i64) -> Option<String> {
    let time = chrono::DateTime::from_timestamp_millis(ms)?;
    Some(time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
}

impl Connection {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn connected_at_ms(&self) -> i64 {
        self.connected_at_ms
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a text frame.
    ///
    /// A full buffer refuses frames until it is half empty again, so that a slow reader is not kept
    /// at the brink.
    pub(crate) fn send(&self, text: Utf8Bytes) -> Result<(), Refused> {
        let bytes = text.len();
        if bytes > PLATFORM_MESSAGE_BYTES {
            return Err(Refused::TooLarge);
        }
        let farewell = farewell_code(&text);
        let mut outbox = self.outbox();
        if outbox.closing {
            return Err(Refused::Gone);
        }
        if outbox.queued + bytes > self.buffer_bytes {
            outbox.congested = true;
        }
        if outbox.congested {
            return Err(Refused::Full);
        }
        outbox.queue.send(Outgoing::Text(text)).map_err(|_| Refused::Gone)?;
        outbox.queued += bytes;
        outbox.farewell = farewell;
        Ok(())
    }

    /// Says that a frame of so many bytes has left.
    pub(crate) fn written(&self, bytes: usize) {
        let mut outbox = self.outbox();
        outbox.queued = outbox.queued.saturating_sub(bytes);
        outbox.last_active = Instant::now();
        if outbox.queued < self.buffer_bytes / 2 {
            outbox.congested = false;
        }
    }

    /// Says that something came in.
    pub(crate) fn received(&self) {
        self.outbox().last_active = Instant::now();
    }

    /// Queues a close frame behind what is queued, and takes nothing more. False when one was queued
    /// before.
    pub(crate) fn close(&self, code: u16, reason: &'static str) -> bool {
        let mut outbox = self.outbox();
        let first = !outbox.closing;
        if first {
            outbox.closing = true;
            // Without a receiver the socket has ended already.
            drop(outbox.queue.send(Outgoing::Close(code, reason)));
        }
        first
    }

    /// Ends the socket as `DELETE` does. API Gateway always closes with 1000; here the code of the
    /// `bye` event that went before is sent too, which the protocol allows a body to do.
    fn delete(&self) -> bool {
        let farewell = self.outbox().farewell;
        let first = self.close(farewell.unwrap_or(1000), "");
        self.deleted.notify_one();
        first
    }

    /// Waits for a `DELETE`.
    pub(crate) async fn deleted(&self) {
        self.deleted.notified().await;
    }

    /// How long nothing went in or out.
    pub(crate) fn quiet_for(&self) -> Duration {
        self.outbox().last_active.elapsed()
    }

    fn last_active_ms(&self) -> i64 {
        let since = self.outbox().last_active.duration_since(self.started).as_millis();
        self.connected_at_ms.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }
}

/// The close code of a `bye` event, if the frame is one and its code is ours to send.
fn farewell_code(text: &str) -> Option<u16> {
    #[derive(Deserialize)]
    struct Bye {
        event: String,
        code: u16,
    }
    // A bye is short; a long frame is not worth the parsing.
    if text.len() > 1024 || !text.contains("\"bye\"") {
        return None;
    }
    let bye: Bye = serde_json::from_str(text).ok()?;
    (bye.event == "bye" && (4000..5000).contains(&bye.code)).then_some(bye.code)
}

/// A connection without a socket, from [`Connections::open_fake`]. It is gone when dropped.
#[derive(Debug)]
pub struct FakeConnection {
    connections: Connections,
    connection: Arc<Connection>,
    outgoing: mpsc::UnboundedReceiver<Outgoing>,
}

impl FakeConnection {
    /// The connection id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.connection.id()
    }

    /// Everything posted since the last call, oldest first.
    pub fn posted(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while let Ok(outgoing) = self.outgoing.try_recv() {
            texts.extend(self.taken(outgoing));
        }
        texts
    }

    /// Waits for the next frame; none when the connection was deleted.
    pub async fn next(&mut self) -> Option<String> {
        let outgoing = self.outgoing.recv().await?;
        self.taken(outgoing)
    }

    fn taken(&self, outgoing: Outgoing) -> Option<String> {
        match outgoing {
            Outgoing::Text(text) => {
                self.connection.written(text.len());
                Some(text.as_str().to_owned())
            }
            Outgoing::Close(..) => {
                self.connections.remove(self.id());
                None
            }
        }
    }
}

impl Drop for FakeConnection {
    fn drop(&mut self) {
        self.connections.remove(self.connection.id());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Vec<u8> {
        vec![b'x'; bytes]
    }

    #[test]
    fn ids_look_like_the_platforms() {
        let id = new_connection_id();
        assert_eq!(id.len(), 16);
        assert!(id.ends_with('='));
        assert_ne!(id, new_connection_id());
    }

    #[test]
    fn a_full_buffer_refuses_until_it_is_half_empty() {
        let connections = Connections::new(1000);
        let (connection, _outgoing) = connections.open("a=", Identity::default(), 0);
        for _ in 0..10 {
            assert_eq!(connections.post("a=", frame(100)).status, 200);
        }
        assert_eq!(connections.post("a=", frame(1)).status, 429);
        connection.written(500);
        assert_eq!(connections.post("a=", frame(1)).status, 429, "exactly half is not below half");
        connection.written(1);
        assert_eq!(connections.post("a=", frame(1)).status, 200);
    }

    #[test]
    fn large_gone_and_closing() {
        let connections = Connections::new(1 << 20);
        let (connection, _outgoing) = connections.open("a=", Identity::default(), 0);
        assert_eq!(connections.post("a=", frame(PLATFORM_MESSAGE_BYTES)).status, 200);
        assert_eq!(connections.post("a=", frame(PLATFORM_MESSAGE_BYTES + 1)).status, 413);
        assert_eq!(connections.post("b=", frame(1)).status, 410);
        assert!(connection.close(1001, ""));
        assert_eq!(connections.post("a=", frame(1)).status, 410);
        assert_eq!(connections.delete("a=").status, 410);
    }

    #[test]
    fn a_bye_gives_the_close_its_code() {
        let connections = Connections::new(1000);
        let (_, mut outgoing) = connections.open("a=", Identity::default(), 0);
        let bye = br#"{"event":"bye","code":4004,"reason":"","reconnect":false}"#;
        connections.post("a=", bye.to_vec());
        assert_eq!(connections.delete("a=").status, 204);
        assert!(matches!(outgoing.try_recv(), Ok(Outgoing::Text(_))));
        assert!(matches!(outgoing.try_recv(), Ok(Outgoing::Close(4004, _))));
    }

    #[test]
    fn only_a_bye_does() {
        assert_eq!(farewell_code(r#"{"event":"messages","content":"\"bye\" code"}"#), None);
        assert_eq!(farewell_code(r#"{"event":"bye","code":1006}"#), None);
        assert_eq!(farewell_code(r#"{"event":"bye","code":4200}"#), Some(4200));
    }
}
