//! What carries the sockets of clients: TCP, or what a test puts in its place.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Sink, SinkExt, StreamExt, future};
use protocol::ErrorCode;
use tokio_tungstenite::tungstenite::Message as WireMessage;

use crate::client::Credential;
use crate::raw::{Handshake, Socket};
use crate::{Body, Call, Failure, Person};

type Open =
    dyn Fn(Person, Credential) -> BoxFuture<'static, Result<Transport, NotOpened>> + Send + Sync;

/// What carries one open socket of a client. Dropping it is a cut cable; closing `outgoing` is a
/// goodbye.
pub struct Transport {
    /// Text frames to the server.
    pub outgoing: Pin<Box<dyn Sink<String, Error = Failure> + Send>>,
    /// What comes from the server, to its end.
    pub incoming: BoxStream<'static, Arrival>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

/// What a transport brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// A text frame.
    Text(String),
    /// The end, with the close frame's number if there was one.
    End(Option<u16>),
}

/// Why a socket did not come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOpened {
    /// Trying again is of no use.
    Stop(String),
    /// Try again later.
    BackOff,
}

/// The way to sockets where it is not a handshake over TCP.
#[derive(Clone)]
pub struct Sockets(Arc<Open>);

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sockets").finish()
    }
}

impl Sockets {
    /// By a function that opens one for a person.
    pub fn by<F>(open: F) -> Self
    where
        F: Fn(Person, Credential) -> BoxFuture<'static, Result<Transport, NotOpened>>
            + Send
            + Sync
            + 'static,
    {
        Self(Arc::new(open))
    }
}

impl Transport {
    fn over(socket: Socket) -> Self {
        let (sink, source) = socket.into_stream().split();
        let outgoing = sink
            .sink_map_err(Failure::from)
            .with(|text: String| future::ok::<_, Failure>(WireMessage::text(text)));
        let incoming = source.filter_map(|message| {
            future::ready(match message {
                Ok(WireMessage::Text(text)) => Some(Arrival::Text(text.as_str().to_owned())),
                Ok(WireMessage::Close(frame)) => {
                    Some(Arrival::End(frame.map(|frame| frame.code.into())))
                }
                Ok(_) => None,
                Err(_) => Some(Arrival::End(None)),
            })
        });
        Self { outgoing: Box::pin(outgoing), incoming: incoming.boxed() }
    }
}

impl Body {
    /// Opens a socket as a client does. A browser cannot see the status of a refused handshake, so
    /// the ticket is what tells a client to stop.
    ///
    /// # Errors
    /// When the ticket or the socket is refused, or nothing answers.
    pub async fn transport(
        &self,
        person: &Person,
        credential: Credential,
    ) -> Result<Transport, NotOpened> {
        if let Some(Sockets(open)) = &self.sockets {
            return open(person.clone(), credential).await;
        }
        let token = match credential {
            Credential::UrlToken => person.access_token.as_ref().to_owned(),
            Credential::Ticket => ticket(self, person).await?,
        };
        match self.handshake(&self.socket_url(&token), None).await {
            Ok(Handshake::Accepted(socket)) => Ok(Transport::over(*socket)),
            Ok(Handshake::Refused(_)) | Err(_) => Err(NotOpened::BackOff),
        }
    }
}

async fn ticket(body: &Body, person: &Person) -> Result<String, NotOpened> {
    let call = Call::post("/v1/tickets").bearer(&person.access_token);
    let answer = async { body.call(call?).await };
    match answer.await {
        Ok(answer) if answer.problem(ErrorCode::Unauthorized).is_ok() => {
            Err(NotOpened::Stop("the session has ended".to_owned()))
        }
        Ok(answer) => {
            let ticket: Result<protocol::Ticket, Failure> = answer.expect(200);
            ticket.map(|ticket| ticket.ticket).map_err(|_| NotOpened::BackOff)
        }
        Err(_) => Err(NotOpened::BackOff),
    }
}
