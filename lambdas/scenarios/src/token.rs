//! JWTs taken apart and put together by hand: a library that refuses to make a bad token is of no
//! use to who must send some.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use protocol::Jwk;
use serde_json::{Map, Value, json};

use crate::{Failure, Outcome};

/// What comes before the point in the DER of a public key on P-256 (RFC 5480).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A token's two readable parts.
#[derive(Clone)]
pub struct Token {
    /// `alg`, `typ`, `kid`.
    pub header: Map<String, Value>,
    /// `sub`, `exp` and the others.
    pub claims: Map<String, Value>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("header", &self.header).finish_non_exhaustive()
    }
}

/// A private key on the curve P-256.
#[derive(Debug)]
pub struct SigningKey(EcdsaKeyPair);

/// A public key on the curve P-256.
#[derive(Debug)]
pub struct PublicKey {
    point: Vec<u8>,
}

impl Token {
    /// Takes a token apart, without asking whether it is genuine.
    ///
    /// # Errors
    /// When it is no JWT.
    pub fn read(token: &str) -> Result<Self, Failure> {
        let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part));
        let (Some(header), Some(claims)) = (parts.next(), parts.next()) else {
            return Err(Failure::new("a token has three parts"));
        };
        Ok(Self {
            header: serde_json::from_slice(&header?)?,
            claims: serde_json::from_slice(&claims?)?,
        })
    }

    /// A token that says nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self { header: Map::new(), claims: Map::new() }
    }

    /// With one field of the header changed; null takes it away.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    /// With one claim changed; null takes it away.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// With its times as a token's of this age and life, in seconds.
    #[must_use]
    pub fn times(self, now: i64, age: i64, life: i64) -> Self {
        self.claim("iat", now - age).claim("exp", now - age + life)
    }

    fn signing_input(&self) -> String {
        let part =
            |fields: &Map<String, Value>| BASE64_URL_SAFE_NO_PAD.encode(json!(fields).to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    /// The token with this signature.
    #[must_use]
    pub fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.signing_input(), BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The token with the signature of another.
    #[must_use]
    pub fn with_signature_of(&self, token: &str) -> String {
        let signature = token.rsplit('.').next().unwrap_or_default();
        format!("{}.{signature}", self.signing_input())
    }

    /// The token as ES256 signs it.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn signed(&self, key: &SigningKey) -> Result<String, Failure> {
        let signature = key.0.sign(&SystemRandom::new(), self.signing_input().as_bytes())?;
        Ok(self.with_signature(signature.as_ref()))
    }

    /// The token as HS256 signs it.
    #[must_use]
    pub fn signed_with_secret(&self, secret: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        self.with_signature(hmac::sign(&key, self.signing_input().as_bytes()).as_ref())
    }
}

fn set(fields: &mut Map<String, Value>, name: &str, value: Value) {
    if value.is_null() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value);
    }
}

impl SigningKey {
    /// A key that no server knows.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn random() -> Result<Self, Failure> {
        Ok(Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?))
    }

    /// Reads a key in PKCS#8 PEM.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(pem: &str) -> Result<Self, Failure> {
        let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64_STANDARD.decode(base64)?;
        Ok(Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)?))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { point: self.0.public_key().as_ref().to_vec() }
    }
}

impl PublicKey {
    /// Reads a published key.
    ///
    /// # Errors
    /// When its coordinates are not base64url.
    pub fn from_jwk(key: &Jwk) -> Result<Self, Failure> {
        let mut point = vec![4];
        point.extend(BASE64_URL_SAFE_NO_PAD.decode(&key.x)?);
        point.extend(BASE64_URL_SAFE_NO_PAD.decode(&key.y)?);
        Ok(Self { point })
    }

    /// The forms in which a verifier may hold it, any of which a careless one takes for the secret
    /// of an HS256 token.
    #[must_use]
    pub fn as_secrets(&self) -> Vec<Vec<u8>> {
        let der = [SPKI_PREFIX.as_slice(), &self.point].concat();
        let base64 = BASE64_STANDARD.encode(&der);
        let lines: Vec<&str> = [base64.get(..64), base64.get(64..)].into_iter().flatten().collect();
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"));
        vec![self.point.clone(), der, pem.clone().into_bytes(), format!("{pem}\n").into_bytes()]
    }

    /// Whether a token is signed by its private half.
    ///
    /// # Errors
    /// When it is not.
    pub fn verify(&self, token: &str) -> Outcome {
        let (input, signature) =
            token.rsplit_once('.').ok_or_else(|| Failure::new("a token has three parts"))?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.point)
            .verify(input.as_bytes(), &signature)?;
        Ok(())
    }
}
