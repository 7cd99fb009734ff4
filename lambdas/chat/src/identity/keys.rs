//! The public keys that access tokens are verified with.

use std::collections::HashMap;
use std::fmt;

use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};

/// A public key as the setting `PUBLIC_KEYS` lists it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublicKey {
    /// The name that a token's header gives.
    pub kid: String,
    /// `SubjectPublicKeyInfo` in PEM, on the curve P-256.
    pub pem: String,
}

/// Why `PUBLIC_KEYS` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not the JSON that is expected.
    #[error("not a JSON list of {{kid, pem}}")]
    Json(#[from] serde_json::Error),
    /// Nothing to verify with.
    #[error("no key")]
    Empty,
    /// A key that is none.
    #[error("key {0} is not a public key on P-256")]
    Key(String),
}

/// The keys by their names: the one place where a token's `kid` is looked up, and never fetched.
#[derive(Clone, Default)]
pub struct Keys(HashMap<String, DecodingKey>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Keys {
    /// Reads the setting: a JSON list of [`PublicKey`].
    ///
    /// # Errors
    /// When it is not that, or empty.
    pub fn parse(setting: &str) -> Result<Self, KeyError> {
        let listed: Vec<PublicKey> = serde_json::from_str(setting)?;
        if listed.is_empty() {
            return Err(KeyError::Empty);
        }
        let keys =
            listed.into_iter().map(|PublicKey { kid, pem }| {
                match DecodingKey::from_ec_pem(pem.as_bytes()) {
                    Ok(key) => Ok((kid, key)),
                    Err(_) => Err(KeyError::Key(kid)),
                }
            });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    pub(super) fn get(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid)
    }
}
