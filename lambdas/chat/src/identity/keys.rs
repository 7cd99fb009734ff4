//! The public keys that access tokens are verified with.

use std::collections::HashMap;
use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
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
                    Ok(key) if is_p256(&key) => Ok((kid, key)),
                    _ => Err(KeyError::Key(kid)),
                }
            });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    pub(super) fn get(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid)
    }
}

/// A key on another curve would be taken, and then verify nothing.
fn is_p256(key: &DecodingKey) -> bool {
    let point = key.try_get_as_bytes();
    point.is_ok_and(|point| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pem: &str) -> Result<Keys, KeyError> {
        Keys::parse(&serde_json::json!([{ "kid": "k", "pem": pem }]).to_string())
    }

    #[test]
    fn only_keys_on_p256_are_taken() {
        let on_p256 = "-----BEGIN PUBLIC KEY-----\n\
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n\
            q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n\
            -----END PUBLIC KEY-----\n";
        let on_p384 = "-----BEGIN PUBLIC KEY-----\n\
            MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2ecwY5B/zEeg+ElVxMZMw/8ll78l/4I4\n\
            /4PWSJutGmDOfxYoUyZu4fbBzDn0dTw41UIlJl708y2lMGbtRufQ+UxQjbD6EEcr\n\
            kHwPoiUt8xLPS5IDJnP1/Ux/DvdhNwrn\n\
            -----END PUBLIC KEY-----\n";
        assert!(parse(on_p256).is_ok());
        for bad in [on_p384, "", &on_p256.replace("PUBLIC", "PRIVATE")] {
            let error = parse(bad).unwrap_err().to_string();
            assert_eq!(error, "key k is not a public key on P-256", "{bad}");
        }
    }
}
