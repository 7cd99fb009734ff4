//! Which web pages may open a socket, or call what changes something: the setting
//! `ALLOWED_ORIGINS`, and a browser's header `Origin` (RFC 6454).

/// Longer than any header that a browser sends.
const SHOWN_BYTES_MAX: usize = 256;
/// The word that stands for the host that was called.
const OWN: &str = "self";
/// The word that stands for it when it is this machine. A browser calls whatever host a page's address
/// names, and a foreign page's own name may be made to lead here (DNS rebinding); these names never
/// are a foreign page's.
const LOOPBACK: &str = "loopback";

/// The pages that are let in. Without an Origin it is not a page at all (wscat, a bot), and has to
/// show a token like everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// Whether a page of the host that was called is one of them.
    own: Own,
    listed: Vec<Origin>,
}

/// Which host that was called stands for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Own {
    None,
    Loopback,
    Any,
}

/// Why `ALLOWED_ORIGINS` cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Only white space.
    #[error("no origin")]
    Empty,
    /// An entry that no browser would ever send.
    #[error(
        "{0:?} is neither an origin, as in https://chat.example or http://localhost:8080, nor self \
         or loopback"
    )]
    Entry(String),
}

impl Origins {
    /// Reads the setting: origins `scheme://host[:port]` with white space between them, the word
    /// `self` for the host that was called, and the word `loopback` for the host that was called by a
    /// name that this machine has for itself.
    ///
    /// # Errors
    /// When it is empty, or by the entry that is no origin.
    pub fn parse(setting: &str) -> Result<Self, OriginError> {
        let mut origins = Self { own: Own::None, listed: Vec::new() };
        for entry in setting.split_whitespace() {
            match Origin::parse(entry) {
                Some(origin) => origins.listed.push(origin),
                None if entry == OWN => origins.own = Own::Any,
                None if entry == LOOPBACK => origins.own = origins.own.max(Own::Loopback),
                None => return Err(OriginError::Entry(entry.to_owned())),
            }
        }
        if origins.own != Own::None || !origins.listed.is_empty() {
            Ok(origins)
        } else {
            Err(OriginError::Empty)
        }
    }

    /// Whether a call with these two headers may go on. An absent Origin may; `null`, which stands
    /// for a page without one, and what is no origin may not.
    #[must_use]
    pub fn allows(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let Some(origin) = Origin::parse(origin) else { return false };
        let may_be_own = match self.own {
            Own::None => false,
            Own::Loopback => is_this_machine(&origin.host),
            Own::Any => true,
        };
        let is_own = || may_be_own && host.is_some_and(|host| origin.is_at(host));
        self.listed.contains(&origin) || is_own()
    }
}

/// A page's origin, in small letters and with its port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

/// What pages come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let (host, port) = host_and_port(authority)?;
        Some(Self { scheme, host, port: port.unwrap_or(scheme.port()) })
    }

    /// Whether this is a page of the host of a header `Host`, which tells no scheme.
    fn is_at(&self, host: &str) -> bool {
        let Some((host, port)) = host_and_port(host) else { return false };
        // The same machine by its three names.
        let same_machine = is_loopback(&self.host) && is_loopback(&host);
        self.port == port.unwrap_or(self.scheme.port()) && (self.host == host || same_machine)
    }
}

/// `host[:port]` and nothing else: no user, no path.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let end = match authority.strip_prefix('[') {
        Some(inside) => inside.find(']')?.checked_add(2)?,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(end)?;
    if !is_host(host) {
        return None;
    }
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        // `parse` alone would take a sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        _ => return None,
    };
    Some((host.to_ascii_lowercase(), port))
}

/// A name or an address, in the form that browsers send it in: ASCII alone.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(may_stand)
        }
    }
}

fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

/// Also by the other addresses of the loopback network.
fn is_this_machine(host: &str) -> bool {
    is_loopback(host) || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// A header's value for the log: printable ASCII, and not much of it.
#[must_use]
pub fn shown(value: Option<&str>) -> String {
    let value = value.unwrap_or_default().chars();
    value.filter(|letter| matches!(letter, ' '..='~')).take(SHOWN_BYTES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own(origin: Option<&str>, host: &str) -> bool {
        Origins::parse("self").unwrap().allows(origin, Some(host))
    }

    #[test]
    fn our_own_page_or_no_page() {
        assert!(own(None, "localhost:8080"));
        assert!(own(Some("http://localhost:8080"), "localhost:8080"));
        assert!(own(Some("http://127.0.0.1:8080"), "localhost:8080"));
        assert!(own(Some("http://[::1]:8080"), "127.0.0.1:8080"));
        assert!(own(Some("https://chat.example"), "chat.example"));
        assert!(own(Some("https://Chat.Example"), "chat.example:443"));
    }

    #[test]
    fn foreign_pages() {
        assert!(!own(Some("https://evil.example"), "localhost:8080"));
        assert!(!own(Some("http://localhost:3000"), "localhost:8080"));
        assert!(!own(Some("http://localhost:8080.evil.example"), "localhost:8080"));
        assert!(!own(Some("null"), "localhost:8080"));
        assert!(!own(Some("http://chat.example"), "chat.example:8080"));
        assert!(!own(Some("http://127.0.0.1.evil.example:8080"), "127.0.0.1:8080"));
        assert!(!Origins::parse("self").unwrap().allows(Some("http://localhost"), None));
    }

    #[test]
    fn our_own_page_at_this_machine_alone() {
        let origins = Origins::parse("loopback").unwrap();
        for (origin, host) in [
            ("http://localhost:8080", "localhost:8080"),
            ("http://127.0.0.1:8080", "localhost:8080"),
            ("http://localhost:9000", "[::1]:9000"),
            ("http://127.0.0.2:8080", "127.0.0.2:8080"),
            ("https://localhost", "localhost"),
        ] {
            assert!(origins.allows(Some(origin), Some(host)), "{origin} {host}");
        }
        assert!(origins.allows(None, Some("evil.example:8080")));
        for (origin, host) in [
            ("http://evil.example:8080", "evil.example:8080"),
            ("http://evil.example:8080", "localhost:8080"),
            ("http://localhost:8080", "evil.example:8080"),
            ("http://localhost:3000", "localhost:8080"),
            ("http://localhost.evil.example:8080", "localhost.evil.example:8080"),
            ("http://127.0.0.1.evil.example:8080", "127.0.0.1.evil.example:8080"),
            ("http://192.0.2.1:8080", "192.0.2.1:8080"),
            ("http://localhost.:8080", "localhost.:8080"),
            ("null", "localhost:8080"),
        ] {
            assert!(!origins.allows(Some(origin), Some(host)), "{origin} {host}");
        }
        for both in ["self loopback", "loopback self"] {
            let origins = Origins::parse(both).unwrap();
            assert!(origins.allows(Some("https://chat.example"), Some("chat.example")), "{both}");
        }
        let listed = Origins::parse("loopback https://chat.example").unwrap();
        assert!(listed.allows(Some("https://chat.example"), Some("localhost:8080")));
    }

    #[test]
    fn listed_pages_are_exactly_those() {
        let origins =
            Origins::parse(" https://chat.example\nhttp://intranet.example:8000 ").unwrap();
        let allows = |origin| origins.allows(Some(origin), Some("api.example"));
        for origin in
            ["https://chat.example", "https://chat.example:443", "http://intranet.example:8000"]
        {
            assert!(allows(origin), "{origin}");
        }
        assert!(origins.allows(None, None));
        for origin in [
            "http://chat.example",
            "https://chat.example:8443",
            "https://a.chat.example",
            "https://chat.example.evil.example",
            "https://evil.example/https://chat.example",
            "https://chat.example@evil.example",
            "https://chat.example/",
            "https://chat.example https://evil.example",
            "https://chat.example, https://evil.example",
            "https://chat.example.",
            "https://chat.example:",
            "https://chat.example:+443",
            "https://chat.example:65979",
            "//chat.example",
            "chat.example",
            "http://intranet.example",
            // The host that was called is not among them.
            "https://api.example",
            "null",
            "self",
            "",
            "*",
        ] {
            assert!(!allows(origin), "{origin}");
        }
    }

    #[test]
    fn a_wrong_entry_is_named() {
        for entry in [
            "*",
            "null",
            "chat.example",
            "ws://chat.example",
            "https://",
            "https://chat.example/",
            "https://*.chat.example",
            "https://ada@chat.example",
            "https://chat.example?a",
            "https://chät.example",
            "https://[::1",
            "https://[chat]",
            "SELF",
        ] {
            let error = Origins::parse(&format!("self {entry} https://chat.example")).unwrap_err();
            assert_eq!(error, OriginError::Entry(entry.to_owned()));
            assert!(error.to_string().contains(&format!("{entry:?}")), "{error}");
        }
        assert_eq!(Origins::parse(" ").unwrap_err(), OriginError::Empty);
    }

    #[test]
    fn little_of_a_header_is_shown() {
        assert_eq!(shown(None), "");
        assert_eq!(shown(Some("https://chat.example")), "https://chat.example");
        assert_eq!(shown(Some(&"x".repeat(1000))).len(), SHOWN_BYTES_MAX);
        assert_eq!(shown(Some("a\r\nb\u{1b}[0m\u{202e}c")), "ab[0mc");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(setting in ".*", origin in ".*", host in ".*") {
            if let Ok(origins) = Origins::parse(&setting) {
                prop_assert!(origins.allows(None, Some(&host)));
                let let_in = origins.allows(Some(&origin), Some(&host));
                prop_assert!(!let_in || origin.contains("://"));
            }
            prop_assert!(shown(Some(&origin)).len() <= SHOWN_BYTES_MAX);
        }

        #[test]
        fn what_is_let_in_was_listed(
            origin in "(https?|ws)://[a-cA-C.:@/\\[\\]]{0,6}(:[0-9]{0,3})?",
            host in "[a-cA-C.:@/]{0,6}(:[0-9]{0,3})?",
        ) {
            let listed = Origins::parse("https://a.b http://a:8 self").unwrap();
            if listed.allows(Some(&origin), Some(&host)) {
                let origin = origin.to_ascii_lowercase();
                let listed = ["https://a.b", "https://a.b:443", "http://a:8", "http://a:08", "http://a:008"];
                let (_, place) = origin.split_once("://").unwrap();
                let name = |place: &str| place.split(':').next().unwrap().to_ascii_lowercase();
                prop_assert!(listed.contains(&origin.as_str()) || name(place) == name(&host));
            }
        }
    }
}
