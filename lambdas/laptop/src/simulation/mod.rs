//! The laptop on one thread and in simulated time, without TCP: what runs is decided by a seed alone, so
//! that a run that went wrong can be had again.
//!
//! Functions, gateway, database and faults are the laptop's own. Only the sockets' way to the gateway
//! is another, there is no authorizer, and time is tokio's, paused: it passes when everybody waits.
//! Names that the functions make from the system's random numbers (of messages, and salts) differ from
//! run to run; nothing goes by them.

mod line;
mod socket;

use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use chat::clock::{SimulatedClock, Timestamp};
use serde_json::{Map, Value};
use tokio::task::LocalSet;

pub use crate::embedded::ServiceTimes;
pub use socket::{Received, Socket};

use crate::embedded::{Aws, Faults, Identity, Options, draw, new_connection_id};
use crate::functions::Functions;
use crate::gateway::events::{Opening, new_request_id};
use crate::gateway::{Gateway, Limits, handshake};
use crate::{Failure, StartError};

/// What the clock shows when a simulation begins: 2026-11-22T12:00:00Z.
const BEGINNING: Timestamp = Timestamp(1_795_348_800_000);

/// How a simulation is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings for every function, over a laptop's own.
    pub settings: BTreeMap<String, String>,
    /// The gateway's limits.
    pub gateway: Limits,
    /// A frame's way between client and gateway, one direction, to whole milliseconds.
    pub network: RangeInclusive<Duration>,
    /// What the functions' calls take.
    pub services: ServiceTimes,
    /// A random delay before each call of a function.
    pub handler_delay: Option<RangeInclusive<Duration>>,
    /// Whether [`Aws::requests`] keeps bodies.
    pub record_requests: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            settings: BTreeMap::new(),
            gateway: Limits::default(),
            network: Duration::ZERO..=Duration::from_millis(20),
            services: ServiceTimes::default(),
            handler_delay: None,
            record_requests: false,
        }
    }
}

/// Runs a future in simulated time on this thread, whose random numbers begin with `seed`. What is
/// spawned inside, with `tokio::spawn` or `tokio::task::spawn_local`, ends with it.
///
/// # Errors
/// When the system gives no runtime.
pub fn run<T>(seed: u64, future: impl Future<Output = T>) -> io::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    fastrand::seed(seed);
    Ok(LocalSet::new().block_on(&runtime, async {
        let _clock = SimulatedClock::begin(BEGINNING);
        future.await
    }))
}

/// A laptop in a simulation. Dropped, it ends as if it had crashed.
#[derive(Debug)]
pub struct Simulation {
    gateway: Arc<Gateway>,
    network: RangeInclusive<Duration>,
}

impl Simulation {
    /// Starts one, inside [`run`].
    ///
    /// # Errors
    /// When the settings or the built-in catalog cannot be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let aws = Aws::start(Options {
            directory: None,
            buffer_bytes: config.gateway.buffer_bytes,
            record_requests: config.record_requests,
            seed: fastrand::u64(..),
            settings: config.settings,
            parameters: BTreeMap::new(),
            site_url: "http://localhost:8080".to_owned(),
            simulated: Some(config.services),
        })
        .await?;
        let functions = Functions::here(&aws, config.handler_delay, fastrand::u64(..))?;
        let gateway = Arc::new(Gateway::new(aws, functions, config.gateway, None, true));
        Ok(Self { gateway, network: config.network })
    }

    /// Opens a socket for somebody whom the authorizer, which is not asked, has given this context:
    /// [`chat::identity::Identity::into_context`]. Without a session in it, it is a person of an outside
    /// issuer, who needs no row.
    ///
    /// # Errors
    /// The HTTP status that refuses the handshake.
    pub async fn open(&self, context: Map<String, Value>) -> Result<Socket, u16> {
        let opening = Opening {
            connection_id: new_connection_id(),
            connected_at_ms: Timestamp::now().0,
            identity: Identity::default(),
            headers: HeaderMap::new(),
            query: Vec::new(),
        };
        let id = opening.connection_id.clone();
        let gateway = Arc::clone(&self.gateway);
        tokio::time::sleep(draw(&self.network)).await;
        // A client that hangs up meanwhile does not end it, as over TCP.
        let admitted = tokio::spawn(async move {
            handshake::connect(gateway, opening, &new_request_id(), context).await
        });
        let session = match admitted.await {
            Ok(Ok(session)) => session,
            Ok(Err(refusal)) => return Err(refusal.0.as_u16()),
            Err(_) => return Err(500),
        };
        let (socket, sink, stream) = socket::pair(id, &self.network);
        tokio::spawn(session.run(sink, stream));
        tokio::time::sleep(draw(&self.network)).await;
        Ok(socket)
    }

    /// Invokes a function by itself, as Lambda's `Invoke` does.
    ///
    /// # Errors
    /// When the function gives no answer.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, Failure> {
        self.gateway.functions.invoke(function, event).await
    }

    /// The embedded services.
    #[must_use]
    pub fn aws(&self) -> &Aws {
        &self.gateway.aws
    }

    /// The faults that the functions' calls meet.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.gateway.aws.faults()
    }

    /// Stops as a laptop does: sockets close with 1001, and `$disconnect` runs for each.
    pub async fn stop(self) {
        self.gateway.stop(crate::STOP_PATIENCE).await;
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.gateway.kill();
    }
}
