//! Parley on one machine: the functions, a gateway that behaves like API Gateway, embedded DynamoDB,
//! `@connections` and KMS, and the web client, in one process.
//!
//! The functions are the same as on AWS and reach their services through the AWS SDK; see
//! [`embedded`] for what answers.

#[cfg(unix)]
mod admin_socket;
pub mod catalog;
mod config;
pub mod embedded;
pub mod environment;
mod functions;
pub mod gateway;
#[cfg(unix)]
mod invoke;
mod listener;
mod lock;
pub mod logging;
mod private;
mod rotation;
pub mod simulation;
mod site;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use config::{Config, Data};
pub use functions::{Failure, FunctionError};
pub use lock::LockError;
pub use rotation::{RotateError, rotate_key};

use embedded::{Aws, Call, EmbeddedError, Faults, Mail, Options, RecordedRequest, SigningKey};
use functions::Functions;
use gateway::Gateway;
use lock::Lock;
use site::Site;

/// How long stopping waits for sockets, and then for HTTP requests.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Why a laptop did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Something else listens there.
    #[error("port {0} is in use: stop what uses it, or run with PORT={next}", next = .0.wrapping_add(1).max(1024))]
    PortInUse(u16),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// There is no web client in that directory.
    #[error("SITE={} has no index.html", .0.display())]
    Site(PathBuf),
    /// The embedded services do not start.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// A function does not start.
    #[error(transparent)]
    Function(#[from] FunctionError),
}

/// A laptop that serves. Dropped without [`stop`](Self::stop) it ends as if it had crashed: sockets
/// break off, and no `$disconnect` runs.
#[derive(Debug)]
pub struct Laptop {
    gateway: Arc<Gateway>,
    server: JoinHandle<()>,
    sweeper: JoinHandle<()>,
    http_url: String,
    ws_url: String,
    mails_stay: bool,
    #[cfg(unix)]
    admin: Option<admin_socket::AdminSocket>,
    _lock: Option<Lock>,
}

/// Starts a laptop. When this returns, it answers.
///
/// # Errors
/// When the data directory, the address, or the built-in catalog cannot be used.
pub async fn start(config: Config) -> Result<Laptop, StartError> {
    let directory = match &config.data {
        Data::Memory => None,
        Data::Directory(path) => Some(path.as_path()),
    };
    let mails_stay = config.bind.is_loopback()
        && config.settings.get("SITE_URL").is_none_or(|url| gateway::is_on_this_machine(url));
    let mut settings = config.settings;
    if config.bind.is_loopback() && !settings.contains_key("SITE_URL") {
        // No proxy in front gives it another name, so who calls it by one was led here by a foreign
        // page.
        settings.entry("ALLOWED_ORIGINS".to_owned()).or_insert_with(|| "loopback".to_owned());
    }
    let site = config.site.as_deref().map(Site::open).transpose()?;
    let lock = directory.map(Lock::take).transpose()?;
    // The port is taken early, so that a second start fails at once, and listened on when all is
    // ready, so that nobody is served before.
    let port = listener::Bound::to(SocketAddr::new(config.bind, config.port))?;
    let aws = Aws::start(Options {
        directory,
        buffer_bytes: config.gateway.buffer_bytes,
        record_requests: config.record_requests,
        seed: config.seed,
        settings,
        parameters: config.parameters,
        site_url: listener::site_url(port.address()),
        simulated: None,
    })
    .await?;
    let functions = Functions::new(&aws, config.handler_delay, config.seed)?;
    let sweeper = tokio::spawn(aws.sweeper());
    let gateway =
        Arc::new(Gateway::new(aws, functions, config.gateway, site, config.bind.is_loopback()));

    let (listener, address) = port.listen()?;
    let listener = listener.tap_io(|socket| {
        // A chat's frames are small and each one counts.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let service =
        gateway::router(Arc::clone(&gateway)).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = gateway.stopped();
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the server ended");
        }
    });
    #[cfg(unix)]
    let admin = match &config.data {
        Data::Memory => None,
        Data::Directory(path) => admin_socket::AdminSocket::open(path, &gateway),
    };
    let http_url = format!("http://{address}");
    let ws_url = format!("ws://{address}/ws");
    Ok(Laptop {
        gateway,
        server,
        sweeper,
        http_url,
        ws_url,
        mails_stay,
        #[cfg(unix)]
        admin,
        _lock: lock,
    })
}

impl Laptop {
    /// Where it serves: `http://127.0.0.1:8080`.
    #[must_use]
    pub fn http_url(&self) -> &str {
        &self.http_url
    }

    /// Where sockets open: `ws://127.0.0.1:8080/ws`.
    #[must_use]
    pub fn ws_url(&self) -> &str {
        &self.ws_url
    }

    /// The faults that the functions' calls meet.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.gateway.aws.faults()
    }

    /// The rights that the functions used.
    #[must_use]
    pub fn calls(&self) -> BTreeSet<Call> {
        self.gateway.aws.calls()
    }

    /// The requests that the functions made, oldest first; none unless the configuration keeps
    /// them.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.gateway.aws.requests()
    }

    /// Invokes a function by itself, as Lambda's `Invoke` does: for tests of what no route reaches.
    ///
    /// # Errors
    /// When the function gives no answer.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, Failure> {
        self.gateway.functions.invoke(function, event).await
    }

    /// The latest mails that the functions sent, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.gateway.aws.mails()
    }

    /// The mails that the functions send from now on, where all of them are for people at this
    /// machine: it serves nobody else, and its mails' links lead to no other.
    #[must_use]
    pub fn own_mails(&self) -> Option<broadcast::Receiver<Mail>> {
        self.mails_stay.then(|| self.gateway.aws.mail_arrivals())
    }

    /// A DynamoDB client for tests: not recorded, and without faults.
    #[must_use]
    pub fn database(&self) -> aws_sdk_dynamodb::Client {
        self.gateway.aws.database()
    }

    /// The key that signs access tokens.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        self.gateway.aws.signing_key()
    }

    /// The embedded services.
    #[must_use]
    pub fn aws(&self) -> &Aws {
        &self.gateway.aws
    }

    /// Stops: sockets close with 1001, `$disconnect` runs for each, the database closes. Takes a
    /// few seconds at the most.
    pub async fn stop(mut self) {
        #[cfg(unix)]
        let admin = async {
            if let Some(admin) = &mut self.admin {
                drop(timeout(STOP_PATIENCE, admin.close()).await);
            }
        };
        #[cfg(not(unix))]
        let admin = async {};
        tokio::join!(self.gateway.stop(STOP_PATIENCE), admin);
        if timeout(STOP_PATIENCE, &mut self.server).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        // An error says that it is closed already.
        self.gateway.aws.close().await.unwrap_or_default();
    }
}

impl Drop for Laptop {
    fn drop(&mut self) {
        self.gateway.kill();
        drop(self.gateway.aws.close());
        self.server.abort();
        self.sweeper.abort();
    }
}
