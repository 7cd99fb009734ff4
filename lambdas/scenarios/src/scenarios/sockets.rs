//! The life of a socket: who gets one, what it says about itself, and what ends it.

use std::collections::BTreeMap;

use protocol::{CloseCode, Greeting, JwkSet, Pong, limits};
use serde_json::{Value, json};

use crate::raw::Handshake;
use crate::token::{PublicKey, SigningKey, Token};
use crate::{Body, Call, Failure, Outcome, Person, ensure, ensure_eq};

/// `hello` says what a client must not guess.
///
/// # Errors
/// What failed.
pub async fn hello_tells_who_and_where(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let hello: Greeting = socket.request("hello", json!({})).await?.ok()?;
    ensure_eq!(hello.username, *ada.username, "user name");
    ensure_eq!(hello.user_id, *ada.user_id, "user id");
    ensure_eq!(hello.limits, limits::LIMITS, "limits");
    ensure!(!hello.connection_id.is_empty(), "no connection id");
    ensure!(hello.reconnect_by > hello.server_time, "{} is past", hello.reconnect_by);
    ensure_eq!(hello.rooms.keys().collect::<Vec<_>>(), ["general"], "rooms");
    let again: Greeting = socket.request("hello", json!({})).await?.ok()?;
    ensure_eq!(again.connection_id, hello.connection_id, "connection id, asked again");
    ensure_eq!(again.rooms, hello.rooms, "rooms, asked again");
    Ok(())
}

/// `ping` answers the rooms it names, and no others.
///
/// # Errors
/// What failed.
pub async fn ping_answers_the_rooms_it_names(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let hello: Greeting = socket.request("hello", json!({})).await?.ok()?;
    let none: Pong = socket.request("ping", json!({})).await?.ok()?;
    ensure!(none.rooms.is_empty(), "{:?}", none.rooms);
    let fields = json!({ "rooms": { "general": 0 } });
    let pong: Pong = socket.request("ping", fields).await?.ok()?;
    let heads: BTreeMap<_, _> =
        pong.rooms.iter().map(|(name, room)| (name, (room.head, room.epoch))).collect();
    let expected: BTreeMap<_, _> =
        hello.rooms.iter().map(|(name, room)| (name, (room.head, room.epoch))).collect();
    ensure_eq!(heads, expected, "heads");
    ensure!(pong.rooms.values().all(|room| room.subscribed), "not subscribed since $connect");
    Ok(())
}

pub(super) async fn expect_refusal(body: &Body, url: &str, status: u16, what: &str) -> Outcome {
    match body.handshake(url, None).await? {
        Handshake::Refused(came) => ensure_eq!(came, status, "status for {what}"),
        Handshake::Accepted(_) => return Err(Failure::new(format!("{what} opened a socket"))),
    }
    Ok(())
}

/// That `$connect` refuses: with its own status on the laptop, with 403 on MiniStack.
pub(super) async fn expect_no_socket(body: &Body, token: &str, what: &str) -> Outcome {
    match body.handshake(&body.socket_url(token), None).await? {
        Handshake::Refused(401 | 403) => Ok(()),
        Handshake::Refused(came) => Err(Failure::new(format!("status {came} for {what}"))),
        Handshake::Accepted(_) => Err(Failure::new(format!("{what} opened a socket"))),
    }
}

/// Nothing at all is 401, as the platform says; what is no credential is 403, as the authorizer's
/// policy says.
///
/// # Errors
/// What failed.
pub async fn without_a_good_token_there_is_no_socket(body: &Body) -> Outcome {
    expect_refusal(body, &body.ws_url, 401, "no token").await?;
    expect_refusal(body, &format!("{}?other=1", body.ws_url), 401, "another parameter").await?;
    for token in ["x", "t_", "t_x", "a.b.c", "..", "null", "%00", "t_%C3%A9"] {
        expect_refusal(body, &body.socket_url(token), 403, token).await?;
    }
    expect_refusal(body, &body.socket_url(&"x".repeat(4_000)), 403, "a long token").await?;
    Ok(())
}

/// A ticket opens one socket, even when two are tried at once.
///
/// # Errors
/// What failed.
pub async fn a_ticket_opens_one_socket(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let url = body.socket_url(&body.ticket(&ada).await?);
    let tries = (0..4).map(|_| body.handshake(&url, None));
    let opened = futures_util::future::try_join_all(tries).await?;
    let opened = opened.iter().filter(|end| matches!(end, Handshake::Accepted(_))).count();
    ensure_eq!(opened, 1, "sockets of one ticket");
    expect_refusal(body, &url, 403, "a used ticket").await
}

/// The forgeries that need no private key of ours.
async fn forgeries(
    body: &Body,
    ada: &Person,
    eve: &Person,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let genuine = Token::read(&ada.access_token)?;
    let as_eve = genuine.clone().claim("sub", &*eve.user_id).claim("name", &*eve.username);
    let stranger = SigningKey::random()?;
    let keys: JwkSet = body.call(Call::get("/.well-known/jwks.json")).await?.expect(200)?;
    let mut all = vec![
        ("another's claims under a genuine signature", as_eve.with_signature_of(&ada.access_token)),
        ("a stranger's key", genuine.signed(&stranger)?),
        ("an unknown kid", genuine.clone().header("kid", "other").signed(&stranger)?),
        ("no kid", genuine.clone().header("kid", Value::Null).signed(&stranger)?),
        (
            "a kid that is a path",
            genuine.clone().header("kid", "../../etc/passwd").signed(&stranger)?,
        ),
        (
            "a key in the header",
            genuine
                .clone()
                .header("jwk", json!({ "kty": "EC", "crv": "P-256", "x": "", "y": "" }))
                .header("kid", Value::Null)
                .signed(&stranger)?,
        ),
        ("no signature", genuine.with_signature(b"")),
        ("a signature of zeros", genuine.with_signature(&[0; 64])),
    ];
    for alg in ["none", "None", "NONE"] {
        let token = genuine.clone().header("alg", alg);
        all.push(("alg none", token.with_signature(b"")));
        all.push(("alg none, with a signature", token.with_signature_of(&ada.access_token)));
    }
    for key in &keys.keys {
        for secret in PublicKey::from_jwk(key)?.as_secrets() {
            let token = genuine.clone().header("alg", "HS256");
            all.push(("HS256 under the public key", token.signed_with_secret(&secret)));
        }
    }
    Ok(all)
}

/// No forged token opens a socket or answers a call.
///
/// # Errors
/// What failed.
pub async fn forged_tokens_are_refused(body: &Body) -> Outcome {
    let (ada, eve) = (body.person("ada").await?, body.person("eve").await?);
    // The genuine one works, or the rest would prove nothing.
    body.socket_with(&ada.access_token).await?.close().await?;
    for (what, token) in forgeries(body, &ada, &eve).await? {
        expect_refusal(body, &body.socket_url(&token), 403, what).await?;
        let answer = body.call(Call::get("/v1/me").bearer(&token)?).await?;
        let refused = answer.problem(protocol::ErrorCode::Unauthorized);
        refused.map_err(|failure| failure.during(what))?;
    }
    Ok(())
}

/// A page of another origin cannot use its visitor's ticket; a program, which has no origin, can.
///
/// # Errors
/// What failed.
pub async fn a_foreign_page_cannot_open_a_socket(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    for origin in ["https://evil.example", "null"] {
        let url = body.socket_url(&body.ticket(&ada).await?);
        match body.handshake(&url, Some(origin)).await? {
            Handshake::Refused(status) => ensure_eq!(status, 403, "status for {origin}"),
            Handshake::Accepted(_) => {
                return Err(Failure::new(format!("origin {origin} opened a socket")));
            }
        }
    }
    let url = body.socket_url(&body.ticket(&ada).await?);
    match body.handshake(&url, Some(&body.site_url)).await? {
        Handshake::Accepted(socket) => socket.close().await,
        Handshake::Refused(status) => Err(Failure::new(format!("own origin refused: {status}"))),
    }
}

fn kb(count: usize) -> String {
    "x".repeat(count * 1_024)
}

/// Frames over the platform's limits end the socket with its own code, and trouble nobody else.
///
/// # Errors
/// What failed.
pub async fn too_much_at_once_ends_the_socket(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;

    let mut frame = body.socket(&ada).await?;
    frame.text(kb(40)).await?;
    ensure_eq!(frame.end().await?, Some(CloseCode::TooBig.number()), "code for a 40 KB frame");

    let mut message = body.socket(&ada).await?;
    message.fragments(vec![kb(27); 5]).await?;
    ensure_eq!(
        message.end().await?,
        Some(CloseCode::TooBig.number()),
        "code for 135 KB in 5 frames"
    );

    let mut binary = body.socket(&ada).await?;
    binary.binary(b"{\"action\":\"ping\"}".to_vec()).await?;
    ensure_eq!(
        binary.end().await?,
        Some(CloseCode::Unsupported.number()),
        "code for a binary frame"
    );
    Ok(())
}

/// What is under the limits goes through, in one frame or in several.
///
/// # Errors
/// What failed.
pub async fn large_frames_and_fragments_go_through(body: &Body) -> Outcome {
    let mut socket = body.socket(&body.person("ada").await?).await?;
    socket.text(format!(r#"{{"action":"ping","id":1,"x":"{}"}}"#, kb(29))).await?;
    socket.reply(Some(protocol::RequestId::Number(1))).await?.ok::<Pong>()?;
    let parts = [r#"{"action":"pi"#, r#"ng","id""#, ":2}"].map(str::to_owned);
    socket.fragments(parts.to_vec()).await?;
    socket.reply(Some(protocol::RequestId::Number(2))).await?.ok::<Pong>()?;
    Ok(())
}
