//! Browsers that have logged in before, known by a cookie: strangers' wrong guesses do not lock them
//! out ("Slow Down Online Guessing Attacks with Device Cookies", OWASP).

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use chat::clock::Timestamp;
use chat::identity::SecretHash;
use chat::settings::Reader;
use chat::{Error, aws, id};
use serde::{Deserialize, Serialize};

/// How long a browser is known after its last log-in.
pub(crate) const LIFE: Duration = Duration::from_secs(365 * 24 * 3_600);

const KIND: &str = "device";
const SECRET_BYTES_MAX: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    kind: String,
    id: String,
    /// Seconds since 1970; also the table's TTL.
    expires_at: i64,
}

/// Rows of kind `device` in the `accounts` table.
#[derive(Debug, Clone)]
pub(crate) struct Devices {
    dynamodb: Client,
    table: String,
}

impl Devices {
    /// Reads the table's name.
    pub(crate) fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ACCOUNTS") }
    }

    /// Whether somebody has logged in with this cookie before.
    pub(crate) async fn knows(&self, user_id: &str, secret: &str) -> Result<bool, Error> {
        if secret.len() > SECRET_BYTES_MAX {
            return Ok(false);
        }
        let id = row_id(user_id, secret);
        let row: Option<Row> =
            aws::get(&self.dynamodb, &self.table, "accounts", [("kind", KIND), ("id", &id)])
                .await?;
        Ok(row.is_some_and(|row| row.expires_at > Timestamp::now().seconds()))
    }

    /// Remembers a browser; the cookie that it is known by. It keeps the one by which this user is
    /// `known` already, and no other: whoever planted it would be taken for this browser.
    pub(crate) async fn remember(
        &self,
        user_id: &str,
        known: Option<String>,
    ) -> Result<String, Error> {
        let secret = known.map_or_else(|| id::secret("d"), Ok)?;
        let row = Row {
            kind: KIND.to_owned(),
            id: row_id(user_id, &secret),
            expires_at: Timestamp::now().plus(LIFE).seconds(),
        };
        aws::put(&self.dynamodb, &self.table, "accounts", &row).await?;
        Ok(secret)
    }
}

fn row_id(user_id: &str, secret: &str) -> String {
    SecretHash::of(&format!("{user_id} {secret}")).into_string()
}
