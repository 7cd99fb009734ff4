//! API Gateway on a laptop: an HTTP API and a WebSocket API on one port, with the platform's events,
//! answers and limits.

pub(crate) mod events;
pub(crate) mod handshake;
mod http;
mod limits;
mod mailbox;
mod policy;
mod route;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

pub use limits::Limits;
pub(crate) use mailbox::is_on_this_machine;
pub use route::select;

use crate::embedded::Aws;
use crate::functions::{Failure, Functions};
use crate::site::Site;

/// How far a laptop's life has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Sockets say goodbye.
    Stopping,
    /// Sockets break off, as if the process were gone.
    Gone,
}

/// What all requests and sockets of one laptop share.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) aws: Aws,
    pub(crate) functions: Functions,
    limits: Limits,
    site: Option<Site>,
    /// Whether only this machine reaches it.
    on_loopback: bool,
    phase: watch::Sender<Phase>,
    /// Sockets whose `$disconnect` has not ended yet.
    sockets: watch::Sender<usize>,
}

impl Gateway {
    pub(crate) fn new(
        aws: Aws,
        functions: Functions,
        limits: Limits,
        site: Option<Site>,
        on_loopback: bool,
    ) -> Self {
        let phase = watch::Sender::new(Phase::Serving);
        let sockets = watch::Sender::new(0);
        Self { aws, functions, limits, site, on_loopback, phase, sockets }
    }

    /// Calls a function, and waits for its answer no longer than the platform does.
    async fn invoke(&self, function: &str, event: Value) -> Result<Value, Failure> {
        let limit = self.limits.integration;
        let answer = timeout(limit, self.functions.invoke(function, event)).await;
        answer.unwrap_or(Err(Failure::NoAnswer(limit)))
    }

    /// Ends when the laptop stops, in either way.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut phase = self.phase.subscribe();
        async move {
            // An error says that the gateway is gone altogether.
            drop(phase.wait_for(|phase| *phase != Phase::Serving).await);
        }
    }

    fn is_gone(&self) -> bool {
        *self.phase.borrow() == Phase::Gone
    }

    /// Closes every socket with 1001 and waits, but not for ever, until each `$disconnect` has run.
    pub(crate) async fn stop(&self, patience: Duration) {
        self.phase.send_replace(Phase::Stopping);
        let mut sockets = self.sockets.subscribe();
        if timeout(patience, sockets.wait_for(|open| *open == 0)).await.is_err() {
            let open = *self.sockets.borrow();
            tracing::warn!(open, "some sockets did not end in time");
        }
    }

    /// Breaks every socket off. No `$disconnect` runs.
    pub(crate) fn kill(&self) {
        self.phase.send_replace(Phase::Gone);
    }
}

/// Everything that is served.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().route("/ws", get(handshake::open)).fallback(any(http::serve)).with_state(gateway)
}
