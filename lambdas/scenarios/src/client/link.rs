use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use super::actor::Happening;
use crate::raw::Incoming;
use crate::transport::{Arrival, Transport};
use crate::wire::Frame;

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

impl Link {
    /// Sends a text frame. If the link is gone, its end is in the queue already.
    pub(super) fn send(&self, text: String) {
        self.outgoing.send(text).ok();
    }

    /// Drops the connection without a word, as a cut cable does.
    pub(super) fn cut(&self) {
        self.task.abort();
    }

    /// Runs an open socket.
    pub(super) fn over(
        number: usize,
        transport: Transport,
        queue: UnboundedSender<Happening>,
    ) -> Self {
        let Transport { outgoing: mut sink, incoming: mut source } = transport;
        let (outgoing, mut to_send) = unbounded_channel::<String>();
        let task = tokio::spawn(async move {
            let write = async {
                while let Some(text) = to_send.recv().await {
                    if sink.send(text).await.is_err() {
                        break;
                    }
                }
                sink.close().await.ok();
                tokio::time::sleep(GOODBYE).await;
            };
            let read = async {
                while let Some(arrival) = source.next().await {
                    match arrival {
                        Arrival::Text(text) => {
                            let incoming = Frame::read(&text).map_or_else(
                                |failure| Incoming::Broken(failure.to_string()),
                                Incoming::Frame,
                            );
                            queue.send(Happening::Incoming(number, incoming)).ok();
                        }
                        Arrival::End(code) => return code,
                    }
                }
                None
            };
            let code = tokio::select! {
                biased;
                code = read => code,
                () = write => None,
            };
            queue.send(Happening::Incoming(number, Incoming::End(code))).ok();
        });
        Self { number, outgoing, task: task.abort_handle() }
    }
}
