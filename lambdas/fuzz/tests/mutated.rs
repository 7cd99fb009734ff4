//! A token that is good, and no longer after any change.

// clippy.toml allows these in `#[test]` functions only; here all is test.
#![allow(clippy::string_slice, clippy::unwrap_used, reason = "a test fails by panicking")]

use authorizer::issuers::{KeySet, check, parse};
use chat::clock::Timestamp;
use chat::identity::{Keys, verify};
use fuzz::signer::Signer;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

/// What tokens are made of, and a little more.
const LETTERS: &str = "[A-Za-z0-9._=-]";

fn replaced(token: &str, place: Index, by: &str) -> String {
    let place = place.index(token.len());
    format!("{}{by}{}", &token[..place], &token[place + 1..])
}

/// All ways to change a token in one place.
fn changes(token: &str, place: Index, letter: &str) -> [String; 4] {
    let at = place.index(token.len() + 1);
    [
        replaced(token, place, letter),
        replaced(token, place, ""),
        format!("{}{letter}{}", &token[..at], &token[at..]),
        token[..place.index(token.len())].to_owned(),
    ]
}

proptest! {
    #[test]
    fn of_ours(place in any::<Index>(), letter in LETTERS) {
        let signer = Signer::p256();
        let listed = json!([{ "kid": "k", "pem": signer.public_pem }]).to_string();
        let keys = Keys::parse(&listed).unwrap();
        let now = Timestamp::now().seconds();
        let claims = json!({
            "iss": "parley", "aud": "parley-chat", "sub": "u_1", "name": "ada", "sid": "s_1",
            "jti": "j", "iat": now, "exp": now + 900,
        });
        let header = r#"{"typ":"at+jwt","alg":"ES256","kid":"k"}"#;
        let token = signer.sign(header, &claims.to_string());
        prop_assert!(verify(&token, &keys, now).is_ok());
        for changed in changes(&token, place, &letter) {
            prop_assert!(changed == token || verify(&changed, &keys, now).is_err(), "{}", changed);
        }
    }

    #[test]
    fn of_outside_issuers(place in any::<Index>(), letter in LETTERS) {
        let entry = json!([{
            "namespace": "intranet", "issuer": "https://intranet.example", "audience": "parley",
            "secretFile": "none",
        }]);
        let trusted = parse(&entry.to_string()).unwrap().remove(0);
        let secret = b"0123456789abcdef0123456789abcdef";
        let (p256, ed25519) = (Signer::p256(), Signer::ed25519());
        for (alg, keys, signer) in [
            ("HS256", KeySet::from_secret(secret).unwrap(), Signer::secret(secret)),
            ("ES256", KeySet::from_pem(&p256.public_pem).unwrap(), p256),
            ("EdDSA", KeySet::from_pem(&ed25519.public_pem).unwrap(), ed25519),
        ] {
            let claims = json!({
                "iss": "https://intranet.example", "aud": "parley", "sub": "ada",
                "iat": 1_700_000_000, "exp": 1_700_000_900,
            });
            let token = signer.sign(&json!({ "alg": alg }).to_string(), &claims.to_string());
            let now = Timestamp(1_700_000_000_000);
            prop_assert!(check(&token, &keys, &trusted, now).is_ok());
            for changed in changes(&token, place, &letter) {
                let checked = check(&changed, &keys, &trusted, now);
                prop_assert!(changed == token || checked.is_err(), "{}", changed);
            }
        }
    }
}
