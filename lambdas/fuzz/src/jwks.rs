//! A JSON Web Key Set, as an issuer's server may answer.

use std::sync::OnceLock;

use authorizer::issuers::{KeySet, Trusted, check, parse};
use chat::clock::Timestamp;
use serde_json::json;

use crate::signer::Signer;

/// Tokens of the issuer by keys that no set can have: of this process, and a secret that anybody
/// may put into one.
fn world() -> &'static (Trusted, Vec<String>) {
    static WORLD: OnceLock<(Trusted, Vec<String>)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let entry = json!([{
            "namespace": "idp", "issuer": "https://idp.example", "audience": "parley",
            "jwksUrl": "https://idp.example/keys",
        }]);
        let claims = json!({
            "iss": "https://idp.example", "aud": "parley", "sub": "ada",
            "iat": 1_700_000_000, "exp": 1_700_000_900,
        });
        let sign = |signer: &Signer, header: &str| signer.sign(header, &claims.to_string());
        let tokens = vec![
            sign(&Signer::p256(), r#"{"alg":"ES256"}"#),
            sign(&Signer::p256(), r#"{"alg":"ES256","kid":"1"}"#),
            sign(&Signer::ed25519(), r#"{"alg":"EdDSA","kid":"1"}"#),
            sign(&Signer::secret(b"01234567890123456789012345678901"), r#"{"alg":"HS256"}"#),
            sign(&Signer::secret(b""), r#"{"alg":"HS256","kid":"1"}"#),
        ];
        (parse(&entry.to_string()).unwrap().remove(0), tokens)
    })
}

pub(crate) fn run(data: &[u8]) {
    let Ok(keys) = KeySet::from_jwks(data) else { return };
    let (trusted, tokens) = world();
    for token in tokens {
        let checked = check(token, &keys, trusted, Timestamp(1_700_000_000_000));
        assert!(checked.is_err(), "a key set took a stranger's token");
    }
}
