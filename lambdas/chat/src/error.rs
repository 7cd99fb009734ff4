//! What can go wrong inside a function, and what of it a client may know.

use std::error::Error as StdError;
use std::fmt;

use protocol::{ErrorBody, ErrorCode};

/// A failed operation. Its text never repeats its source's: [`Chain`] prints all of them, once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request itself was refused: nothing is wrong with the server.
    #[error("refused: {}", .0.message)]
    Refused(ErrorBody),
    /// The room stayed contended for as long as a send may take; the outcome is unknown.
    #[error("the room's log was contended for too long")]
    Contended(#[source] Option<Source>),
    /// A call to a service failed for good.
    #[error("{operation} of {resource} failed")]
    Service {
        /// The API operation, as in `Query`.
        operation: &'static str,
        /// What it was made on: a table, a key.
        resource: &'static str,
        /// What the service's client said.
        #[source]
        source: Source,
    },
    /// A stored row is not of the form that this version reads.
    #[error("a row of {table} cannot be read")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with it; never its values.
        #[source]
        source: Source,
    },
    /// What was asked for is done in part only; doing it again does the rest.
    #[error("{0}")]
    Unfinished(&'static str),
    /// An event without what its route always carries.
    #[error("the event has no {0}")]
    Event(&'static str),
    /// The machine gave no random numbers, or another thing that never fails did.
    #[error("{0}")]
    Fault(&'static str),
}

/// The cause of an [`Error`].
pub type Source = Box<dyn StdError + Send + Sync>;

impl Error {
    /// A refusal.
    pub fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused(ErrorBody::new(code, message))
    }

    /// For `map_err` on a call to a service.
    pub fn service<E: Into<Source>>(
        operation: &'static str,
        resource: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Service { operation, resource, source: source.into() }
    }

    /// For `map_err` on reading a row.
    pub fn row<E: Into<Source>>(table: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Row { table, source: source.into() }
    }

    /// A short, fixed name for alarms to group by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "Refused",
            Self::Contended(_) => "Contended",
            Self::Service { .. } => "Service",
            Self::Row { .. } => "Row",
            Self::Unfinished(_) => "Unfinished",
            Self::Event(_) => "Event",
            Self::Fault(_) => "Fault",
        }
    }

    /// What the client is told: a refusal as it is, everything else without internal detail.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        match self {
            Self::Refused(body) => body.clone(),
            Self::Contended(_) => ErrorBody {
                retry_after_ms: Some(500),
                ..ErrorBody::new(ErrorCode::Busy, "The room is busy. Please send it again.")
            },
            Self::Service { .. } | Self::Unfinished(_) => ErrorBody {
                retry_after_ms: Some(1_000),
                ..ErrorBody::new(
                    ErrorCode::Unavailable,
                    "A service that the chat stands on did not answer. Please try again.",
                )
            },
            Self::Row { .. } | Self::Event(_) | Self::Fault(_) => {
                ErrorBody::new(ErrorCode::Internal, "Something went wrong on the server.")
            }
        }
    }

    /// Writes the failure to the log, whole and once. A refusal is the client's business, and a
    /// contended room is load: neither is an error that should wake somebody.
    pub fn log(&self) {
        match self {
            Self::Refused(body) => tracing::debug!(code = ?body.code, "Request refused."),
            Self::Contended(_) => {
                tracing::warn!(kind = self.kind(), error = %Chain(self), "Request failed.");
            }
            _ => tracing::error!(kind = self.kind(), error = %Chain(self), "Request failed."),
        }
    }
}

/// Prints an error and all its causes on one line.
pub struct Chain<'a>(pub &'a (dyn StdError + 'static));

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(feature = "lambda")]
impl From<Error> for lambda_runtime::Diagnostic {
    fn from(error: Error) -> Self {
        Self { error_type: error.kind().to_owned(), error_message: Chain(&error).to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_the_chain_and_the_client_does_not() {
        let error = Error::service("Query", "messages")(std::io::Error::other("socket 17 closed"));
        assert_eq!(Chain(&error).to_string(), "Query of messages failed: socket 17 closed");
        assert!(!error.body().message.contains("17"));
        assert!(error.body().retryable);
    }
}
