//! What a transaction was cancelled for, and whether to try it again.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

/// The first retry's longest wait; it doubles with every try.
const BACKOFF_BASE: Duration = Duration::from_millis(20);
/// A retry's longest wait.
const BACKOFF_CAP: Duration = Duration::from_millis(400);
/// `CancellationReason.Code` of a condition that did not hold (`TransactWriteItems` reference).
const CONDITION_FAILED: &str = "ConditionalCheckFailed";
/// Values of `CancellationReason.Code` that pass with time (same source).
const PASSING: [&str; 3] =
    ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];

/// Why each action of a transaction was cancelled, in their order; nothing for another failure.
pub(crate) fn reasons(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons()
        }
        _ => &[],
    }
}

/// Whether the condition of an action did not hold.
pub(crate) fn failed_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some(CONDITION_FAILED)
}

/// Whether the same transaction may succeed later: after a conflict, a throttle, a fault of the
/// service, or no answer at all.
pub(crate) fn may_pass(error: &SdkError<TransactWriteItemsError>) -> bool {
    use TransactWriteItemsError as E;
    match error {
        SdkError::ServiceError(answer) => match answer.err() {
            E::TransactionCanceledException(cancelled) => {
                cancelled.cancellation_reasons().iter().all(|reason| match reason.code() {
                    None | Some("None") => true,
                    Some(code) => PASSING.contains(&code),
                })
            }
            E::TransactionInProgressException(_)
            | E::ProvisionedThroughputExceededException(_)
            | E::RequestLimitExceeded(_)
            | E::InternalServerError(_) => true,
            other => {
                answer.raw().status().is_server_error()
                    || other.meta().code().is_some_and(|code| code.starts_with("Throttling"))
            }
        },
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        _ => false,
    }
}

/// Full jitter: anything from nothing to the doubling bound.
pub(crate) fn backoff(tries: u32) -> Duration {
    let bound = BACKOFF_BASE.saturating_mul(1 << tries.min(8)).min(BACKOFF_CAP);
    bound.mul_f64(fastrand::f64())
}
