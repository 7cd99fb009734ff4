//! An access token of ours. Input is a token as it stands, or, behind a line feed, a header and
//! claims that our own key signs; `@` in the claims is now, `#` is 900 seconds later.

use std::sync::OnceLock;

use chat::clock::Timestamp;
use chat::identity::{AUDIENCE, ISSUER, Keys, LEEWAY, MAX_LIFE, TYPE, verify};
use serde_json::{Value, json};

use crate::signer::Signer;

/// The key's name.
const KID: &str = "k";

fn key() -> &'static (Signer, Keys) {
    static KEY: OnceLock<(Signer, Keys)> = OnceLock::new();
    KEY.get_or_init(|| {
        let signer = Signer::p256();
        let listed = json!([{ "kid": KID, "pem": signer.public_pem }]).to_string();
        (signer, Keys::parse(&listed).unwrap())
    })
}

pub(crate) fn run(data: &[u8]) {
    let input = crate::text(data);
    let (signer, keys) = key();
    let now = Timestamp::now().seconds();
    let Some((header, claims)) = input.strip_prefix('\n').and_then(|parts| parts.split_once('\n'))
    else {
        assert!(verify(input, keys, now).is_err(), "nobody signed this");
        return;
    };
    let claims = claims.replace('@', &now.to_string()).replace('#', &(now + 900).to_string());
    let Ok(taken) = verify(&signer.sign(header, &claims), keys, now) else { return };

    // What was let in is right by a reading of its own.
    let header: Value = serde_json::from_str(header).unwrap();
    assert_eq!((&header["kid"], &header["typ"]), (&json!(KID), &json!(TYPE)));
    assert_eq!(header["alg"], "ES256");
    let claims: Value = serde_json::from_str(&claims).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(AUDIENCE)));
    assert_eq!(claims["sub"], taken.sub.as_str());
    let time = |name: &str| claims[name].as_i64().unwrap();
    let slack = i64::try_from(LEEWAY).unwrap() + 2;
    assert!(time("exp") >= now - slack && time("iat") <= now + slack);
    assert!(time("exp").saturating_sub(time("iat")) <= MAX_LIFE);
}
