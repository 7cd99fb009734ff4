//! Tickets: what a browser puts into the socket's URL instead of its access token. Good for one
//! handshake and 30 seconds; the table holds only its hash, so that a copy of the table opens
//! nothing.

use std::time::Duration;

use aws_lc_rs::digest;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Identity;
use crate::clock::Timestamp;
use crate::settings::Reader;
use crate::{Error, aws, id};

/// How long a ticket is good for.
pub const TICKET_LIFE: Duration = Duration::from_secs(30);
/// The partition key of tickets in the `accounts` table.
const KIND: &str = "ticket";
/// What every ticket begins with, and no JWT does.
const PREFIX: &str = "t";

/// A ticket, as the client holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(String);

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket")
    }
}

impl Ticket {
    /// What `?token=` holds, if it has a ticket's form.
    #[must_use]
    pub fn from_url(token: &str) -> Option<Self> {
        token.strip_prefix(PREFIX)?.strip_prefix('_')?;
        Some(Self(token.to_owned()))
    }

    /// The ticket itself, for the answer to whom it was made for.
    #[must_use]
    pub fn into_secret(self) -> String {
        self.0
    }

    fn key(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

/// What stands in the table in place of a secret: its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash(String);

impl SecretHash {
    /// Hashes a secret of 256 random bits; nothing slower is needed for one that nobody can guess.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, secret.as_bytes());
        Self(BASE64_URL_SAFE_NO_PAD.encode(hash))
    }

    /// The hash, base64url.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A ticket's row in the `accounts` table.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    kind: String,
    id: String,
    user_id: String,
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// Seconds since 1970; also the table's TTL.
    expires_at: i64,
}

/// The tickets in the `accounts` table.
#[derive(Debug, Clone)]
pub struct Tickets {
    dynamodb: Client,
    table: String,
}

impl Tickets {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ACCOUNTS") }
    }

    /// Makes a ticket for a person.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn issue(&self, identity: Identity) -> Result<Ticket, Error> {
        let ticket = Ticket(id::secret(PREFIX)?);
        let row = Row {
            kind: KIND.to_owned(),
            id: ticket.key().into_string(),
            user_id: identity.user_id,
            username: identity.username,
            session_id: identity.session_id,
            expires_at: Timestamp::now().plus(TICKET_LIFE).seconds(),
        };
        aws::put(&self.dynamodb, &self.table, "accounts", &row).await?;
        Ok(ticket)
    }

    /// Takes a ticket: whose it was, the first time it is asked within its life, and never again.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn redeem(&self, ticket: &Ticket) -> Result<Option<Identity>, Error> {
        let deleted = self
            .dynamodb
            .delete_item()
            .table_name(&self.table)
            .key("kind", AttributeValue::S(KIND.to_owned()))
            .key("id", AttributeValue::S(ticket.key().into_string()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(Error::service("DeleteItem", "accounts"))?;
        let Some(item) = deleted.attributes else { return Ok(None) };
        let row: Row = serde_dynamo::from_item(item).map_err(Error::row("accounts"))?;
        if row.expires_at <= Timestamp::now().seconds() {
            return Ok(None);
        }
        Ok(Some(Identity {
            user_id: row.user_id,
            username: row.username,
            session_id: row.session_id,
            expires_at: None,
        }))
    }
}
