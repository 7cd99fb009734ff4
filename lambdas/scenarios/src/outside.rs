use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::token::Token;
use crate::{Body, Failure};

/// An outside issuer that the body trusts, and shares a secret with.
#[derive(Clone)]
pub struct Outside {
    /// `iss` of its tokens.
    pub issuer: String,
    /// `aud` of its tokens.
    pub audience: String,
    /// What stands before the names of its people.
    pub namespace: String,
    /// The key of HS256.
    pub secret: String,
}

// By hand: it holds a secret.
impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Outside {
    /// The issuer that every body of the suite is told of, with this secret.
    #[must_use]
    pub fn intranet(secret: &str) -> Self {
        Self {
            issuer: "https://intranet.example".to_owned(),
            audience: "parley".to_owned(),
            namespace: "intranet".to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// A good token for somebody, to be signed or spoilt.
    ///
    /// # Errors
    /// When the clock is wrong.
    pub fn token(&self, subject: &str, name: &str) -> Result<Token, Failure> {
        let token = Token::empty()
            .header("alg", "HS256")
            .header("typ", "JWT")
            .claim("iss", &*self.issuer)
            .claim("aud", &*self.audience)
            .claim("sub", subject)
            // Which of them the name is taken from is for the body's settings to say.
            .claim("name", json!(name))
            .claim("username", json!(name));
        Ok(token.times(now()?, 0, 600))
    }

    /// A token as this issuer signs it.
    #[must_use]
    pub fn signed(&self, token: &Token) -> String {
        token.signed_with_secret(self.secret.as_bytes())
    }
}

/// Seconds since 1970.
///
/// # Errors
/// When the clock is wrong.
pub fn now() -> Result<i64, Failure> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?)
}

impl Body {
    /// The outside issuer.
    ///
    /// # Errors
    /// When there is none.
    pub fn outside(&self) -> Result<&Outside, Failure> {
        self.outside.as_ref().ok_or_else(|| Failure::new("there is no outside issuer"))
    }
}
