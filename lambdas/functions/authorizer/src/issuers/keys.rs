//! An issuer's keys. The kind of a key decides with which algorithms it may be used, never a token.

use std::fmt;

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use jsonwebtoken::{Algorithm, DecodingKey};

/// The shortest shared secret, in bytes: as long as the hash (RFC 7518, section 3.2).
pub(super) const SECRET_MIN: usize = 32;
/// The shortest RSA modulus, in bits (RFC 7518, section 3.3).
pub(super) const RSA_BITS_MIN: usize = 2_048;
/// The label of `SubjectPublicKeyInfo` in PEM (RFC 7468, section 13).
const PUBLIC_KEY: &str = "PUBLIC KEY";

/// What an RSA key verifies.
pub(super) const RSA: &[Algorithm] = &[Algorithm::RS256, Algorithm::PS256];
/// What a key on P-256 verifies.
pub(super) const P256: &[Algorithm] = &[Algorithm::ES256];
/// What an Ed25519 key verifies.
pub(super) const ED: &[Algorithm] = &[Algorithm::EdDSA];
/// What a shared secret verifies.
const SECRET: &[Algorithm] = &[Algorithm::HS256];

/// The keys of one issuer, or one that it shares with this chat.
#[derive(Clone, Default)]
pub struct KeySet {
    pub(super) keys: Vec<Key>,
    /// Whether a token's `kid` says nothing: there is one key, and it has no name.
    pub(super) unnamed: bool,
}

/// A key, and what it is for.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) decoding: DecodingKey,
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.kid)).finish()
    }
}

impl KeySet {
    fn one(algorithms: &[Algorithm], decoding: DecodingKey) -> Self {
        let key = Key { kid: None, algorithms: algorithms.to_vec(), decoding };
        Self { keys: vec![key], unnamed: true }
    }

    /// The public key of a PEM text: RSA with at least 2,048 bits, P-256 or Ed25519.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_pem(text: &str) -> Result<Self, &'static str> {
        let pem = pem::parse(text).map_err(|_| "the public key is not PEM")?;
        if pem.tag() != PUBLIC_KEY {
            return Err("the public key is not a PUBLIC KEY in PEM (SubjectPublicKeyInfo)");
        }
        let der = pem.contents();
        let text = text.as_bytes();
        let found = if let Ok(key) = PublicEncryptingKey::from_der(der) {
            if key.key_size_bits() < RSA_BITS_MIN {
                return Err("the public key has fewer than 2048 bits");
            }
            DecodingKey::from_rsa_pem(text).map(|key| (RSA, key))
        } else if ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, der).is_ok() {
            DecodingKey::from_ec_pem(text).map(|key| (P256, key))
        } else if ParsedPublicKey::new(&ED25519, der).is_ok() {
            DecodingKey::from_ed_pem(text).map(|key| (ED, key))
        } else {
            return Err(
                "the public key is neither RSA of 2048 bits or more, nor P-256, nor Ed25519",
            );
        };
        let (algorithms, key) = found.map_err(|_| "the public key cannot be read")?;
        Ok(Self::one(algorithms, key))
    }

    /// A shared secret, if it is long enough. White space around it does not count.
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Option<Self> {
        let secret = secret.trim_ascii();
        (secret.len() >= SECRET_MIN).then(|| Self::one(SECRET, DecodingKey::from_secret(secret)))
    }

    /// Whether a token's `kid` names one of these keys; a token without one asks for no other.
    pub(super) fn knows(&self, kid: Option<&str>) -> bool {
        kid.is_none() || self.keys.iter().any(|key| key.kid.as_deref() == kid)
    }

    /// The key for a token: by its `kid` among these; without a `kid`, the only one that fits.
    pub(super) fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let any = kid.is_none() || self.unnamed;
        let mut fitting = self.keys.iter().filter(|key| {
            key.algorithms.contains(&algorithm) && (any || key.kid.as_deref() == kid)
        });
        let key = fitting.next()?;
        fitting.next().is_none().then_some(&key.decoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_thirty_two_bytes() {
        assert!(KeySet::from_secret(&[b'x'; 31]).is_none());
        assert!(KeySet::from_secret(&[b'x'; 32]).is_some());
        assert!(KeySet::from_secret(format!("{}\n", "x".repeat(31)).as_bytes()).is_none());
        assert!(KeySet::from_secret(b"").is_none());
    }

    #[test]
    fn keys_do_not_reach_a_log() {
        let set = KeySet::from_secret(&[b'x'; 32]).unwrap();
        assert_eq!(format!("{set:?}"), "[None]");
    }
}
