//! A token of an outside issuer. Input is a token as it stands, or, behind the first letter of a
//! kind of key and a line feed, a header and claims that the issuer's key signs. The time is
//! [`NOW`].

use std::sync::OnceLock;

use authorizer::issuers::{KeySet, Trusted, check, parse};
use chat::clock::Timestamp;
use serde_json::{Value, json};

use crate::signer::Signer;

/// The time of every check, in seconds since 1970.
const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://intranet.example";
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// An issuer with each kind of key, by a letter: a secret, P-256, Ed25519.
struct World {
    trusted: Trusted,
    keys: [(char, Signer, KeySet); 3],
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let entry = json!([{
            "namespace": "intranet", "issuer": ISSUER, "audience": "parley",
            "nameClaim": "username", "secretFile": "none",
        }]);
        let public = |signer: &Signer| KeySet::from_pem(&signer.public_pem).unwrap();
        let (p256, ed25519) = (Signer::p256(), Signer::ed25519());
        let (of_p256, of_ed25519) = (public(&p256), public(&ed25519));
        let secret = KeySet::from_secret(SECRET).unwrap();
        World {
            trusted: parse(&entry.to_string()).unwrap().remove(0),
            keys: [
                ('s', Signer::secret(SECRET), secret),
                ('p', p256, of_p256),
                ('e', ed25519, of_ed25519),
            ],
        }
    })
}

pub(crate) fn run(data: &[u8]) {
    let input = crate::text(data);
    let World { trusted, keys } = world();
    let now = Timestamp(NOW * 1_000);
    for (letter, signer, set) in keys {
        let parts = input.strip_prefix(*letter).and_then(|rest| rest.strip_prefix('\n'));
        let Some((header, claims)) = parts.and_then(|parts| parts.split_once('\n')) else {
            assert!(check(input, set, trusted, now).is_err(), "nobody signed this");
            continue;
        };
        let token = signer.sign(header, claims);
        for (other, _, set) in keys.iter().filter(|(other, ..)| other != letter) {
            assert!(check(&token, set, trusted, now).is_err(), "{letter} passed for {other}");
        }
        let Ok(person) = check(&token, set, trusted, now) else { continue };

        // What was let in is right by a reading of its own.
        let header: Value = serde_json::from_str(header).unwrap();
        let alg = if *letter == 's' {
            "HS256"
        } else if *letter == 'p' {
            "ES256"
        } else {
            "EdDSA"
        };
        assert_eq!(header["alg"], alg);
        assert!(header["crit"].is_null());
        let claims: Value = serde_json::from_str(claims).unwrap();
        assert_eq!(claims["iss"], ISSUER);
        assert!([json!("parley"), json!(["parley"])].contains(&claims["aud"]));
        assert!((1..=255).contains(&claims["sub"].as_str().unwrap().len()));
        let time = |name: &str| claims[name].as_i64().unwrap();
        assert!(time("exp") >= NOW - 30 && time("iat") <= NOW + 30);
        assert!(time("exp").saturating_sub(time("iat")) <= 900);
        assert!(claims["nbf"].is_null() || time("nbf") <= NOW + 30);
        assert!(person.user_id.starts_with("x_") && person.session_id.is_none());
        assert_eq!(person.expires_at, Some(time("exp")));
        let name = person.username.strip_prefix("intranet/").unwrap();
        assert!((2..=32).contains(&name.chars().count()));
        assert!(!name.contains(['/', '<', '>', '&', '"', ' ']));
        assert!(!name.chars().any(char::is_control));
    }
}
