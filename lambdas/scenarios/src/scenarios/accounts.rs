//! Sign-up, login, sessions, tickets and keys, over HTTP.

use protocol::{
    AccountStatus, ErrorCode, JwkSet, Me, Role, Session, SignUpPolicy, SignedUp, Ticket,
};
use serde_json::{Value, json};

pub use super::emails::{
    a_known_address_is_told_to_its_owner_alone, a_link_confirms_an_address,
    an_account_has_several_addresses_and_keeps_the_last,
    two_sign_ups_racing_for_one_address_have_one_owner,
};
pub use super::names::{
    a_name_has_one_owner, easily_guessed_passwords_are_refused, lookalike_names_are_refused,
    one_of_two_racing_sign_ups_wins,
};
pub use super::origins::a_foreign_page_cannot_call;
use crate::token::{PublicKey, Token};
use crate::{
    Body, Call, DEVICE_COOKIE, Failure, Outcome, SESSION_COOKIE, ensure, ensure_eq, fresh_email,
    fresh_name, fresh_password,
};

/// The oldest feature.
///
/// # Errors
/// What failed.
pub async fn ping_pongs(body: &Body) -> Outcome {
    let answer = body.call(Call::get("/ping")).await?;
    ensure_eq!((answer.status, answer.text.as_str()), (200, "PONG!"), "answer");
    Ok(())
}

/// What a page has to know before it shows a form.
///
/// # Errors
/// What failed.
pub async fn the_policy_of_sign_ups_is_told(body: &Body) -> Outcome {
    let policy: SignUpPolicy = body.call(Call::get("/v1/sign-up")).await?.expect(200)?;
    ensure!(!policy.verify_email, "people wait for a mail: {policy:?}");
    ensure_eq!(policy.sign_up, protocol::SignUp::Open, "who may sign up");
    ensure!(policy.mail || body.mailbox.is_none(), "no mail: {policy:?}");
    Ok(())
}

/// Sign-up, login, who am I, a ticket, a new access token, and the end of it all.
///
/// # Errors
/// What failed.
pub async fn a_session_from_sign_up_to_its_end(body: &Body) -> Outcome {
    let (name, password) = (fresh_name("Ada"), fresh_password());
    let signed_up: SignedUp = body.sign_up(&name, &password, None).await?.expect(201)?;
    ensure_eq!((&signed_up.username, signed_up.status), (&name, AccountStatus::Active), "account");
    // Names are told apart without their case.
    let answer = body.try_log_in(&name.to_uppercase(), &password).await?;
    let session: Session = answer.expect(200)?;
    ensure_eq!(session.username, name, "user name");
    ensure!(session.user_id.starts_with("u_"), "user id {}", session.user_id);
    ensure_eq!(session.user_id, signed_up.user_id, "user id");
    ensure_eq!(session.expires_in, 15 * 60, "life of the access token, in seconds");

    for cookie in [SESSION_COOKIE, DEVICE_COOKIE] {
        let (_, attributes) = answer.set_cookie(cookie)?;
        for attribute in ["httponly", "samesite=strict", "path=/v1/sessions"] {
            let found = attributes.iter().any(|found| found == attribute);
            ensure!(found, "{cookie} is not {attribute}: {attributes:?}");
        }
        // Over plain http a browser would keep it to itself.
        let secure = attributes.iter().any(|attribute| attribute == "secure");
        ensure!(
            secure || !body.http_url.starts_with("https:"),
            "{cookie} may leave without TLS: {attributes:?}"
        );
    }
    let (cookie, _) = answer.set_cookie(SESSION_COOKIE)?;

    let me = Call::get("/v1/me").bearer(&session.access_token)?;
    let me: Me = body.call(me).await?.expect(200)?;
    let expected = Me { username: name, user_id: session.user_id.clone(), role: Role::User };
    ensure_eq!(me, expected, "me");
    let ticket = Call::post("/v1/tickets").bearer(&session.access_token)?;
    let ticket: Ticket = body.call(ticket).await?.expect(200)?;
    ensure!(ticket.ticket.starts_with("t_") && ticket.expires_in == 30, "{ticket:?}");

    let refreshed = body.call(Call::post("/v1/sessions/refresh").cookie(&cookie)?).await?;
    let (cookie, _) = refreshed.set_cookie(SESSION_COOKIE)?;
    let refreshed: Session = refreshed.expect(200)?;
    ensure_eq!(refreshed.user_id, session.user_id, "user id after a refresh");
    let me = Call::get("/v1/me").bearer(&refreshed.access_token)?;
    body.call(me).await?.expect::<Me>(200)?;

    let end = Call::delete("/v1/sessions/current").cookie(&cookie)?;
    let ended = body.call(end).await?;
    ensure_eq!(ended.status, 204, "status of the end of a session");
    let (left, attributes) = ended.set_cookie(SESSION_COOKIE)?;
    ensure_eq!(left, format!("{SESSION_COOKIE}="), "the cookie that is left");
    ensure!(attributes.iter().any(|found| found == "max-age=0"), "it stays: {attributes:?}");
    let refresh = Call::post("/v1/sessions/refresh").cookie(&cookie)?;
    body.call(refresh).await?.problem(ErrorCode::Unauthorized)?;
    // Nor is an access token good for longer than its session.
    let me = Call::get("/v1/me").bearer(&refreshed.access_token)?;
    body.call(me).await?.problem(ErrorCode::Unauthorized)?;
    Ok(())
}

/// Names and passwords outside their limits, and bodies that are none.
///
/// # Errors
/// What failed.
pub async fn bad_sign_ups_are_refused(body: &Body) -> Outcome {
    let good = fresh_password();
    let long = "a".repeat(33);
    for name in ["", "a", "a b", "ada!", "ada\n", "intranet/ada", "ada@home", "-ada", &long] {
        let problem = body.sign_up(name, &good, None).await?.problem(ErrorCode::BadRequest)?;
        ensure_eq!(problem.field.as_deref(), Some("username"), "field, for {name:?}");
    }
    for password in ["", "123456789", "x".repeat(257).as_str()] {
        let name = fresh_name("ada");
        let problem = body.sign_up(&name, password, None).await?.problem(ErrorCode::BadRequest)?;
        ensure_eq!(problem.field.as_deref(), Some("password"), "field, for {password:?}");
        ensure!(password.is_empty() || !problem.detail.contains(password), "it repeats a password");
    }
    for email in ["ada", "ada@", "@example.com", "a da@example.com", "<ada@example.com>"] {
        let answer = body.sign_up(&fresh_name("ada"), &good, Some(email)).await?;
        let problem = answer.problem(ErrorCode::BadRequest)?;
        ensure_eq!(problem.field.as_deref(), Some("email"), "field, for {email:?}");
    }
    for text in ["", "{", "[]", "null", "{}", r#"{"username":5,"password":"0123456789"}"#] {
        let answer = body.call(Call::post("/v1/accounts").text(text)?).await?;
        answer.problem(ErrorCode::BadRequest)?;
    }
    Ok(())
}

/// Whoever guesses does not learn which half was wrong.
///
/// # Errors
/// What failed.
pub async fn wrong_password_and_unknown_name_look_the_same(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let wrong = body.try_log_in(&ada.username, &fresh_password()).await?;
    let unknown = body.try_log_in(&fresh_name("nobody"), &fresh_password()).await?;
    let address = body.try_log_in(&fresh_email("nobody"), &fresh_password()).await?;
    for answer in [&wrong, &unknown, &address] {
        answer.problem(ErrorCode::InvalidCredentials)?;
        ensure_eq!(answer.text, wrong.text, "the refusals");
        ensure!(!answer.headers.contains_key("set-cookie"), "a refused log-in sets a cookie");
    }
    Ok(())
}

/// Calls without what they need.
///
/// # Errors
/// What failed.
pub async fn bad_calls_are_refused(body: &Body) -> Outcome {
    let unauthorized = [
        Call::get("/v1/me"),
        Call::post("/v1/tickets"),
        Call::get("/v1/me").bearer("")?,
        Call::get("/v1/me").bearer("nonsense")?,
        Call::post("/v1/tickets").bearer("t_nonsense")?,
        Call::post("/v1/sessions/refresh"),
        Call::post("/v1/sessions/refresh").cookie("parley=nonsense; refresh=nonsense")?,
    ];
    for call in unauthorized {
        let what = format!("{call:?}");
        let refused = body.call(call).await?.problem(ErrorCode::Unauthorized);
        refused.map_err(|failure| failure.during(what))?;
    }
    let malformed = [
        Call::post("/v1/sessions").text("{")?,
        Call::post("/v1/sessions").text("[]")?,
        Call::post("/v1/sessions").json(&json!({ "login": "ada" }))?,
        Call::post("/v1/sessions").json(&json!({ "login": ["ada"], "password": {} }))?,
        Call::post("/v1/sessions"),
    ];
    for call in malformed {
        body.call(call).await?.problem(ErrorCode::BadRequest)?;
    }
    // Ending a session that is none ends nothing, and is no error worth telling.
    let ended = body.call(Call::delete("/v1/sessions/current")).await?;
    ensure!(matches!(ended.status, 204 | 401), "status {}", ended.status);
    Ok(())
}

/// What others need to check our tokens is published, and suffices.
///
/// # Errors
/// What failed.
pub async fn tokens_verify_against_the_published_keys(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let token = Token::read(&ada.access_token)?;
    for (field, value) in [("alg", "ES256"), ("typ", "at+jwt")] {
        ensure_eq!(token.header.get(field), Some(&json!(value)), "{field}");
    }
    for (claim, value) in
        [("iss", "parley"), ("aud", "parley-chat"), ("sub", &ada.user_id), ("name", &ada.username)]
    {
        ensure_eq!(token.claims.get(claim), Some(&json!(value)), "{claim}");
    }
    let seconds = |claim: &str| token.claims.get(claim).and_then(Value::as_i64).unwrap_or_default();
    ensure_eq!(seconds("exp") - seconds("iat"), 15 * 60, "life of a token");
    for claim in ["jti", "sid"] {
        ensure!(token.claims.get(claim).is_some_and(Value::is_string), "no {claim}");
    }

    let keys: JwkSet = body.call(Call::get("/.well-known/jwks.json")).await?.expect(200)?;
    let kid = token.header.get("kid").and_then(Value::as_str);
    let key = keys.keys.iter().find(|key| Some(key.kid.as_str()) == kid);
    let key = key.ok_or_else(|| Failure::new("the token's key is not published"))?;
    ensure_eq!((key.kty.as_str(), key.crv.as_str()), ("EC", "P-256"), "kind of key");
    ensure_eq!((key.alg.as_str(), key.usage.as_str()), ("ES256", "sig"), "use of the key");
    PublicKey::from_jwk(key)?.verify(&ada.access_token)
}
