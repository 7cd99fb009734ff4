use serde::{Deserialize, Serialize};

use crate::ErrorCode;

/// Who may make an account without an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Anybody.
    Open,
    /// Whoever reads mail at one of the listed domains.
    Domain,
    /// Nobody: an administrator makes accounts.
    Closed,
}

/// Answer of `GET /v1/sign-up`: what the sign-up form has to ask for, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignUpPolicy {
    /// Who may sign up.
    pub sign_up: SignUp,
    /// The domains of `domain`; else none.
    pub domains: Vec<String>,
    /// Whether an account needs an e-mail address that its owner has confirmed before the first login.
    pub verify_email: bool,
    /// Whether mail can be sent: without it no address can be confirmed, and no password reset.
    pub mail: bool,
}

/// Body of `POST /v1/accounts`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NewAccount {
    /// The name others will see.
    pub username: String,
    /// The password.
    pub password: String,
    /// Where a link goes that confirms the address. Needed where the policy says `verifyEmail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub email: Option<String>,
}

/// Whether an account can be logged in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// It can.
    Active,
    /// Not before the link in the mail was opened, within 24 hours.
    Unverified,
}

/// Answer of `POST /v1/accounts`: the same whether or not the e-mail address is known already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignedUp {
    /// My name.
    pub username: String,
    /// Who I am: `u_...`.
    pub user_id: String,
    /// Whether I can log in.
    pub status: AccountStatus,
}

/// Body of the calls that send a mail to whoever this is: `POST /v1/accounts/link` (the link of the
/// sign-up once more) and `POST /v1/password/forgot`. Answered with 202 whoever it is.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LoginName {
    /// A user name or an e-mail address.
    pub login: String,
}

/// Body of `POST /v1/emails/verify`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct VerifyEmail {
    /// What the link holds behind `#token=`.
    pub token: String,
}

/// Answer of `POST /v1/emails/verify`: what was confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedEmail {
    /// Whose account it is.
    pub username: String,
    /// The address, which may be logged in with from now on.
    pub email: String,
}

/// Body of `POST /v1/emails`: sends a link to an address that shall belong to my account.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NewEmail {
    /// The address.
    pub email: String,
    /// My password once more: an address can reset it.
    pub password: String,
}

/// Body of `POST /v1/emails/unlink`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct UnlinkEmail {
    /// One of my addresses, but not the last.
    pub email: String,
}

/// Answer of `GET /v1/emails`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Emails {
    /// My confirmed addresses.
    pub emails: Vec<String>,
}

/// Body of `POST /v1/password`: ends my other sessions.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ChangePassword {
    /// The password of now.
    pub current: String,
    /// The one to be.
    pub password: String,
}

/// Body of `POST /v1/password/reset`: ends all my sessions.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ResetPassword {
    /// What the link holds behind `#token=`.
    pub token: String,
    /// The password to be.
    pub password: String,
}

/// Body of `POST /v1/sessions`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    /// A user name, or a confirmed e-mail address.
    pub login: String,
    /// The password.
    pub password: String,
}

// Written by hand, so that no password, token or address can reach a log by way of `{:?}`.
macro_rules! debug_without_fields {
    ($($type:ident),* $(,)?) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }
    )*};
}

debug_without_fields!(
    NewAccount,
    LoginName,
    VerifyEmail,
    VerifiedEmail,
    NewEmail,
    UnlinkEmail,
    Emails,
    ChangePassword,
    ResetPassword,
    NewSession,
    Session,
    Ticket,
);

/// Answer of `POST /v1/sessions` and `POST /v1/sessions/refresh`, beside the refresh cookie.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// My name.
    pub username: String,
    /// Who I am: `u_...`.
    pub user_id: String,
    /// A JWT for the `Authorization: Bearer` header.
    pub access_token: String,
    /// How long it is good for, in seconds.
    #[cfg_attr(test, ts(type = "number"))]
    pub expires_in: u64,
}

/// Answer of `POST /v1/tickets`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// What goes into the socket's `?token=`, once: `t_...`.
    pub ticket: String,
    /// How long it is good for, in seconds.
    #[cfg_attr(test, ts(type = "number"))]
    pub expires_in: u64,
}

/// One of my sessions: a browser or program that is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// Its name, for `DELETE /v1/sessions/{id}`: `s_...`.
    pub id: String,
    /// When it was logged in.
    pub created_at: String,
    /// When it last got an access token.
    pub last_used_at: String,
    /// What the program called itself (`User-Agent`), cut to 256 bytes.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Answer of `GET /v1/sessions`: the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Sessions {
    /// My sessions that have not ended.
    pub sessions: Vec<SessionInfo>,
}

/// What somebody may do beyond chatting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Nothing.
    #[default]
    User,
    /// What rooms and moderation will ask for. Given from the command line only.
    Admin,
}

/// Answer of `GET /v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// My name.
    pub username: String,
    /// Who I am: `u_...`.
    pub user_id: String,
    /// What I may do.
    pub role: Role,
}

/// A refused HTTP call: a problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Always `about:blank`: `code` says the kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence for a person.
    pub detail: String,
    /// What kind of refusal.
    pub code: ErrorCode,
    /// The field of the body that was refused, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub field: Option<String>,
    /// How long to wait before the same call may succeed, in seconds: as the header `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "number", optional))]
    pub retry_after: Option<u64>,
}

/// Answer of `GET /.well-known/jwks.json` (RFC 7517).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys that sign access tokens.
    pub keys: Vec<Jwk>,
}

/// A public key on the curve P-256 (RFC 7518, section 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `EC`.
    pub kty: String,
    /// Always `P-256`.
    pub crv: String,
    /// Always `ES256`.
    pub alg: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The key's name, which a token's header repeats.
    pub kid: String,
    /// The point's first coordinate, base64url.
    pub x: String,
    /// The point's second coordinate, base64url.
    pub y: String,
}
