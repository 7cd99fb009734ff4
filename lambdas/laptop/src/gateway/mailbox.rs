//! The development mailbox: a page of the mails that were not sent, for whoever sits at this machine.
//!
//! A mail's link is as good as a password. The page is there only for a browser on this machine that
//! asks the laptop itself, under a name of this machine: not another web page by a name that it made
//! lead here, and nobody behind a proxy that ends TLS for the laptop.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, FORWARDED, HOST, HeaderName, VIA};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};
use axum::response::{IntoResponse as _, Response};

use super::Gateway;
use super::http::platform;
use crate::embedded::{Mail, is_link};
use crate::site;

const STYLE: &str = include_str!("mailbox.css");

/// Whether the mailbox owns a path.
pub(super) fn owns(path: &str) -> bool {
    path.strip_prefix("/_mailbox").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn serve(gateway: &Gateway, peer: SocketAddr, request: &Request<Body>) -> Response {
    if !gateway.on_loopback || !asked_directly(peer, request) {
        return platform(StatusCode::NOT_FOUND, "Not Found");
    }
    let (kind, body) = match request.uri().path() {
        "/_mailbox" => ("text/html; charset=utf-8", page(&gateway.aws.mails())),
        "/_mailbox/style.css" => ("text/css; charset=utf-8", STYLE.to_owned()),
        "/_mailbox/messages" => match serde_json::to_string(&gateway.aws.mails()) {
            Ok(list) => ("application/json", list),
            Err(error) => {
                tracing::error!(%error, "the mailbox");
                return platform(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
            }
        },
        _ => return platform(StatusCode::NOT_FOUND, "Not Found"),
    };
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return platform(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    }
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    site::secure(&mut response);
    response
}

/// Whether a program on this machine asks, by itself and under a name of this machine.
fn asked_directly(peer: SocketAddr, request: &Request<Body>) -> bool {
    let headers = request.headers();
    // A proxy that says nothing of itself speaks HTTP 1.0 at least, as nginx does by default.
    peer.ip().to_canonical().is_loopback()
        && request.version() != Version::HTTP_10
        && names_this_machine(headers)
        && !headers.keys().any(is_of_a_proxy)
}

fn is_of_a_proxy(name: &HeaderName) -> bool {
    *name == FORWARDED
        || *name == VIA
        || *name == "x-real-ip"
        || name.as_str().starts_with("x-forwarded-")
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| is_this_machine(&host))
}

/// Whether the address of a page leads to this machine.
pub(crate) fn is_on_this_machine(url: &str) -> bool {
    let url = url.parse::<Uri>().ok();
    url.is_some_and(|url| url.scheme().is_some() && url.authority().is_some_and(is_this_machine))
}

fn is_this_machine(host: &Authority) -> bool {
    let host = host.host();
    host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]"
}

/// The page, newest mail first.
fn page(mails: &[Mail]) -> String {
    let mut html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <title>Mailbox - Parley</title>\n<link rel=\"stylesheet\" href=\"/_mailbox/style.css\">\n\
        </head>\n<body>\n<main>\n<h1>Mailbox</h1>\n<p>What this Parley would have sent by mail, the \
        newest first. It is kept until the process ends. <a href=\"/_mailbox\">Look again</a></p>\n"
        .to_owned();
    if mails.is_empty() {
        html.push_str("<p>There is no mail.</p>\n");
    }
    for (number, mail) in mails.iter().enumerate().rev() {
        article(&mut html, number, mail);
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn article(html: &mut String, number: usize, mail: &Mail) {
    let to = escaped(&mail.to.join(", "));
    let [subject, from, sent_at] = [&mail.subject, &mail.from, &mail.sent_at].map(|t| escaped(t));
    let text = with_links(&mail.text);
    html.push_str(&format!(
        "<article aria-labelledby=\"mail-{number}\">\n<h2 id=\"mail-{number}\">{subject}</h2>\n\
        <dl>\n<dt>To</dt><dd>{to}</dd>\n<dt>From</dt><dd>{from}</dd>\n\
        <dt>Sent</dt><dd><time datetime=\"{sent_at}\">{sent_at}</time></dd>\n</dl>\n\
        <p class=\"text\">{text}</p>\n</article>\n"
    ));
}

/// The text for HTML, with each address of a page as a link.
fn with_links(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let link = word.trim_end();
        if is_link(link) {
            let (link, space) = (escaped(link), word.get(link.len()..).unwrap_or_default());
            html.push_str(&format!("<a href=\"{link}\" rel=\"noreferrer\">{link}</a>{space}"));
        } else {
            html.push_str(&escaped(word));
        }
    }
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, text: &str) -> Mail {
        Mail {
            from: "parley@localhost".to_owned(),
            to: vec!["\"<b>\"@example.com".to_owned()],
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: "<p>not shown</p>".to_owned(),
            sent_at: "2026-11-22T12:00:00.000Z".to_owned(),
        }
    }

    #[test]
    fn the_newest_comes_first() {
        let page = page(&[mail("first", ""), mail("second", "")]);
        assert!(page.find(">second<").unwrap() < page.find(">first<").unwrap());
        assert!(super::page(&[]).contains("There is no mail."));
    }

    #[test]
    fn addresses_on_this_machine() {
        for url in ["http://localhost:8080", "http://127.0.0.1", "https://[::1]:1/chat"] {
            assert!(is_on_this_machine(url), "{url}");
        }
        for url in ["https://chat.example", "http://localhost.example", "/", "", "localhost:x"] {
            assert!(!is_on_this_machine(url), "{url}");
        }
    }

    #[test]
    fn what_comes_from_outside_stays_text() {
        let page = page(&[mail("<script>1</script>", "<img src=x> & http://a/\"><b>")]);
        for raw in ["<script", "<img", "<b>", "& ", "not shown"] {
            assert!(!page.contains(raw), "{raw}");
        }
        assert!(page.contains("href=\"http://a/&quot;&gt;&lt;b&gt;\""), "{page}");
    }

    #[test]
    fn addresses_of_pages_are_links() {
        let text = "Open\nhttp://localhost:8080/verify#token=v_1\n\nor javascript:alert(1)";
        let expected = "Open\n<a href=\"http://localhost:8080/verify#token=v_1\" \
            rel=\"noreferrer\">http://localhost:8080/verify#token=v_1</a>\n\nor \
            javascript:alert(1)";
        assert_eq!(with_links(text), expected);
    }
}
