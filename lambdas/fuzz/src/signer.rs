//! Keys of this process, and tokens that they sign, so that a search gets behind the signature.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

/// A private key and its public half.
#[derive(Debug)]
pub struct Signer {
    algorithm: Algorithm,
    private: EncodingKey,
    /// `SubjectPublicKeyInfo` in PEM.
    pub public_pem: String,
}

fn signer(algorithm: Algorithm, private: EncodingKey, spki: &PublicKeyX509Der<'_>) -> Signer {
    let public_pem = pem::encode(&pem::Pem::new("PUBLIC KEY", spki.as_ref()));
    Signer { algorithm, private, public_pem }
}

impl Signer {
    /// A new key on P-256.
    #[must_use]
    pub fn p256() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
        let private = EncodingKey::from_ec_der(pkcs8.as_ref());
        signer(Algorithm::ES256, private, &pair.public_key().as_der().unwrap())
    }

    /// A new Ed25519 key.
    #[must_use]
    pub fn ed25519() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let private = EncodingKey::from_ed_der(pkcs8.as_ref());
        signer(Algorithm::EdDSA, private, &pair.public_key().as_der().unwrap())
    }

    /// A shared secret.
    #[must_use]
    pub fn secret(secret: &[u8]) -> Self {
        let private = EncodingKey::from_secret(secret);
        Self { algorithm: Algorithm::HS256, private, public_pem: String::new() }
    }

    /// A token of these two parts, whatever they hold.
    #[must_use]
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let encode = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = crypto::sign(message.as_bytes(), &self.private, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}
