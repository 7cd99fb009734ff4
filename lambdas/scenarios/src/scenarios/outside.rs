//! People whom an outside issuer vouches for.

use protocol::{ErrorCode, Greeting, Stored};
use serde_json::{Value, json};

use super::sockets::expect_refusal;
use crate::token::{SigningKey, Token};
use crate::{Body, Call, Outcome, ensure, ensure_eq, fresh_name, fresh_password, now};

/// A web app's token opens a socket, under a name that says where it comes from; it is the same person
/// each time, and another one for another subject.
///
/// # Errors
/// What failed.
pub async fn a_token_of_another_issuer_opens_a_socket(body: &Body) -> Outcome {
    let outside = body.outside()?;
    let subject = fresh_name("employee");
    let token = outside.token(&subject, "ada")?;
    let here = body.person("listener").await?;
    let mut listener = body.socket(&here).await?;
    let mut socket = body.socket_with(&outside.signed(&token)).await?;
    let hello: Greeting = socket.request("hello", json!({})).await?.ok()?;
    ensure_eq!(hello.username, format!("{}/ada", outside.namespace), "name");
    ensure!(hello.user_id.starts_with("x_"), "user id {}", hello.user_id);

    let sent = socket.request("sendMessage", json!({ "content": "from outside" })).await?;
    let sent: Stored = sent.ok()?;
    let heard = listener.messages(1).await?;
    let [message] = heard.as_slice() else { return Err(crate::Failure::new("one message")) };
    ensure_eq!(message.id, sent.id, "message");
    ensure_eq!((&message.username, &message.user_id), (&hello.username, &hello.user_id), "writer");

    let again = outside.signed(&token.claim("username", "ada.l").claim("name", "ada.l"));
    let again: Greeting =
        body.socket_with(&again).await?.request("hello", json!({})).await?.ok()?;
    ensure_eq!(again.user_id, hello.user_id, "user id under another name");
    let other = outside.signed(&outside.token(&fresh_name("employee"), "ada")?);
    let other: Greeting =
        body.socket_with(&other).await?.request("hello", json!({})).await?.ok()?;
    ensure!(other.user_id != hello.user_id, "two subjects are one person");
    Ok(())
}

/// Whatever an outside token says, it is nobody who has an account here, and no administrator.
///
/// # Errors
/// What failed.
pub async fn it_cannot_be_somebody_here(body: &Body) -> Outcome {
    let (outside, ada) = (body.outside()?, body.person("ada").await?);
    let own = Token::read(&ada.access_token)?;
    let session = own.claims.get("sid").cloned().unwrap_or(Value::Null);
    let minted = outside
        .token(&ada.user_id, &ada.username)?
        .claim("sid", session)
        .claim("userId", &*ada.user_id)
        .claim("role", "admin")
        .claim("roles", json!(["admin"]));
    let token = outside.signed(&minted);
    let mut socket = body.socket_with(&token).await?;
    let hello: Greeting = socket.request("hello", json!({})).await?.ok()?;
    ensure!(hello.user_id.starts_with("x_"), "user id {}", hello.user_id);
    ensure_eq!(hello.username, format!("{}/{}", outside.namespace, ada.username), "name");
    // It opens a socket, and makes no call.
    for call in [Call::get("/v1/me"), Call::post("/v1/tickets"), Call::delete("/v1/sessions")] {
        body.call(call.bearer(&token)?).await?.problem(ErrorCode::Unauthorized)?;
    }
    // Ending her session is not ending that socket, nor the reverse.
    let end = Call::delete("/v1/sessions/current").cookie(&ada.cookie)?;
    ensure_eq!(body.call(end).await?.status, 204, "status");
    let _: Greeting = socket.request("hello", json!({})).await?.ok()?;

    // As us, by its secret: with our issuer, our audience, our kind of token.
    for spoilt in [
        minted.clone().claim("iss", "parley"),
        minted.clone().claim("iss", "parley").claim("aud", "parley-chat"),
        minted.claim("iss", "parley").claim("aud", "parley-chat").header("typ", "at+jwt"),
        own.header("alg", "HS256"),
    ] {
        let url = body.socket_url(&outside.signed(&spoilt));
        expect_refusal(body, &url, 403, "our name under its secret").await?;
    }
    // And no account here has the name of somebody there.
    let name = format!("{}/ada", outside.namespace);
    let answer = body.sign_up(&name, &fresh_password(), None).await?;
    let refused = answer.problem(ErrorCode::BadRequest)?;
    ensure_eq!(refused.field.as_deref(), Some("username"), "field");
    Ok(())
}

/// Tokens of the issuer with one thing wrong.
///
/// # Errors
/// What failed.
pub async fn bad_tokens_of_another_issuer_are_refused(body: &Body) -> Outcome {
    let outside = body.outside()?;
    let token = outside.token(&fresh_name("employee"), "ada")?;
    let now = now()?;
    let fresh = || token.clone();
    let times = |age: i64, life: i64| fresh().times(now, age, life);
    // Each is good but for what is said, or it would prove nothing.
    body.socket_with(&outside.signed(&fresh())).await?.close().await?;
    body.socket_with(&outside.signed(&times(0, 900))).await?.close().await?;

    let mut bad: Vec<(&str, String)> = [
        ("expired", times(1_000, 900)),
        ("from the future", times(-600, 600)),
        ("good for 16 minutes", times(0, 960)),
        ("good for a year", times(0, 31_536_000)),
        ("no exp", fresh().claim("exp", Value::Null)),
        ("no iat", fresh().claim("iat", Value::Null)),
        ("exp a string", fresh().claim("exp", (now + 600).to_string())),
        ("wrong aud", fresh().claim("aud", "wiki")),
        ("no aud", fresh().claim("aud", Value::Null)),
        ("aud of several", fresh().claim("aud", json!([&outside.audience, "wiki"]))),
        ("another issuer", fresh().claim("iss", "https://evil.example")),
        ("no iss", fresh().claim("iss", Value::Null)),
        ("no sub", fresh().claim("sub", Value::Null)),
        ("sub empty", fresh().claim("sub", "")),
        ("another alg", fresh().header("alg", "HS512")),
        ("no alg", fresh().header("alg", Value::Null)),
        ("a logout token", fresh().header("typ", "logout+jwt")),
        ("crit", fresh().header("crit", json!(["exp"]))),
    ]
    .map(|(what, token)| (what, outside.signed(&token)))
    .into();
    for alg in ["none", "None", "NONE"] {
        bad.push(("alg none", fresh().header("alg", alg).with_signature(b"")));
    }
    bad.push(("no signature", fresh().with_signature(b"")));
    let (good, secret) = (outside.signed(&fresh()), outside.secret.as_bytes());
    bad.push(("a byte of the secret less", fresh().signed_with_secret(secret.split_at(1).1)));
    bad.push(("no secret", fresh().signed_with_secret(b"")));
    bad.push(("another's signature", fresh().claim("name", "eve").with_signature_of(&good)));
    let stranger = SigningKey::random()?;
    bad.push(("ES256 of a stranger", fresh().header("alg", "ES256").signed(&stranger)?));
    let jwk = json!({ "kty": "oct", "k": "AAAA" });
    let own_key = fresh().header("jwk", jwk).header("jku", "https://evil.example/jwks.json");
    bad.push(("a key of its own", own_key.signed_with_secret(&[0; 3])));
    for (what, token) in bad {
        expect_refusal(body, &body.socket_url(&token), 403, what).await?;
    }
    Ok(())
}
