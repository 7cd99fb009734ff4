use serde::{Deserialize, Serialize};

/// Why a request was refused: the one table of codes, for frames and for HTTP problems alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request is not of the form that its action takes.
    BadRequest,
    /// No function answers to this `action`.
    UnknownAction,
    /// A text or a frame is over its limit.
    TooLarge,
    /// No valid credential came with the request.
    Unauthorized,
    /// User name or password is wrong.
    InvalidCredentials,
    /// There is no such room, or no such HTTP resource.
    NotFound,
    /// Somebody has this user name already.
    NameTaken,
    /// This `clientId` was used for another message.
    ClientIdReused,
    /// The room is contended. The outcome is unknown: send the same `clientId` again.
    Busy,
    /// A service that Parley stands on did not answer. The outcome is unknown.
    Unavailable,
    /// A fault of ours, written to the log. The outcome is unknown.
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::BadRequest,
        Self::UnknownAction,
        Self::TooLarge,
        Self::Unauthorized,
        Self::InvalidCredentials,
        Self::NotFound,
        Self::NameTaken,
        Self::ClientIdReused,
        Self::Busy,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable | Self::Internal)
    }

    /// The HTTP status of a problem with this code.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized | Self::InvalidCredentials => 401,
            Self::UnknownAction | Self::NotFound => 404,
            Self::NameTaken | Self::ClientIdReused => 409,
            Self::TooLarge => 413,
            Self::Busy | Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

/// A refusal, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// What kind of refusal.
    pub code: ErrorCode,
    /// A sentence for a person, free of internal detail.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// How long to wait first, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub retry_after_ms: Option<u64>,
}

impl ErrorBody {
    /// A refusal whose `retryable` follows from its code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: code.retryable(), retry_after_ms: None }
    }
}
