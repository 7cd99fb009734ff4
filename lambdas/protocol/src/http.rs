use serde::{Deserialize, Serialize};

use crate::ErrorCode;

/// Body of `POST /v1/accounts`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NewAccount {
    /// The name others will see.
    pub username: String,
    /// The password.
    pub password: String,
}

/// Body of `POST /v1/sessions`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    /// A user name.
    pub login: String,
    /// The password.
    pub password: String,
}

// Written by hand, so that a password cannot reach a log by way of `{:?}`.
impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("username", &self.username).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession").field("login", &self.login).finish_non_exhaustive()
    }
}

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

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
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
