//! Who an outside token's subject is here: one person per issuer and subject, under a name that no
//! account of this chat can have.

use aws_lc_rs::digest::{self, Context};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chat::accounts::UserName;
use chat::identity::Identity;
use serde_json::Value;

use super::Trusted;
use super::token::{Claims, Refused};

/// What the user id of an outside person begins with; those of accounts begin with `u_`.
const PREFIX: &str = "x_";

/// The person. Whatever else the token claims about them means nothing.
pub(super) fn of(trusted: &Trusted, claims: &Claims) -> Result<Identity, Refused> {
    let claimed = claims.others.get(&trusted.name_claim).and_then(Value::as_str);
    let name = claimed.and_then(name).or_else(|| name(&claims.sub));
    let name = name.ok_or(Refused("neither the name claim nor sub is a user name"))?;
    Ok(Identity {
        user_id: user_id(&trusted.issuer, &claims.sub),
        username: format!("{}/{name}", trusted.namespace),
        session_id: None,
        expires_at: Some(claims.exp),
    })
}

/// The issuer's length stands first, so that no two pairs are the same bytes.
fn user_id(issuer: &str, subject: &str) -> String {
    let mut hash = Context::new(&digest::SHA256);
    let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX);
    hash.update(&length.to_be_bytes());
    hash.update(issuer.as_bytes());
    hash.update(subject.as_bytes());
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(hash.finish()))
}

/// A name that an account could have, in its one form.
fn name(text: &str) -> Option<UserName> {
    UserName::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_issuer_and_subject() {
        let ada = user_id("https://a.example", "ada");
        assert_eq!(ada, user_id("https://a.example", "ada"));
        assert_eq!(ada.len(), 2 + 43);
        for (issuer, subject) in [
            ("https://b.example", "ada"),
            ("https://a.example", "Ada"),
            ("https://a.examplea", "da"),
            ("https://a.exampl", "eada"),
            ("", "https://a.exampleada"),
        ] {
            assert_ne!(ada, user_id(issuer, subject), "{issuer} {subject}");
        }
    }

    #[test]
    fn an_id_stays_what_it_is() {
        // Rows are kept under it.
        let id = user_id("https://intranet.example", "42");
        assert_eq!(id, "x_do7D3q3qXwhiQHYmZJ3No0kgbiFxDte2V0zUkj92VcM");
    }
}
