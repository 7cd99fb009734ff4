//! A client's socket in a simulation.

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use futures_util::{Sink, Stream, sink, stream};

use super::line::{Receiver, Sender, line};

/// What a socket brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A text frame.
    Text(String),
    /// A close frame with this code; nothing comes after it.
    Close(u16),
}

/// An open socket, the client's end. Dropped, the connection breaks off, and the gateway sees it.
#[derive(Debug)]
pub struct Socket {
    id: String,
    /// None once the end was announced.
    outgoing: Option<Sender>,
    incoming: Receiver,
}

/// A socket, and the gateway's end of it.
pub(super) fn pair(
    id: String,
    delay: &RangeInclusive<Duration>,
) -> (
    Socket,
    impl Sink<Message, Error = Infallible> + use<>,
    impl Stream<Item = Result<Message, axum::Error>> + use<>,
) {
    let (outgoing, from_client) = line(delay);
    let (to_client, incoming) = line(delay);
    let sink = sink::unfold(to_client, async |mut to_client: Sender, message| {
        to_client.send(message);
        Ok(to_client)
    });
    let stream = stream::unfold(from_client, async |mut from_client: Receiver| {
        let message = from_client.recv().await?;
        Some((Ok(message), from_client))
    });
    (Socket { id, outgoing: Some(outgoing), incoming }, sink, stream)
}

impl Socket {
    /// The connection id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sends a text frame. As over TCP, nobody learns here whether it arrives.
    pub fn send(&mut self, text: impl Into<String>) {
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.send(Message::Text(text.into().into()));
        }
    }

    /// What comes next; none when the connection has ended. May be dropped and called again.
    pub async fn recv(&mut self) -> Option<Received> {
        loop {
            match self.incoming.recv().await? {
                Message::Text(text) => return Some(Received::Text(text.as_str().to_owned())),
                Message::Close(frame) => {
                    self.close();
                    // 1005: no code was given (RFC 6455, section 7.4.1).
                    return Some(Received::Close(frame.map_or(1005, |frame| frame.code)));
                }
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    /// Says goodbye. What is under way still comes.
    pub fn close(&mut self) {
        if let Some(mut outgoing) = self.outgoing.take() {
            let frame = CloseFrame { code: 1000, reason: Utf8Bytes::default() };
            outgoing.send(Message::Close(Some(frame)));
        }
    }

    /// Breaks off without the gateway's noticing, as a phone in a tunnel does: it takes posts to the
    /// socket until it has been idle for too long.
    pub fn cut(mut self) {
        if let Some(outgoing) = self.outgoing.take() {
            outgoing.cut();
        }
    }
}
