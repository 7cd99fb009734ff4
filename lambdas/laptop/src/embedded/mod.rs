//! The AWS services that the functions call, in this process.
//!
//! [`Aws`] gives each function an SDK configuration whose HTTP connector leads here. With
//! [`Aws::in_memory`] a test calls a function's `handle` without gateway or socket.

mod answer;
mod connections;
mod connector;
mod dynamodb;
mod faults;
mod held;
mod key;
mod keys;
mod kms;
mod mailbox;
mod recorder;
mod service_times;
mod ses;
mod ssm;
mod ttl;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_types::SdkConfig;
use chat::clock::Timestamp;
use tokio::sync::{broadcast, oneshot};

pub use connections::{Connections, FakeConnection};
pub use dynamodb::DatabaseError;
pub use faults::{Fault, Faults, Match, Rule, RuleHandle, When};
pub use key::{KeyError, SigningKey};
pub use keys::Rotated;
pub use mailbox::Mail;
pub use recorder::{Call, RecordedRequest};
pub use service_times::ServiceTimes;

pub(crate) use connections::{Connection, Identity, Outgoing, new_connection_id};
pub(crate) use keys::rotate;
pub(crate) use mailbox::is_link;
pub(crate) use service_times::draw;

use crate::catalog::{Catalog, Resource};
use connector::Connector;
use dynamodb::DynamoDb;
use held::Held;
use keys::Keys;
use mailbox::Mailbox;
use recorder::Recorder;

/// Never resolved: every call is answered in process.
const ENDPOINT: &str = "https://laptop.parley.invalid";
/// What stands before a table's logical name.
const TABLE_PREFIX: &str = "parley-";
/// Rows of these tables name sockets, and none outlives the process.
const TABLES_OF_SOCKETS: [&str; 2] = ["connections", "subscriptions"];

fn table_name(logical: &str) -> String {
    format!("{TABLE_PREFIX}{logical}")
}

fn logical_name(table: &str) -> String {
    table.strip_prefix(TABLE_PREFIX).unwrap_or(table).to_owned()
}

/// What the connectors of one process share.
#[derive(Debug)]
pub(crate) struct Services {
    dynamodb: DynamoDb,
    connections: Connections,
    keys: Keys,
    mailbox: Mailbox,
    parameters: BTreeMap<String, String>,
    faults: Faults,
    recorder: Recorder,
    simulated: Option<Simulated>,
}

/// What makes calls take simulated time.
#[derive(Debug, Clone)]
struct Simulated {
    times: ServiceTimes,
    held: Held,
}

/// Why the embedded services cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The signing key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// This build carries a catalog that it cannot read.
    #[error("functions.tf.json or tables.tf.json: {0}")]
    Catalog(#[from] serde_json::Error),
}

/// How [`Aws`] starts.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    /// Where the database and the key lie; memory when none.
    pub(crate) directory: Option<&'a Path>,
    pub(crate) buffer_bytes: usize,
    pub(crate) record_requests: bool,
    pub(crate) seed: u64,
    /// Settings for every function, over those that follow from the catalog.
    pub(crate) settings: BTreeMap<String, String>,
    /// What the Parameter Store holds, by name.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Where people find the site.
    pub(crate) site_url: String,
    /// In a simulation, what calls take. Everything then runs on the caller's thread.
    pub(crate) simulated: Option<ServiceTimes>,
}

/// DynamoDB, `@connections`, KMS, SES and the Parameter Store, embedded.
#[derive(Debug)]
pub struct Aws {
    services: Arc<Services>,
    catalog: Catalog,
    overrides: BTreeMap<String, String>,
    site_url: String,
}

/// Clears the tables of sockets, and makes every table that is not there.
async fn prepare(dynamodb: &DynamoDb, catalog: &Catalog) -> Result<(), DatabaseError> {
    for table in TABLES_OF_SOCKETS {
        dynamodb.delete_table(&table_name(table)).await?;
    }
    for (table, spec) in &catalog.tables {
        dynamodb.create_table(&table_name(table), spec).await?;
    }
    Ok(())
}

impl Aws {
    /// Fresh services that live in memory and keep every request, for a test.
    ///
    /// # Errors
    /// When memory or randomness is short.
    pub async fn in_memory() -> Result<Self, EmbeddedError> {
        Self::in_memory_with(BTreeMap::new()).await
    }

    /// The same, with settings for every function over a laptop's own.
    ///
    /// # Errors
    /// When memory or randomness is short.
    pub async fn in_memory_with(settings: BTreeMap<String, String>) -> Result<Self, EmbeddedError> {
        let options = Options {
            directory: None,
            buffer_bytes: crate::gateway::Limits::default().buffer_bytes,
            record_requests: true,
            seed: 0,
            settings,
            parameters: BTreeMap::new(),
            site_url: "http://localhost:8080".to_owned(),
            simulated: None,
        };
        Self::start(options).await
    }

    pub(crate) async fn start(options: Options<'_>) -> Result<Self, EmbeddedError> {
        let catalog = Catalog::load()?;
        let keys = options.directory.map_or_else(Keys::generate, Keys::open)?;
        let file = options.directory.map(|directory| directory.join("parley.db"));
        let dynamodb = match options.simulated {
            Some(_) => DynamoDb::here()?,
            None => DynamoDb::open(file.as_deref())?,
        };
        prepare(&dynamodb, &catalog).await.map_err(|error| error.at(file.as_deref()))?;
        let services = Services {
            dynamodb,
            connections: Connections::new(options.buffer_bytes),
            keys,
            mailbox: Mailbox::new(),
            parameters: options.parameters,
            faults: Faults::new(options.seed),
            recorder: Recorder::new(options.record_requests),
            simulated: options
                .simulated
                .map(|times| Simulated { times, held: Held::new(&catalog) }),
        };
        let Options { settings: overrides, site_url, .. } = options;
        Ok(Self { services: Arc::new(services), catalog, overrides, site_url })
    }

    /// The SDK configuration of a function: its calls are recorded, and meet faults, by this name.
    #[must_use]
    pub fn sdk_config(&self, function: &str) -> SdkConfig {
        self.configure(Some(function))
    }

    fn configure(&self, function: Option<&str>) -> SdkConfig {
        // The calls are signed, which costs about 10 microseconds each, and the signature is not
        // checked. Unsigned calls would need a switch in each client, that is, in the functions.
        let credentials = Credentials::new("laptop", "laptop", None, None, "laptop");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(ENDPOINT)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(TokioSleep::new())
            .http_client(Connector::new(Arc::clone(&self.services), function))
            .build()
    }

    /// The settings that Terraform would give this function.
    #[must_use]
    pub fn settings(&self, function: &str) -> chat::Settings {
        let mut settings = BTreeMap::new();
        if let Some(spec) = self.catalog.functions.get(function) {
            for statement in &spec.statements {
                match &statement.resource {
                    Resource::Table { table, .. } => {
                        let name = format!("TABLE_{}", table.to_uppercase().replace('-', "_"));
                        settings.insert(name, table_name(table));
                    }
                    Resource::Connections { .. } => {
                        settings.insert("PUSH_ENDPOINT".to_owned(), format!("{ENDPOINT}/live"));
                    }
                    Resource::Key { .. } | Resource::Mail { .. } | Resource::Parameters { .. } => {}
                }
            }
            for name in &spec.env {
                if let Some(value) = self.setting(name) {
                    settings.insert(name.clone(), value);
                }
            }
        }
        settings.extend(self.overrides.clone());
        settings.into_iter().collect()
    }

    /// A laptop's value; a name without one keeps the function's own default.
    fn setting(&self, name: &str) -> Option<String> {
        let keys = &self.services.keys;
        match name {
            "ALLOW_URL_TOKEN" => Some("on".to_owned()),
            // Pages of the host that was called: the laptop serves its own.
            "ALLOWED_ORIGINS" => Some("self".to_owned()),
            // Browsers keep a Secure cookie from plain http.
            "COOKIE_SECURE" => Some("off".to_owned()),
            "MAIL_FROM" => Some("parley@localhost".to_owned()),
            "PUBLIC_KEYS" => Some(keys.public().to_string()),
            "SIGNING_KEY_ID" => Some(keys.active.kid().to_owned()),
            "SIGNUP" => Some("open".to_owned()),
            "SITE_URL" => Some(self.site_url.clone()),
            "TRUSTED_PROXIES" => Some("0".to_owned()),
            "VERIFY_EMAIL" => Some("off".to_owned()),
            _ => None,
        }
    }

    /// A DynamoDB client for a test to prepare and inspect rows: not recorded, and without faults.
    #[must_use]
    pub fn database(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.configure(None))
    }

    /// A table's name as the functions are told it.
    #[must_use]
    pub fn table(&self, logical: &str) -> String {
        table_name(logical)
    }

    /// The faults in force.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.services.faults
    }

    /// The rights that the functions used.
    #[must_use]
    pub fn calls(&self) -> BTreeSet<Call> {
        self.services.recorder.calls()
    }

    /// The requests that the functions made, oldest first, when they are kept.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.services.recorder.requests()
    }

    /// The latest mails that the functions sent, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.services.mailbox.mails()
    }

    /// The mails that the functions send from now on.
    #[must_use]
    pub fn mail_arrivals(&self) -> broadcast::Receiver<Mail> {
        self.services.mailbox.arrivals()
    }

    /// The open sockets.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.services.connections
    }

    /// The key that signs access tokens.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.services.keys.active
    }

    /// What is deployed.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Deletes the items whose time has come, as DynamoDB's time to live does in its own time;
    /// says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep(&self) -> Result<usize, DatabaseError> {
        let now = Timestamp::now().seconds();
        ttl::sweep(&self.services.dynamodb, &self.catalog.tables, now).await
    }

    /// The timer of [`sweep`](Self::sweep); it never ends by itself.
    pub(crate) fn sweeper(&self) -> impl Future<Output = ()> + Send + 'static {
        let dynamodb = self.services.dynamodb.clone();
        let tables = self.catalog.tables.clone();
        async move {
            loop {
                tokio::time::sleep(ttl::EVERY).await;
                match ttl::sweep(&dynamodb, &tables, Timestamp::now().seconds()).await {
                    Ok(0) => {}
                    Ok(swept) => tracing::debug!(swept, "time to live"),
                    Err(error) => tracing::warn!(%error, "time to live"),
                }
            }
        }
    }

    /// Closes the database; later calls fail. The receiver ends when it is done.
    pub(crate) fn close(&self) -> oneshot::Receiver<()> {
        self.services.dynamodb.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &chat::Settings, name: &str) -> Option<String> {
        let mut read = settings.read();
        let value = read.required(name);
        read.finish().ok().map(|()| value)
    }

    #[tokio::test]
    async fn each_function_gets_its_own_settings_with_a_laptops_values() {
        let aws = Aws::in_memory().await.unwrap();
        let accounts = aws.settings("accounts");
        for (name, value) in [
            ("ALLOWED_ORIGINS", "self"),
            ("COOKIE_SECURE", "off"),
            ("MAIL_FROM", "parley@localhost"),
            ("SIGNUP", "open"),
            ("SITE_URL", "http://localhost:8080"),
            ("TRUSTED_PROXIES", "0"),
            ("VERIFY_EMAIL", "off"),
        ] {
            assert_eq!(read(&accounts, name).as_deref(), Some(value), "{name}");
        }
        for (function, name) in [("authorizer", "ALLOWED_ORIGINS"), ("admin", "SITE_URL")] {
            assert!(read(&aws.settings(function), name).is_some(), "{function}: {name}");
        }
        for (function, name) in [("authorizer", "SITE_URL"), ("ping", "SIGNUP")] {
            assert!(read(&aws.settings(function), name).is_none(), "{function}: {name}");
        }
        for default in ["ADDRESS_LIMITS", "RATE_LIMITS", "SIGNUP_DOMAINS"] {
            assert!(read(&accounts, default).is_none(), "{default}: the function's own default");
        }
    }
}
