//! How often something may be done: so many times in a window, counted in the table.
//!
//! Per account it is a guarantee: every process counts in the same row. Per network address it is best
//! effort: addresses can be changed, and many people may share one.

use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use chat::clock::Timestamp;
use chat::identity::SecretHash;
use chat::settings::Reader;
use chat::{Error, aws};

use crate::address;
use crate::http::Refusal;

const HOUR: Duration = Duration::from_secs(3_600);

/// Something that may be done so many times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    name: &'static str,
    times: u64,
    window: Duration,
}

const fn limit(name: &'static str, times: u64, window: Duration) -> Limit {
    Limit { name, times, window }
}

/// Sign-ups with one e-mail address: each sends it a mail.
pub(crate) const SIGN_UPS_OF_EMAIL: Limit = limit("sign-up", 5, HOUR);
/// Sign-ups from one network address.
pub(crate) const SIGN_UPS_OF_ADDRESS: Limit = limit("sign-up-from", 30, HOUR);
/// Log-ins from one network address. Of one account, see `lockout`.
pub(crate) const LOG_INS_OF_ADDRESS: Limit = limit("log-in-from", 100, Duration::from_secs(300));
/// Mails that are asked for under one user name or address, by whoever knows it: links to reset its
/// password, or to confirm its address.
pub(crate) const MAILS_OF_LOGIN: Limit = limit("mail", 5, HOUR);
/// Mails that one account asks for: links to confirm another address.
pub(crate) const MAILS_OF_ACCOUNT: Limit = limit("mail-of", 5, HOUR);
/// Mails to one address, whoever asks for them; more are not sent, and nobody learns of it.
pub(crate) const MAILS_TO_EMAIL: Limit = limit("mail-to", 10, HOUR);
/// Mails that one network address asks for.
pub(crate) const MAILS_OF_ADDRESS: Limit = limit("mail-from", 30, HOUR);
/// Tickets of one account: each window of a browser needs one for every socket.
pub(crate) const TICKETS_OF_ACCOUNT: Limit = limit("ticket", 300, Duration::from_secs(60));
/// Tickets for one network address.
pub(crate) const TICKETS_OF_ADDRESS: Limit = limit("ticket-from", 3_000, Duration::from_secs(60));

/// Counts in the `accounts` table: rows of kind `rate`.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    dynamodb: Client,
    table: String,
    on: bool,
    of_addresses: bool,
    proxies: usize,
}

impl Limits {
    /// Reads `RATE_LIMITS` and `ADDRESS_LIMITS` (both on unless they say off), and `TRUSTED_PROXIES`
    /// (0).
    pub(crate) fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self {
            dynamodb: aws::dynamodb(aws),
            table: settings.required("TABLE_ACCOUNTS"),
            on: settings.switch("RATE_LIMITS", true),
            of_addresses: settings.switch("ADDRESS_LIMITS", true),
            proxies: settings.number("TRUSTED_PROXIES", 0),
        }
    }

    /// Whether any limit is in force.
    pub(crate) fn are_on(&self) -> bool {
        self.on
    }

    /// Counts one more, of an account or of what will become one.
    pub(crate) async fn count(&self, limit: Limit, who: &str) -> Result<(), Refusal> {
        if !self.on {
            return Ok(());
        }
        refuse_after(self.add(limit, who).await?)
    }

    /// Counts one more, and says whether it is within the limit.
    pub(crate) async fn allow(&self, limit: Limit, who: &str) -> Result<bool, Error> {
        Ok(!self.on || self.add(limit, who).await?.is_none())
    }

    /// Counts one more, of the address that a call comes from. With proxies in front it is counted
    /// apart for each of them: who calls past them may claim to be anybody, and must not use up what
    /// those have who come through them.
    pub(crate) async fn count_address(
        &self,
        limit: Limit,
        event: &ApiGatewayV2httpRequest,
    ) -> Result<(), Refusal> {
        if !(self.on && self.of_addresses) {
            return Ok(());
        }
        let who = format!("{} {}", address::of(event, self.proxies), address::of(event, 0));
        refuse_after(self.add(limit, &who).await?)
    }

    /// Counts one more. How long it takes until the next is within the limit, if this one is not.
    async fn add(&self, limit: Limit, who: &str) -> Result<Option<Duration>, Error> {
        let now = Timestamp::now();
        let window = i64::try_from(limit.window.as_millis()).unwrap_or(i64::MAX).max(1);
        let number = now.0.div_euclid(window);
        let end = Timestamp(number.saturating_add(1).saturating_mul(window));
        // Hashed: whose address or name it is, a copy of the table need not tell.
        let id = SecretHash::of(&format!("{} {number} {who}", limit.name)).into_string();
        let counted = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(aws::text_key([("kind", "rate"), ("id", &id)])))
            .update_expression("ADD times :one SET expiresAt = :end")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":end", AttributeValue::N(end.seconds().to_string()))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(Error::service("UpdateItem", "accounts"))?;
        let times = counted.attributes.as_ref().and_then(|row| row.get("times"));
        let times = times.and_then(|times| times.as_n().ok()).and_then(|times| times.parse().ok());
        if times.is_some_and(|times: u64| times <= limit.times) {
            return Ok(None);
        }
        tracing::warn!(limit = limit.name, "A rate limit was met.");
        Ok(Some(Duration::from_millis(end.0.saturating_sub(now.0).unsigned_abs())))
    }
}

fn refuse_after(wait: Option<Duration>) -> Result<(), Refusal> {
    let refuse = |wait| Err(Refusal::until(wait, "That was too often. Please try again later."));
    wait.map_or(Ok(()), refuse)
}
