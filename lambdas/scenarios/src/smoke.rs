//! The few things that say whether a deployed stage serves: quick, and on a stage that people use.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use protocol::Stored;
use serde::Deserialize;
use serde_json::json;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::raw::{Handshake, Socket};
use crate::report::Report;
use crate::scenarios::accounts::ping_pongs;
use crate::scenarios::sending::ROOM;
use crate::{Answer, Body, Call, Failure, Outcome, Person, ensure, ensure_eq};

/// The longest that a step may take: longer than a function's first start, shorter than an operator's
/// patience.
const LIMIT: Duration = Duration::from_secs(20);

/// What everybody in the room reads after a deploy.
const MESSAGE: &str = "Smoke test: this message was sent, stored and received.";

/// Who sends and receives.
#[derive(Clone)]
pub enum Account {
    /// Somebody with an account.
    Existing {
        /// The user name.
        login: String,
        /// The password.
        password: String,
    },
    /// A new account, which stays.
    ThrowAway,
}

// By hand: it holds a password.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Existing { .. } => "Existing",
            Self::ThrowAway => "ThrowAway",
        })
    }
}

/// Checks a stage, and says whether it serves. Without a site or an account, what needs them is left
/// out.
///
/// # Errors
/// When the report cannot be written, or the site's address is no use.
pub async fn smoke(
    body: &Body,
    site_url: Option<&str>,
    account: Option<&Account>,
    out: impl Write,
) -> Result<bool, Failure> {
    let mut report = Report::new(out);
    report.check("ping", LIMIT, ping_pongs(body)).await?;
    let refusal = refused(body, &body.ws_url, 401);
    report.check("no socket without a token", LIMIT, refusal).await?;
    let bad_url = body.socket_url("smoke");
    report.check("no socket with a bad token", LIMIT, refused(body, &bad_url, 403)).await?;

    if let Some(site_url) = site_url {
        let site = Body::new(site_url, &body.ws_url, [])?;
        report.check("the site serves the page", LIMIT, page(&site)).await?;
        report.check("the page finds the socket", LIMIT, config(&site)).await?;
        report.check("the site passes calls on", LIMIT, ping_pongs(&site)).await?;
    } else {
        report.leave_out("the site", "without --site-url")?;
    }

    if let Some(account) = account {
        converse(body, account, &mut report).await?;
    } else {
        let why = "without SMOKE_USER and SMOKE_PASSWORD, or --throw-away";
        report.leave_out("log in, connect, send, receive", why)?;
    }
    Ok(report.end()?)
}

/// Each step needs what the one before it found.
async fn converse(
    body: &Body,
    account: &Account,
    report: &mut Report<impl Write>,
) -> Result<(), Failure> {
    let person = match account {
        Account::Existing { login, password } => {
            report.check("log in", LIMIT, body.log_in(login, password)).await?
        }
        Account::ThrowAway => {
            report.check("sign up and log in", LIMIT, body.person("smoke")).await?
        }
    };
    let Some(person) = person else { return Ok(()) };
    let socket = report.check("connect with a ticket", LIMIT, body.socket(&person)).await?;
    let Some(mut socket) = socket else { return Ok(()) };
    let stored = report.check("send", LIMIT, send(&mut socket)).await?;
    let Some(stored) = stored else { return Ok(()) };
    report.check("receive", LIMIT, receive(&mut socket, &stored, &person)).await?;
    Ok(())
}

async fn refused(body: &Body, url: &str, expected: u16) -> Outcome {
    match body.handshake(url, None).await? {
        Handshake::Refused(status) => ensure_eq!(status, expected, "status"),
        Handshake::Accepted(_) => return Err(Failure::new("the socket opened")),
    }
    Ok(())
}

fn header<'a>(answer: &'a Answer, name: &str) -> Result<&'a str, Failure> {
    let value = answer.headers.get(name).ok_or_else(|| Failure::new(format!("no {name}")))?;
    Ok(value.to_str()?)
}

async fn page(site: &Body) -> Outcome {
    let page = site.call(Call::get("/")).await?;
    ensure_eq!(page.status, 200, "status");
    let kind = header(&page, "content-type")?;
    ensure!(kind.starts_with("text/html"), "content type {kind}");
    let policy = header(&page, "content-security-policy")?;
    ensure!(allows_socket(policy, site)?, "the page may not open {}: {policy}", site.ws_url);
    Ok(())
}

/// Whether a page of this site under this policy may open the body's socket. `'self'` covers a
/// socket on the page's own host (CSP level 3, section 6.7.2.8).
fn allows_socket(policy: &str, site: &Body) -> Result<bool, Failure> {
    let (page, socket): (Uri, Uri) = (site.http_url.parse()?, site.ws_url.parse()?);
    let same_host = page.authority() == socket.authority();
    let origin = match (socket.scheme(), socket.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
        _ => return Err(Failure::new("the socket's address has no host")),
    };
    let directive = policy
        .split(';')
        .map(str::split_ascii_whitespace)
        .find_map(|mut words| (words.next() == Some("connect-src")).then_some(words));
    Ok(directive.into_iter().flatten().any(|source| match source {
        "'self'" => same_host,
        _ => source.trim_end_matches('/') == origin,
    }))
}

async fn config(site: &Body) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Config {
        websocket_url: String,
    }
    let config: Config = site.call(Call::get("/config.json")).await?.expect(200)?;
    ensure_eq!(config.websocket_url, *site.ws_url, "websocketUrl of config.json");
    Ok(())
}

async fn send(socket: &mut Socket) -> Result<Stored, Failure> {
    let fields = json!({ "room": ROOM, "content": MESSAGE });
    socket.request("sendMessage", fields).await?.ok()
}

/// Others may be talking: their messages pass by.
async fn receive(socket: &mut Socket, sent: &Stored, person: &Person) -> Outcome {
    loop {
        for message in socket.messages(1).await? {
            if message.id == sent.id {
                ensure_eq!(message.seq, sent.seq, "number");
                ensure_eq!(message.content, MESSAGE, "text");
                ensure_eq!(message.user_id, *person.user_id, "writer");
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_sockets_origin_or_the_page_is_on_its_host() {
        let away = Body::new("https://chat.example", "wss://socket.example/v1", []).unwrap();
        let own = Body::new("https://chat.example", "wss://chat.example/ws", []).unwrap();
        for (policy, site, allowed) in [
            ("default-src 'none'; connect-src 'self' wss://socket.example", &away, true),
            ("connect-src wss://socket.example/", &away, true),
            ("connect-src 'self'", &away, false),
            ("connect-src 'self' wss://socket.example.evil", &away, false),
            ("connect-src 'self' https://socket.example", &away, false),
            ("default-src 'self' wss://socket.example", &away, false),
            ("default-src 'none'; connect-src 'self'", &own, true),
            ("default-src 'none'", &own, false),
        ] {
            assert_eq!(allows_socket(policy, site).unwrap(), allowed, "{policy}");
        }
    }
}
