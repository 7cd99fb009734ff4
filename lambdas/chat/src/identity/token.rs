//! Access tokens: JWTs that `accounts` signs and the verifiers read (RFC 7519, RFC 8725, RFC 9068).

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

use super::{Identity, Keys};

/// `iss` of every token of ours.
pub const ISSUER: &str = "parley";
/// `aud` of every token of ours.
pub const AUDIENCE: &str = "parley-chat";
/// `typ` of every token of ours (RFC 9068), so that no other kind of JWT passes for one.
pub const TYPE: &str = "at+jwt";
/// How long a token is good for, in seconds.
pub const TOKEN_LIFE: i64 = 15 * 60;
/// How far apart `iat` and `exp` may be, in seconds: an older design minted tokens without an end.
pub const MAX_LIFE: i64 = 15 * 60;
/// What two machines' clocks may differ by, in seconds.
pub const LEEWAY: u64 = 30;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: [`ISSUER`].
    pub iss: String,
    /// Audience: [`AUDIENCE`].
    pub aud: String,
    /// The user id.
    pub sub: String,
    /// The user name.
    pub name: String,
    /// The session it belongs to.
    pub sid: String,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Good until, in seconds since 1970.
    pub exp: i64,
    /// Its own name.
    pub jti: String,
}

impl From<Claims> for Identity {
    fn from(claims: Claims) -> Self {
        Self {
            user_id: claims.sub,
            username: claims.name,
            session_id: Some(claims.sid),
            expires_at: Some(claims.exp),
        }
    }
}

/// A token that proves nothing. The reason is for the log; a client learns only that it was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not a JWT of our type, or signed by no key of ours.
    #[error("{0}")]
    Form(&'static str),
    /// What jsonwebtoken found.
    #[error("the token does not verify")]
    Token(#[from] jsonwebtoken::errors::Error),
}

/// Verifies a token: ES256 alone, by the key that its `kid` names among ours.
///
/// # Errors
/// When anything about it is not as [`Claims`] and the constants of this module say.
pub fn verify(token: &str, keys: &Keys, now: i64) -> Result<Claims, Refused> {
    // Nothing is verified yet: what the parser says would quote a stranger in the log.
    let header = decode_header(token).map_err(|_| Refused::Form("the token is no JWT"))?;
    if header.typ.as_deref() != Some(TYPE) {
        return Err(Refused::Form("the token's typ is not ours"));
    }
    let kid = header.kid.as_deref().ok_or(Refused::Form("the token names no key"))?;
    let key = keys.get(kid).ok_or(Refused::Form("the token names no key of ours"))?;

    let mut rules = Validation::new(Algorithm::ES256);
    rules.leeway = LEEWAY;
    rules.set_audience(&[AUDIENCE]);
    rules.set_issuer(&[ISSUER]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = decode::<Claims>(token, key, &rules)?.claims;

    let leeway = i64::try_from(LEEWAY).unwrap_or_default();
    if claims.iat > now.saturating_add(leeway) {
        return Err(Refused::Form("the token is from the future"));
    }
    if claims.exp.saturating_sub(claims.iat) > MAX_LIFE {
        return Err(Refused::Form("the token is good for too long"));
    }
    Ok(claims)
}
