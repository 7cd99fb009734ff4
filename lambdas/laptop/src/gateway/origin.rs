//! Which web pages may open a socket.

use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, Uri};

/// Longer than any that a browser sends.
const LOGGED_BYTES_MAX: usize = 256;

/// Whether the page that asks is our own. Without an Origin it is not a page at all (wscat, a bot)
/// and has to show a token like everyone.
pub(crate) fn allowed(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    match (origin, host) {
        (Some(origin), Some(host)) => same_place(&origin, &host),
        _ => false,
    }
}

/// A browser does not tell its page why. That no proxy passes on the host is seen only here.
pub(crate) fn log_refused(headers: &HeaderMap) {
    let (origin, host) = (shown(headers, ORIGIN), shown(headers, HOST));
    tracing::warn!(
        origin,
        host,
        "a socket was refused: its page is not from this host; a proxy in front must pass Host on"
    );
}

/// A header's value for the log: printable ASCII, and not much of it.
fn shown(headers: &HeaderMap, name: HeaderName) -> &str {
    let text = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.get(..LOGGED_BYTES_MAX).unwrap_or(text)
}

fn same_place(origin: &Uri, host: &Authority) -> bool {
    let (Some(scheme), Some(page)) = (origin.scheme(), origin.authority()) else { return false };
    let standard = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(standard);
    let same_host = page.host().eq_ignore_ascii_case(host.host());
    // The same machine by its three names.
    let same_machine = is_loopback(page.host()) && is_loopback(host.host());
    port(page) == port(host) && (same_host || same_machine)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origin: Option<&'static str>, host: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        allowed(&headers)
    }

    #[test]
    fn our_own_page_or_no_page() {
        assert!(check(None, "localhost:8080"));
        assert!(check(Some("http://localhost:8080"), "localhost:8080"));
        assert!(check(Some("http://127.0.0.1:8080"), "localhost:8080"));
        assert!(check(Some("http://[::1]:8080"), "127.0.0.1:8080"));
        assert!(check(Some("https://chat.example"), "chat.example"));
        assert!(check(Some("https://Chat.Example"), "chat.example:443"));
    }

    #[test]
    fn foreign_pages() {
        assert!(!check(Some("https://evil.example"), "localhost:8080"));
        assert!(!check(Some("http://localhost:3000"), "localhost:8080"));
        assert!(!check(Some("http://localhost:8080.evil.example"), "localhost:8080"));
        assert!(!check(Some("null"), "localhost:8080"));
        assert!(!check(Some("http://chat.example"), "chat.example:8080"));
    }

    #[test]
    fn little_of_a_header_is_shown() {
        let mut headers = HeaderMap::new();
        assert_eq!(shown(&headers, ORIGIN), "");
        headers.insert(ORIGIN, "x".repeat(1000).parse().unwrap());
        headers.insert(HOST, "chat.example".parse().unwrap());
        assert_eq!(shown(&headers, ORIGIN).len(), LOGGED_BYTES_MAX);
        assert_eq!(shown(&headers, HOST), "chat.example");
        headers.insert(HOST, axum::http::HeaderValue::from_bytes(b"\xff\x80").unwrap());
        assert_eq!(shown(&headers, HOST), "");
    }
}
