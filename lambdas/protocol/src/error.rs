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
    /// The call comes from a web page of another origin.
    ForeignOrigin,
    /// Nobody may sign up by themselves, or not with this address.
    SignUpClosed,
    /// The account's e-mail address is not confirmed yet.
    NotVerified,
    /// An administrator has disabled the account.
    AccountDisabled,
    /// There is no such room, or no such HTTP resource.
    NotFound,
    /// Somebody has this user name already.
    NameTaken,
    /// The e-mail address belongs to another account by now.
    EmailTaken,
    /// An account keeps its last e-mail address.
    LastEmail,
    /// The one-time link was used, replaced, or is too old.
    InvalidLink,
    /// This `clientId` was used for another write.
    ClientIdReused,
    /// Only who is in the room may do this: join it first.
    NotMember,
    /// It is not for this person to do.
    Forbidden,
    /// Whoever asks is in the room already.
    AlreadyMember,
    /// There is a room of this name already.
    RoomTaken,
    /// The person is in as many rooms as one may be.
    TooManyRooms,
    /// Too many tries: wait for as long as the answer says.
    RateLimited,
    /// The room is contended. The outcome is unknown: send the same `clientId` again.
    Busy,
    /// A service that Parley stands on did not answer. The outcome is unknown.
    Unavailable,
    /// A fault of ours, written to the log. The outcome is unknown.
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 24] = [
        Self::BadRequest,
        Self::UnknownAction,
        Self::TooLarge,
        Self::Unauthorized,
        Self::InvalidCredentials,
        Self::ForeignOrigin,
        Self::SignUpClosed,
        Self::NotVerified,
        Self::AccountDisabled,
        Self::NotFound,
        Self::NameTaken,
        Self::EmailTaken,
        Self::LastEmail,
        Self::InvalidLink,
        Self::ClientIdReused,
        Self::NotMember,
        Self::Forbidden,
        Self::AlreadyMember,
        Self::RoomTaken,
        Self::TooManyRooms,
        Self::RateLimited,
        Self::Busy,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Busy | Self::Unavailable | Self::Internal)
    }

    /// The HTTP status of a problem with this code.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized | Self::InvalidCredentials => 401,
            Self::ForeignOrigin
            | Self::SignUpClosed
            | Self::NotVerified
            | Self::AccountDisabled
            | Self::NotMember
            | Self::Forbidden => 403,
            Self::UnknownAction | Self::NotFound => 404,
            Self::NameTaken
            | Self::EmailTaken
            | Self::LastEmail
            | Self::ClientIdReused
            | Self::AlreadyMember
            | Self::RoomTaken
            | Self::TooManyRooms => 409,
            Self::InvalidLink => 410,
            Self::TooLarge => 413,
            Self::RateLimited => 429,
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
