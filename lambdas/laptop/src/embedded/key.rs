//! The key that signs access tokens on a laptop: P-256, in a file that its owner alone may read.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, Signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pem::{EncodeConfig, LineEnding, Pem};

use crate::private;

/// The label of PKCS#8 in PEM (RFC 7468, section 10).
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read, made, or kept from other users.
    #[error("the signing key {0}: {1}")]
    File(String, #[source] io::Error),
    /// The file holds something else.
    #[error("the signing key {0} is not a P-256 key in PKCS#8 PEM: move it away to get a new one")]
    Malformed(String),
    /// No key could be made.
    #[error("no signing key could be made")]
    Generate,
}

/// A P-256 key pair and its name.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
    public: Vec<u8>,
    kid: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
            .map_err(|_| KeyError::Generate)?;
        Self::from_pkcs8(document.as_ref()).ok_or(KeyError::Generate)
    }

    /// The key of a file, if there is the file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        let name = || path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(KeyError::File(name(), error)),
        };
        private::keep(path).map_err(|error| KeyError::File(name(), error))?;
        let key = from_pem(&text).and_then(|der| Self::from_pkcs8(&der));
        key.map(Some).ok_or_else(|| KeyError::Malformed(name()))
    }

    /// Writes the key to a file that must not be there, and to the disk.
    pub(super) fn create(&self, path: &Path) -> io::Result<()> {
        let mut file = private::options().write(true).create_new(true).open(path)?;
        file.write_all(self.pkcs8_pem().as_bytes())?;
        file.sync_all()
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der).ok()?;
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).ok()?;
        let public = public.as_ref().to_vec();
        // The name follows from the key: no two keys share one, and none needs to be kept.
        let hash = digest::digest(&digest::SHA256, &public);
        let kid = URL_SAFE_NO_PAD.encode(hash.as_ref().get(..12)?);
        Some(Self { pair, pkcs8: der.to_vec(), public, kid })
    }

    /// The key's name: the `kid` of a token's header, and the `KeyId` of a `Sign` call.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The private key, PKCS#8 DER.
    #[must_use]
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key, PKCS#8 PEM.
    #[must_use]
    pub fn pkcs8_pem(&self) -> String {
        to_pem(PRIVATE_KEY, &self.pkcs8)
    }

    /// The public key, `SubjectPublicKeyInfo` PEM.
    #[must_use]
    pub fn public_pem(&self) -> String {
        to_pem("PUBLIC KEY", &self.public)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Signature, Unspecified> {
        self.pair.sign(&SystemRandom::new(), message)
    }

    pub(crate) fn sign_digest(&self, hash: &[u8]) -> Result<Signature, Unspecified> {
        self.pair.sign_digest(&Digest::import_less_safe(hash, &digest::SHA256)?)
    }
}

fn to_pem(label: &str, der: &[u8]) -> String {
    let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, der), lines)
}

fn from_pem(text: &str) -> Option<Vec<u8>> {
    let pem = pem::parse(text).ok()?;
    (pem.tag() == PRIVATE_KEY).then(|| pem.into_contents())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("signing-key.pem");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        SigningKey::generate().unwrap().create(&path).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(SigningKey::read(&path).unwrap().is_some());
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_spoiled_file_is_refused_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("signing-key.pem");
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(SigningKey::read(&path), Err(KeyError::Malformed(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key");
    }

    #[test]
    fn the_key_does_not_reach_a_log() {
        let key = SigningKey::generate().unwrap();
        let shown = format!("{key:?}");
        assert!(!shown.contains("PRIVATE") && shown.len() < 80, "{shown}");
    }
}
