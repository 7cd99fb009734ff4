//! How often a person may write: so many times in a window, counted in a table, whichever process is
//! asked.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use protocol::{ErrorBody, ErrorCode, limits};

use crate::clock::Timestamp;
use crate::settings::Reader;
use crate::{Error, aws};

/// How long a count is kept after its window, for clocks that disagree.
const KEPT: Duration = Duration::from_secs(60);

/// The `rates` table: `userId`, and the window's number.
#[derive(Debug, Clone)]
pub struct Rates {
    dynamodb: Client,
    table: String,
    on: bool,
}

impl Rates {
    /// Reads the table's name, and `RATE_LIMITS` (on unless it says off).
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self {
            dynamodb: aws::dynamodb(aws),
            table: settings.required("TABLE_RATES"),
            on: settings.switch("RATE_LIMITS", true),
        }
    }

    /// Counts one write of a person.
    ///
    /// Windows follow one another, so that at the border of two twice as many may pass. An answer that
    /// was lost counts twice.
    ///
    /// # Errors
    /// `rate_limited` when it is one too many; when the table does not answer.
    pub async fn count_write(&self, user_id: &str) -> Result<(), Error> {
        if !self.on {
            return Ok(());
        }
        let now = Timestamp::now();
        let length = i64::try_from(limits::WRITE_WINDOW_MS).unwrap_or(i64::MAX);
        let window = now.0.div_euclid(length);
        let end = Timestamp(window.saturating_add(1).saturating_mul(length));
        let counted = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("userId", AttributeValue::S(user_id.to_owned()))
            .key("window", aws::number(window))
            .update_expression("SET expiresAt = :end ADD writes :one")
            .condition_expression("attribute_not_exists(writes) OR writes < :most")
            .expression_attribute_values(":end", aws::number(end.plus(KEPT).seconds()))
            .expression_attribute_values(":one", aws::number(1))
            .expression_attribute_values(":most", aws::number(limits::WRITES_MAX))
            .send()
            .await;
        let Err(error) = counted else { return Ok(()) };
        let refused = error
            .as_service_error()
            .is_some_and(|error| error.is_conditional_check_failed_exception());
        if !refused {
            return Err(Error::service("UpdateItem", "rates")(error));
        }
        let wait = u64::try_from(end.0.saturating_sub(now.0)).unwrap_or_default().max(1);
        Err(Error::Refused(ErrorBody {
            retry_after_ms: Some(wait),
            ..ErrorBody::new(
                ErrorCode::RateLimited,
                format!(
                    "At most {} messages and changes in {} seconds.",
                    limits::WRITES_MAX,
                    limits::WRITE_WINDOW_MS / 1_000
                ),
            )
        }))
    }
}
