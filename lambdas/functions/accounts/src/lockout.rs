//! Wrong passwords: after some, the next try has to wait, twice as long each time, but never for long.
//!
//! Whoever guesses at an account delays others who try there from browsers that it does not know. A
//! browser that has logged in before is counted by itself (see `devices`): nobody can be locked out of
//! their own.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chat::clock::Timestamp;
use chat::identity::SecretHash;
use chat::settings::Reader;
use chat::{Error, aws};
use serde::Deserialize;

use crate::http::Refusal;

/// Wrong passwords that cost no wait.
const FREE: u32 = 5;
/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a wrong password counts.
const MEMORY: Duration = Duration::from_secs(24 * 3_600);
/// Tries to count one, when others guess at the same time.
const TRIES: u32 = 3;

const KIND: &str = "lock";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    failures: u32,
    /// Milliseconds since 1970. Not `until`, a word that DynamoDB keeps to itself.
    wait_until: i64,
    /// Seconds since 1970; also the table's TTL.
    expires_at: i64,
}

/// Rows of kind `lock` in the `accounts` table.
#[derive(Debug, Clone)]
pub(crate) struct Lockout {
    dynamodb: Client,
    table: String,
}

/// A try that was counted as a failure already: [`Lockout::forgive`] takes it back. Counted
/// afterwards, a hundred guesses at once would cost as little as one.
#[derive(Debug)]
pub(crate) struct Attempt {
    id: String,
}

impl Lockout {
    /// Reads the table's name.
    pub(crate) fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ACCOUNTS") }
    }

    /// Begins a try of whoever this is: an account, one browser at an account, a name that is
    /// nobody's.
    pub(crate) async fn attempt(&self, who: &str) -> Result<Attempt, Refusal> {
        let id = SecretHash::of(who).into_string();
        for _ in 0..TRIES {
            let now = Timestamp::now();
            let found: Option<Row> =
                aws::get(&self.dynamodb, &self.table, "accounts", [("kind", KIND), ("id", &id)])
                    .await?;
            let seen = found.as_ref().map(|row| row.failures);
            let row = found.filter(|row| row.expires_at > now.seconds()).unwrap_or_default();
            if row.wait_until > now.0 {
                let wait =
                    Duration::from_millis(row.wait_until.saturating_sub(now.0).unsigned_abs());
                return Err(too_many(wait));
            }
            let failures = row.failures.saturating_add(1);
            if self.put(&id, seen, failures, now).await? {
                return Ok(Attempt { id });
            }
        }
        // Others guess at the same account right now.
        Err(too_many(FIRST_WAIT))
    }

    /// Whether the count was still the one that was seen.
    async fn put(
        &self,
        id: &str,
        seen: Option<u32>,
        failures: u32,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let put = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(aws::text_key([("kind", KIND), ("id", id)])))
            .update_expression("SET failures = :failures, waitUntil = :until, expiresAt = :end")
            .expression_attribute_values(":failures", number(failures.into()))
            .expression_attribute_values(":until", number(now.plus(wait_after(failures)).0))
            .expression_attribute_values(":end", number(now.plus(MEMORY).seconds()));
        let put = match seen {
            None => put.condition_expression("attribute_not_exists(kind)"),
            Some(seen) => put
                .condition_expression("failures = :seen")
                .expression_attribute_values(":seen", number(seen.into())),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(Error::service("UpdateItem", "accounts")(error)),
        }
    }

    /// The password was right: all is forgotten.
    pub(crate) async fn forgive(&self, attempt: &Attempt) -> Result<(), Error> {
        self.dynamodb
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(aws::text_key([("kind", KIND), ("id", &attempt.id)])))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "accounts"))?;
        Ok(())
    }
}

/// How long the next try has to wait.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(over) => FIRST_WAIT
            .saturating_mul(2_u32.saturating_pow(over.saturating_sub(1)))
            .min(LONGEST_WAIT),
    }
}

fn too_many(wait: Duration) -> Refusal {
    Refusal::until(wait, "Too many wrong passwords. Please wait a moment, then try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_stay_short() {
        let seconds = |failures| wait_after(failures).as_secs();
        assert_eq!([1, 5, 6, 7, 8, 11, 12].map(seconds), [0, 0, 1, 2, 4, 32, 60]);
        assert_eq!(seconds(u32::MAX), 60);
    }
}
