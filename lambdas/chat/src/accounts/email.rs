//! E-mail addresses.

use std::fmt;

use email_address::{EmailAddress, Options};
use protocol::limits::EMAIL_MAX;

/// An address, in ASCII and in small letters: hardly any server tells addresses apart by case, and people do not.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// A text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not an e-mail address.")]
pub struct EmailError;

// By hand: whose address it is, is nobody's business.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email")
    }
}

impl Email {
    /// Reads an address: `local@domain` (RFC 5322's `addr-spec`), without a name around it or an IP
    /// address in it.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        // The longer ones are not read at all.
        if text.len() > EMAIL_MAX {
            return Err(EmailError);
        }
        let options = Options::default().without_display_text().without_domain_literal();
        let address = EmailAddress::parse_with_options(text, options).map_err(|_| EmailError)?;
        let address = address.as_str().to_ascii_lowercase();
        // SES sends to ASCII alone ("SendEmail", SES API v2 reference); a domain of other letters has
        // a form in ASCII, Punycode. Quoted local parts may hold anything; no mailbox in use has one.
        let plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if plain { Ok(Self(address)) } else { Err(EmailError) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, read, domain) in [
            ("ada@example.com", "ada@example.com", "example.com"),
            (" Ada@Example.COM ", "ada@example.com", "example.com"),
            ("a.b+chat@sub.example.org", "a.b+chat@sub.example.org", "sub.example.org"),
            ("zoe@xn--exmple-cua.de", "zoe@xn--exmple-cua.de", "xn--exmple-cua.de"),
            ("root@localhost", "root@localhost", "localhost"),
        ] {
            let email = Email::parse(text).unwrap();
            assert_eq!((email.as_str(), email.domain()), (read, domain), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@b@c",
            "Ada <ada@example.com>",
            "ada@[127.0.0.1]",
            "ada lovelace@example.com",
            "zoë@example.com",
            "zoe@exämple.de",
            "\"ada lovelace\"@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com,eve@example.com",
            &format!("{}@example.com", "a".repeat(300)),
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_does_not_reach_a_log() {
        assert!(!format!("{:?}", Email::parse("ada@example.com")).contains("ada"));
    }

    proptest! {
        #[test]
        fn an_address_is_one_line_with_a_domain(text in "\\PC{0,20}@?\\PC{0,20}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(!email.domain().is_empty());
                prop_assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            drop(Email::parse(&text));
        }
    }
}
