use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt, StreamExt, future};
use tokio::time::Instant;

use super::record::{Recorder, What};
use crate::Body;
use crate::transport::{Arrival, NotOpened, Sockets, Transport};

/// The line between one client and the server: it takes down what passes, and fails as lines do.
#[derive(Debug, Clone)]
pub(super) struct Line {
    client: usize,
    recorder: Recorder,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    sockets: usize,
    /// What the server says until then is lost on the way.
    deaf_until: Instant,
    /// Until then no socket opens.
    away_until: Instant,
    /// The share of the server's frames that are lost on the way.
    loss: f64,
    random: fastrand::Rng,
}

impl Line {
    pub(super) fn new(client: usize, recorder: Recorder, seed: u64) -> Self {
        let now = Instant::now();
        let state = State {
            sockets: 0,
            deaf_until: now,
            away_until: now,
            loss: 0.0,
            random: fastrand::Rng::with_seed(seed),
        };
        Self { client, recorder, state: Arc::new(Mutex::new(state)) }
    }

    // The state is valid after every statement, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn deaf_until(&self, until: Instant) {
        self.state().deaf_until = until;
    }

    pub(super) fn away_until(&self, until: Instant) {
        self.state().away_until = until;
    }

    /// So great a share of the server's frames is lost.
    pub(super) fn lose(&self, share: f64) {
        self.state().loss = share;
    }

    /// From now on it does not fail.
    pub(super) fn mend(&self) {
        let now = Instant::now();
        let mut state = self.state();
        (state.deaf_until, state.away_until, state.loss) = (now, now, 0.0);
    }

    pub(super) fn note(&self, what: What) {
        self.recorder.note(self.client, 0, what);
    }

    /// The body as the client at this line sees it.
    pub(super) fn to(&self, body: &Body) -> Body {
        let (line, end) = (self.clone(), body.clone());
        let sockets = Sockets::by(move |person, credential| {
            let (line, end) = (line.clone(), end.clone());
            Box::pin(async move {
                if Instant::now() < line.state().away_until {
                    return Err(NotOpened::BackOff);
                }
                Ok(line.carry(end.transport(&person, credential).await?))
            })
        });
        Body { sockets: Some(sockets), ..body.clone() }
    }

    fn carry(&self, transport: Transport) -> Transport {
        let socket = {
            let mut state = self.state();
            state.sockets += 1;
            state.sockets
        };
        self.recorder.note(self.client, socket, What::Opened);
        let line = self.clone();
        let outgoing = transport.outgoing.with(move |frame: String| {
            line.recorder.note(line.client, socket, What::Asked(frame.clone()));
            future::ok(frame)
        });
        let line = self.clone();
        let incoming = transport.incoming.filter_map(move |arrival| {
            future::ready(match arrival {
                Arrival::Text(_) if line.loses() => None,
                Arrival::Text(frame) => {
                    line.recorder.note(line.client, socket, What::Told(frame.clone()));
                    Some(Arrival::Text(frame))
                }
                Arrival::End(code) => {
                    line.recorder.note(line.client, socket, What::Ended);
                    Some(Arrival::End(code))
                }
            })
        });
        Transport { outgoing: Box::pin(outgoing), incoming: incoming.boxed() }
    }

    fn loses(&self) -> bool {
        let mut state = self.state();
        let loss = state.loss;
        Instant::now() < state.deaf_until || (loss > 0.0 && state.random.f64() < loss)
    }
}
