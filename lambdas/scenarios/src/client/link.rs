use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::ErrorCode;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Message as WireMessage;

use super::actor::Happening;
use super::{Credential, Options};
use crate::raw::{Handshake, Incoming};
use crate::wire::Frame;
use crate::{Body, Call, Failure, Person};

/// How long a server may take to answer a goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// One socket of a client, run by a task of its own: what it brings goes to the client's queue
/// under the link's number.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) number: usize,
    outgoing: UnboundedSender<String>,
    task: AbortHandle,
}

/// Why a link did not come about.
#[derive(Debug)]
pub(super) enum NotOpened {
    /// Trying again is of no use.
    Stop(String),
    /// Try again later.
    BackOff,
}

impl Link {
    /// Sends a text frame. If the link is gone, its end is in the queue already.
    pub(super) fn send(&self, text: String) {
        self.outgoing.send(text).ok();
    }

    /// Drops the connection without a word, as a cut cable does.
    pub(super) fn cut(&self) {
        self.task.abort();
    }

    /// Opens a link. A browser cannot see the status of a refused handshake, so the ticket is what
    /// tells a client to stop.
    pub(super) async fn open(
        number: usize,
        body: Body,
        person: Person,
        options: Options,
        queue: UnboundedSender<Happening>,
    ) -> Result<Self, NotOpened> {
        let token = match options.credential {
            Credential::UrlToken => person.access_token.as_ref().to_owned(),
            Credential::Ticket => ticket(&body, &person).await?,
        };
        let socket = match body.handshake(&body.socket_url(&token), None).await {
            Ok(Handshake::Accepted(socket)) => socket,
            Ok(Handshake::Refused(_)) | Err(_) => return Err(NotOpened::BackOff),
        };
        let (mut sink, mut source) = socket.into_stream().split();
        let (outgoing, mut to_send) = unbounded_channel::<String>();
        let task = tokio::spawn(async move {
            let write = async {
                while let Some(text) = to_send.recv().await {
                    if sink.send(WireMessage::text(text)).await.is_err() {
                        break;
                    }
                }
                sink.close().await.ok();
                tokio::time::sleep(GOODBYE).await;
            };
            let read = async {
                while let Some(Ok(message)) = source.next().await {
                    match message {
                        WireMessage::Text(text) => {
                            let incoming = Frame::read(&text).map_or_else(
                                |failure| Incoming::Broken(failure.to_string()),
                                Incoming::Frame,
                            );
                            queue.send(Happening::Incoming(number, incoming)).ok();
                        }
                        WireMessage::Close(frame) => return frame.map(|frame| frame.code.into()),
                        _ => {}
                    }
                }
                None
            };
            let code = tokio::select! {
                code = read => code,
                () = write => None,
            };
            queue.send(Happening::Incoming(number, Incoming::End(code))).ok();
        });
        Ok(Self { number, outgoing, task: task.abort_handle() })
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
