//! Sign-up, login, sessions, tickets and keys, over HTTP.

use futures_util::future::try_join_all;
use protocol::{ErrorCode, JwkSet, Me, NewAccount, NewSession, Session, Ticket};
use serde_json::{Value, json};

use crate::token::{PublicKey, Token};
use crate::{Answer, Body, Call, Failure, Outcome, ensure, ensure_eq, fresh_name, fresh_password};

fn account(username: &str, password: &str) -> NewAccount {
    NewAccount { username: username.to_owned(), password: password.to_owned(), email: None }
}

async fn sign_up(body: &Body, username: &str, password: &str) -> Result<Answer, Failure> {
    body.call(Call::post("/v1/accounts").json(&account(username, password))?).await
}

async fn log_in(body: &Body, login: &str, password: &str) -> Result<Answer, Failure> {
    let login = NewSession { login: login.to_owned(), password: password.to_owned() };
    body.call(Call::post("/v1/sessions").json(&login)?).await
}

/// The oldest feature.
///
/// # Errors
/// What failed.
pub async fn ping_pongs(body: &Body) -> Outcome {
    let answer = body.call(Call::get("/ping")).await?;
    ensure_eq!((answer.status, answer.text.as_str()), (200, "PONG!"), "answer");
    Ok(())
}

/// Sign-up, login, who am I, a ticket, a new access token, and the end of it all.
///
/// # Errors
/// What failed.
pub async fn a_session_from_sign_up_to_its_end(body: &Body) -> Outcome {
    let (name, password) = (fresh_name("Ada"), fresh_password());
    let _: Value = sign_up(body, &name, &password).await?.expect(201)?;
    // Names are told apart without their case.
    let answer = log_in(body, &name.to_uppercase(), &password).await?;
    let session: Session = answer.expect(200)?;
    ensure_eq!(session.username, name, "user name");
    ensure!(session.user_id.starts_with("u_"), "user id {}", session.user_id);
    ensure_eq!(session.expires_in, 15 * 60, "life of the access token, in seconds");

    let (cookie, attributes) = answer.set_cookie()?;
    for attribute in ["httponly", "path="] {
        ensure!(
            attributes.iter().any(|a| a.starts_with(attribute)),
            "no {attribute}: {attributes:?}"
        );
    }
    ensure!(
        attributes.iter().any(|a| a == "samesite=strict" || a == "samesite=lax"),
        "the cookie goes to foreign sites: {attributes:?}"
    );

    let me = Call::get("/v1/me").bearer(&session.access_token)?;
    let me: Me = body.call(me).await?.expect(200)?;
    ensure_eq!((me.username, me.user_id.clone()), (name, session.user_id.clone()), "me");
    let ticket = Call::post("/v1/tickets").bearer(&session.access_token)?;
    let ticket: Ticket = body.call(ticket).await?.expect(200)?;
    ensure!(ticket.ticket.starts_with("t_") && ticket.expires_in == 30, "{ticket:?}");

    let refreshed = body.call(Call::post("/v1/sessions/refresh").cookie(&cookie)?).await?;
    // A server may renew the cookie as well.
    let cookie = refreshed.set_cookie().map_or(cookie, |(renewed, _)| renewed);
    let refreshed: Session = refreshed.expect(200)?;
    ensure_eq!(refreshed.user_id, session.user_id, "user id after a refresh");
    let me = Call::get("/v1/me").bearer(&refreshed.access_token)?;
    body.call(me).await?.expect::<Me>(200)?;

    let end = Call::delete("/v1/sessions/current").cookie(&cookie)?;
    ensure_eq!(body.call(end).await?.status, 204, "status of the end of a session");
    let refresh = Call::post("/v1/sessions/refresh").cookie(&cookie)?;
    body.call(refresh).await?.problem(ErrorCode::Unauthorized)?;
    Ok(())
}

/// A name that differs in case alone is taken.
///
/// # Errors
/// What failed.
pub async fn a_name_has_one_owner(body: &Body) -> Outcome {
    let name = fresh_name("Ada");
    let _: Value = sign_up(body, &name, &fresh_password()).await?.expect(201)?;
    for again in [name.clone(), name.to_lowercase(), name.to_uppercase()] {
        let problem =
            sign_up(body, &again, &fresh_password()).await?.problem(ErrorCode::NameTaken)?;
        ensure_eq!(problem.field.as_deref(), Some("username"), "field");
    }
    Ok(())
}

/// Of sign-ups that race for a name one wins, and only its password opens the account.
///
/// # Errors
/// What failed.
pub async fn one_of_two_racing_sign_ups_wins(body: &Body) -> Outcome {
    let name = fresh_name("racer");
    let passwords: Vec<String> = (0..4).map(|_| fresh_password()).collect();
    let racers = passwords.iter().map(|password| sign_up(body, &name, password));
    let mut winners = Vec::new();
    for (answer, password) in try_join_all(racers).await?.into_iter().zip(&passwords) {
        if answer.status == 201 {
            winners.push(password);
        } else {
            answer.problem(ErrorCode::NameTaken)?;
        }
    }
    ensure_eq!(winners.len(), 1, "winners");
    for password in &passwords {
        let answer = log_in(body, &name, password).await?;
        if winners.contains(&password) {
            answer.expect::<Session>(200)?;
        } else {
            answer.problem(ErrorCode::InvalidCredentials)?;
        }
    }
    Ok(())
}

/// Names and passwords outside their limits, and bodies that are none.
///
/// # Errors
/// What failed.
pub async fn bad_sign_ups_are_refused(body: &Body) -> Outcome {
    let good = fresh_password();
    for name in ["", "a", "a b", "ada!", "é".repeat(3).as_str(), "ada\n", "a".repeat(33).as_str()]
    {
        let problem = sign_up(body, name, &good).await?.problem(ErrorCode::BadRequest)?;
        ensure_eq!(problem.field.as_deref(), Some("username"), "field, for {name:?}");
    }
    for password in ["", "123456789", "x".repeat(257).as_str()] {
        let name = fresh_name("ada");
        let problem = sign_up(body, &name, password).await?.problem(ErrorCode::BadRequest)?;
        ensure_eq!(problem.field.as_deref(), Some("password"), "field, for {password:?}");
        ensure!(password.is_empty() || !problem.detail.contains(password), "it repeats a password");
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
    let wrong = log_in(body, &ada.username, &fresh_password()).await?;
    let unknown = log_in(body, &fresh_name("nobody"), &fresh_password()).await?;
    wrong.problem(ErrorCode::InvalidCredentials)?;
    unknown.problem(ErrorCode::InvalidCredentials)?;
    ensure_eq!(wrong.text, unknown.text, "the two refusals");
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
