//! Reads a JSON Web Key Set (RFC 7517).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::KeySet;
use super::keys::{ED, Key, P256, RSA, RSA_BITS_MIN};

/// The longest RSA modulus, in bits: a longer one only costs time.
const RSA_BITS_MAX: usize = 8_192;
/// The most keys of one issuer.
const KEYS_MAX: usize = 64;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// A key, as far as it matters here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// Private: a key that everybody can read proves nothing.
    d: Option<Value>,
}

impl KeySet {
    /// The public keys for signatures in a document. A key of another kind or use, a weak one, a
    /// secret or a private one is passed over.
    ///
    /// # Errors
    /// When it is no JSON Web Key Set.
    pub fn from_jwks(document: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(document)?;
        let keys = document.keys.into_iter().take(KEYS_MAX).filter_map(|key| read(key).ok()?);
        Ok(Self { keys: keys.collect(), unnamed: false })
    }
}

fn read(jwk: Value) -> Result<Option<Key>, serde_json::Error> {
    let jwk: Jwk = serde_json::from_value(jwk)?;
    let signs = jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
    let verifies = jwk.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
    if !signs || !verifies || jwk.d.is_some() {
        return Ok(None);
    }
    let found = match jwk.kty.as_str() {
        "RSA" => rsa(&jwk).map(|key| (RSA, key)),
        "EC" if jwk.crv.as_deref() == Some("P-256") => p256(&jwk).map(|key| (P256, key)),
        "OKP" if jwk.crv.as_deref() == Some("Ed25519") => ed25519(&jwk).map(|key| (ED, key)),
        _ => None,
    };
    let Some((fitting, decoding)) = found else { return Ok(None) };
    let mut algorithms = fitting.to_vec();
    if let Some(alg) = &jwk.alg {
        algorithms.retain(|algorithm| name(*algorithm) == alg);
    }
    Ok(Some(Key { kid: jwk.kid, algorithms, decoding }))
}

/// An algorithm as `alg` names it.
fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RS256 => "RS256",
        Algorithm::PS256 => "PS256",
        Algorithm::ES256 => "ES256",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text?).ok()
}

fn rsa(jwk: &Jwk) -> Option<DecodingKey> {
    let (n, e) = (bytes(jwk.n.as_ref())?, bytes(jwk.e.as_ref())?);
    let first = n.iter().position(|byte| *byte != 0)?;
    let n = n.get(first..)?;
    let unused = usize::try_from(n.first()?.leading_zeros()).ok()?;
    let bits = n.len().checked_mul(8)?.checked_sub(unused)?;
    (RSA_BITS_MIN..=RSA_BITS_MAX)
        .contains(&bits)
        .then(|| DecodingKey::from_rsa_raw_components(n, &e))
}

fn p256(jwk: &Jwk) -> Option<DecodingKey> {
    let (x, y) = (bytes(jwk.x.as_ref())?, bytes(jwk.y.as_ref())?);
    if x.len() != 32 || y.len() != 32 {
        return None;
    }
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).ok()?;
    Some(DecodingKey::from_ec_der(&point))
}

fn ed25519(jwk: &Jwk) -> Option<DecodingKey> {
    let x = bytes(jwk.x.as_ref())?;
    if x.len() != 32 {
        return None;
    }
    ParsedPublicKey::new(&ED25519, &x).ok()?;
    Some(DecodingKey::from_ed_der(&x))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of RFC 7517, appendix A.1.
    fn ec() -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "kid": "1",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        })
    }

    fn rsa_of(bits: usize) -> Value {
        let n = BASE64_URL_SAFE_NO_PAD.encode(vec![0xff; bits / 8]);
        json!({ "kty": "RSA", "kid": "2", "n": n, "e": "AQAB" })
    }

    fn with(mut jwk: Value, field: &str, value: &str) -> Value {
        jwk[field] = json!(value);
        jwk
    }

    fn read_all(keys: &[Value]) -> KeySet {
        KeySet::from_jwks(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn public_keys_for_signatures_are_taken() {
        for (good, algorithms) in [
            (ec(), P256),
            (with(ec(), "use", "sig"), P256),
            (with(ec(), "alg", "ES256"), P256),
            (rsa_of(2_048), RSA),
            (with(rsa_of(4_096), "alg", "PS256"), &[Algorithm::PS256]),
            (
                json!({ "kty": "OKP", "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
                ED,
            ),
        ] {
            assert_eq!(
                read_all(std::slice::from_ref(&good)).keys[0].algorithms,
                algorithms,
                "{good}"
            );
        }
    }

    #[test]
    fn others_are_passed_over_and_the_rest_is_taken() {
        for bad in [
            json!({ "kty": "oct", "kid": "1", "k": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE" }),
            with(ec(), "use", "enc"),
            with(ec(), "d", "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"),
            with(ec(), "crv", "P-384"),
            with(ec(), "x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D5"),
            with(ec(), "y", "AA"),
            with(ec(), "kty", "RSA"),
            rsa_of(1_024),
            rsa_of(2_040),
            rsa_of(16_384),
            json!({ "kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
            json!({ "kty": 1 }),
            json!({ "kty": "EC", "kid": ["1"] }),
            json!(null),
        ] {
            let mut other = ec();
            other["kid"] = json!("other");
            let set = read_all(&[bad.clone(), other]);
            assert_eq!(set.keys.len(), 1, "{bad}");
            assert!(set.knows(Some("other")), "{bad}");
        }
        let signing_only = json!({ "keys": [{ "kty": "EC", "key_ops": ["sign"] }] });
        assert!(KeySet::from_jwks(signing_only.to_string().as_bytes()).unwrap().keys.is_empty());
    }

    #[test]
    fn another_algorithm_is_never_taken_for_a_key() {
        let set = read_all(&[with(ec(), "alg", "HS256"), with(rsa_of(2_048), "alg", "none")]);
        for algorithm in [Algorithm::HS256, Algorithm::ES256, Algorithm::RS256] {
            assert!(set.select(Some("1"), algorithm).is_none());
            assert!(set.select(Some("2"), algorithm).is_none());
        }
    }

    #[test]
    fn without_a_name_the_only_fitting_key_is_taken() {
        let set = read_all(&[ec(), rsa_of(2_048)]);
        assert!(set.select(None, Algorithm::ES256).is_some());
        assert!(set.select(None, Algorithm::EdDSA).is_none());
        let two = read_all(&[ec(), with(ec(), "kid", "3")]);
        assert!(two.select(None, Algorithm::ES256).is_none());
        assert!(two.select(Some("3"), Algorithm::ES256).is_some());
    }

    #[test]
    fn no_key_set_is_an_error() {
        for bad in ["", "{}", "[]", "{\"keys\":1}", "<html>"] {
            assert!(KeySet::from_jwks(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
