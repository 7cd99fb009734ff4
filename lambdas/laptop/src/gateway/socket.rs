//! The life of an open socket.

use std::pin::pin;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use protocol::CloseCode;
use serde_json::{Map, Value};
use tokio::select;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::ProtocolError;

use super::Gateway;
use super::events::{Opening, disconnect_event, new_request_id};
use super::route;
use crate::embedded::{Connection, Outgoing};

/// The codes for "no code was given" and "the connection broke", which never stand in a frame
/// (RFC 6455, section 7.4.1).
const NO_STATUS: u16 = 1005;
const ABNORMAL: u16 = 1006;

/// How a socket ended: what `$disconnect` is told.
#[derive(Debug, Clone)]
struct End {
    code: u16,
    reason: String,
    /// The server ends it, and says so with a close frame.
    announce: Option<&'static str>,
}

impl End {
    fn ours(code: CloseCode, reason: &'static str) -> Self {
        Self { code: code.number(), reason: reason.to_owned(), announce: Some(reason) }
    }

    fn going_away() -> Self {
        Self::ours(CloseCode::GoingAway, "Going away")
    }

    fn broken() -> Self {
        let reason = "Connection Closed Abnormally".to_owned();
        Self { code: ABNORMAL, reason, announce: None }
    }

    fn theirs(frame: Option<CloseFrame>) -> Self {
        match frame {
            Some(frame) => {
                Self { code: frame.code, reason: frame.reason.as_str().to_owned(), announce: None }
            }
            None => {
                let reason = "Client-side close frame status not set".to_owned();
                Self { code: NO_STATUS, reason, announce: None }
            }
        }
    }

    /// What a failed read means to the client.
    fn of_error(error: axum::Error) -> Self {
        let error = error.into_inner();
        match error.downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => Self::ours(CloseCode::TooBig, "Too big"),
            Some(tungstenite::Error::Utf8(_)) => Self::ours(CloseCode::InvalidPayload, "Not UTF-8"),
            Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                Self::broken()
            }
            Some(tungstenite::Error::Protocol(_)) => {
                Self::ours(CloseCode::ProtocolError, "Protocol error")
            }
            _ => Self::broken(),
        }
    }
}

/// An admitted socket. However it goes, `$disconnect` runs when it is dropped.
pub(crate) struct Session {
    gateway: Arc<Gateway>,
    connection: Arc<Connection>,
    authorizer: Arc<Map<String, Value>>,
    outgoing: Option<mpsc::UnboundedReceiver<Outgoing>>,
    end: End,
}

impl Session {
    pub(super) fn open(
        gateway: Arc<Gateway>,
        opening: Opening,
        authorizer: Map<String, Value>,
    ) -> Self {
        let Opening { connection_id, connected_at_ms, identity, .. } = opening;
        let connections = gateway.aws.connections();
        let (connection, outgoing) = connections.open(&connection_id, identity, connected_at_ms);
        gateway.sockets.send_modify(|open| *open += 1);
        let authorizer = Arc::new(authorizer);
        Self { gateway, connection, authorizer, outgoing: Some(outgoing), end: End::broken() }
    }

    /// Serves the socket, of which these are the two directions, to its end.
    pub(crate) async fn run(
        mut self,
        sink: impl Sink<Message>,
        stream: impl Stream<Item = Result<Message, axum::Error>>,
    ) {
        let Some(mut outgoing) = self.outgoing.take() else { return };
        let (mut sink, mut stream) = (pin!(sink), pin!(stream));
        let patience = self.gateway.limits.close;
        self.end = {
            let mut writer = pin!(write(&mut sink, &mut outgoing, &self.connection));
            let reader = self.read(&mut stream);
            let cut = self.cut();
            // In a fixed order, so that a simulation runs the same way again.
            let end = select! {
                biased;
                end = &mut writer => end,
                end = reader => end,
                end = cut => end,
            };
            if let Some(reason) = end.announce {
                self.connection.close(end.code, reason);
                // Behind what is queued already; a peer that does not read is not waited for.
                drop(timeout(patience, writer).await);
            }
            end
        };
        if self.gateway.is_gone() {
            return;
        }
        // The peer answers a close frame. Ending TCP before it has read ours could destroy it.
        let farewell = async {
            drop(sink.close().await);
            while let Some(Ok(_)) = stream.next().await {}
        };
        drop(timeout(patience, farewell).await);
    }

    /// Reads until the peer ends or errs. Each message is handled in its own task: a slow one does
    /// not hold up the next, as on AWS.
    async fn read(
        &self,
        stream: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    ) -> End {
        let slots = Arc::new(Semaphore::new(self.gateway.limits.frames_in_flight.max(1)));
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return End::broken() };
            let frame = match stream.next().await {
                None => return End::broken(),
                Some(Err(error)) => return End::of_error(error),
                Some(Ok(frame)) => frame,
            };
            self.connection.received();
            match frame {
                Message::Text(text) => {
                    let gateway = Arc::clone(&self.gateway);
                    let connection = Arc::clone(&self.connection);
                    let authorizer = Arc::clone(&self.authorizer);
                    tokio::spawn(async move {
                        route::message(&gateway, &connection, &authorizer, &text).await;
                        drop(slot);
                    });
                }
                Message::Binary(_) => return End::ours(CloseCode::Unsupported, "Text only"),
                Message::Close(frame) => return End::theirs(frame),
                // The library answers pings by itself.
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    /// Ends when the platform would end the socket: idle, too old, deleted, or going down.
    async fn cut(&self) -> End {
        let limits = &self.gateway.limits;
        let mut lifetime = pin!(sleep(limits.lifetime));
        let mut stopped = pin!(self.gateway.stopped());
        loop {
            let quiet = self.connection.quiet_for();
            let Some(left) = limits.idle.checked_sub(quiet).filter(|left| !left.is_zero()) else {
                return End::going_away();
            };
            select! {
                biased;
                () = sleep(left) => {}
                () = &mut lifetime => return End::going_away(),
                () = &mut stopped => {
                    return if self.gateway.is_gone() { End::broken() } else { End::going_away() };
                }
                () = self.connection.deleted() => {
                    // The writer ends the socket when it has come to the close frame. It never does
                    // when the peer does not read.
                    sleep(limits.close).await;
                    return End::broken();
                }
            }
        }
    }
}

/// Writes what is queued until a close frame, which it sends too.
async fn write(
    sink: &mut (impl Sink<Message> + Unpin),
    outgoing: &mut mpsc::UnboundedReceiver<Outgoing>,
    connection: &Connection,
) -> End {
    while let Some(next) = outgoing.recv().await {
        match next {
            Outgoing::Text(text) => {
                let bytes = text.len();
                if sink.send(Message::Text(text)).await.is_err() {
                    return End::broken();
                }
                connection.written(bytes);
            }
            Outgoing::Close(code, reason) => {
                let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
                if sink.send(Message::Close(Some(frame))).await.is_err() {
                    return End::broken();
                }
                return End { code, reason: reason.to_owned(), announce: None };
            }
        }
    }
    End::broken()
}

impl Drop for Session {
    fn drop(&mut self) {
        self.gateway.aws.connections().remove(self.connection.id());
        if self.gateway.is_gone() {
            return;
        }
        let gateway = Arc::clone(&self.gateway);
        let connection = Arc::clone(&self.connection);
        let authorizer = Arc::clone(&self.authorizer);
        let end = self.end.clone();
        let disconnect = async move {
            disconnect(&gateway, &connection, &authorizer, &end).await;
            gateway.sockets.send_modify(|open| *open -= 1);
        };
        // Outside a runtime the process is ending, and the next start clears the table.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(disconnect);
        }
    }
}

/// Best effort, as on AWS.
async fn disconnect(
    gateway: &Gateway,
    connection: &Connection,
    authorizer: &Map<String, Value>,
    end: &End,
) {
    let request_id = new_request_id();
    let event = disconnect_event(connection, authorizer, &request_id, end.code, &end.reason);
    let function = gateway.functions.of_route("$disconnect").unwrap_or_default();
    let socket = gateway.aws.connections().socket(connection.id());
    if gateway.aws.faults().decide(function, "$disconnect", Some(socket)).is_some() {
        return;
    }
    if let Err(failure) = gateway.invoke(function, event).await {
        tracing::warn!(function, request_id, %failure, "invocation failed");
    }
}
