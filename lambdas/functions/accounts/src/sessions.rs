//! What a session's cookie is good for, and its end.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::Error;
use chat::accounts::User;
use chat::farewell::Which;
use chat::sessions::{IDLE_LIFE, Refreshed, SessionCookie};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use protocol::{ErrorCode, Session, SessionInfo, Sessions};

use crate::http::{self, Refusal};
use crate::{Ctx, devices};

/// The refresh cookie. Only the calls below its path ever see it.
pub(crate) const COOKIE: &str = "parley_session";
/// The cookie of a browser that has logged in before.
pub(crate) const DEVICE_COOKIE: &str = "parley_device";
const COOKIE_PATH: &str = "/v1/sessions";
const LOGGED_OUT: &str = "You have logged out.";
const ENDED: &str = "This session was ended.";

/// `POST /v1/sessions/refresh`: a new access token, and a new cookie for the next time.
pub(crate) async fn refresh(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let ended = || Refusal::new(ErrorCode::Unauthorized, "There is no session, or no longer.");
    let cookie = cookie_of(event).ok_or_else(ended)?;
    let mut user = ctx.accounts.user(cookie.user_id()).await?.ok_or_else(ended)?;
    let mut refreshed = ctx.sessions.refresh(&cookie, &user).await?;
    if matches!(refreshed, Refreshed::Ended) {
        // A change of the password may have come between the two reads, in which this session goes on.
        let now = ctx.accounts.user(cookie.user_id()).await?.ok_or_else(ended)?;
        if now.epoch != user.epoch {
            user = now;
            refreshed = ctx.sessions.refresh(&cookie, &user).await?;
        }
    }
    match refreshed {
        Refreshed::Renewed(renewed) => {
            // The cookie has been replaced: without the new one the browser would soon be taken for
            // a thief, also where nobody signs a token just now.
            let granted = grant(ctx, &user, renewed.session_id()).await;
            let mut response = granted.unwrap_or_else(|error| Refusal::from(error).into_response());
            set_cookie(ctx, &mut response, Some(&renewed));
            Ok(response)
        }
        Refreshed::Ended => {
            // Whoever ended it may not have reached all of its sockets.
            if let Some(session) = ctx.sessions.of_cookie(&cookie).await? {
                let which = Which::Session(&session.session_id);
                ctx.farewell.say(&session.user_id, which, ENDED).await?;
            }
            Err(ended())
        }
        Refreshed::Reused => {
            tracing::warn!(
                session = cookie.session_id(),
                "A replaced cookie was used: the session was ended."
            );
            ctx.farewell.say(&user.id, Which::Session(cookie.session_id()), ENDED).await?;
            Err(ended())
        }
    }
}

/// `DELETE /v1/sessions/current`: ends the session of the cookie. Without one there is nothing to
/// end, which is what was asked.
pub(crate) async fn log_out(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    if let Some(cookie) = cookie_of(event)
        // One that has ended already may have left sockets behind.
        && let Some(session) = ctx.sessions.of_cookie(&cookie).await?
    {
        ctx.sessions.end(&session.user_id, &session.session_id).await?;
        let which = Which::Session(&session.session_id);
        ctx.farewell.say(&session.user_id, which, LOGGED_OUT).await?;
    }
    let mut response = http::empty(204);
    set_cookie(ctx, &mut response, None);
    Ok(response)
}

/// `GET /v1/sessions`.
pub(crate) async fn list(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let signed_in = http::signed_in(ctx, event).await?;
    let sessions = ctx.sessions.of_user(&signed_in.user).await?;
    let sessions = sessions.into_iter().map(|session| SessionInfo {
        current: session.session_id == signed_in.claims.sid,
        id: session.session_id,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        user_agent: session.user_agent,
    });
    Ok(http::json(200, &Sessions { sessions: sessions.collect() }))
}

/// `DELETE /v1/sessions/{id}`: one of mine. One that is none of mine is as good as ended.
pub(crate) async fn end(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let user = http::signed_in(ctx, event).await?.user;
    let session = event.path_parameters.get("id").map(String::as_str).unwrap_or_default();
    // What is no id of ours may be no key at all.
    if session.starts_with("s_") && session.len() <= 64 {
        ctx.sessions.end(&user.id, session).await?;
        ctx.farewell.say(&user.id, Which::Session(session), ENDED).await?;
    }
    Ok(http::empty(204))
}

/// `DELETE /v1/sessions`: all of mine, the one that asks too.
pub(crate) async fn end_all(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let user = http::signed_in(ctx, event).await?.user;
    ctx.accounts.end_sessions(&user.id).await?;
    ctx.farewell.say(&user.id, Which::All, ENDED).await?;
    let mut response = http::empty(204);
    set_cookie(ctx, &mut response, None);
    Ok(response)
}

fn cookie_of(event: &ApiGatewayV2httpRequest) -> Option<SessionCookie> {
    SessionCookie::parse(&http::cookie(event, COOKIE)?)
}

/// An access token for a session.
pub(crate) async fn grant(
    ctx: &Ctx,
    user: &User,
    session_id: &str,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let access_token = ctx.signer.access_token(&user.id, &user.username, session_id).await?;
    Ok(http::json(
        200,
        &Session {
            username: user.username.clone(),
            user_id: user.id.clone(),
            access_token,
            expires_in: chat::identity::TOKEN_LIFE.unsigned_abs(),
        },
    ))
}

/// Gives a session's cookie to the browser, or takes it away. Payload format 2.0 has cookies in a list
/// of their own ("Working with AWS Lambda proxy integrations for HTTP APIs").
pub(crate) fn set_cookie(
    ctx: &Ctx,
    response: &mut ApiGatewayV2httpResponse,
    session: Option<&SessionCookie>,
) {
    let cookie = match session {
        Some(session) => cookie(ctx, COOKIE, session.value(), IDLE_LIFE),
        None => cookie(ctx, COOKIE, String::new(), std::time::Duration::ZERO),
    };
    response.cookies.push(cookie.to_string());
}

/// Remembers a browser that has proved whose account it is.
pub(crate) async fn greet(
    ctx: &Ctx,
    response: &mut ApiGatewayV2httpResponse,
    user: &User,
    device: Option<String>,
) -> Result<(), Error> {
    let secret = ctx.devices.remember(&user.id, device).await?;
    response.cookies.push(cookie(ctx, DEVICE_COOKIE, secret, devices::LIFE).to_string());
    Ok(())
}

/// A cookie that no script and no foreign page gets to use.
fn cookie(
    ctx: &Ctx,
    name: &'static str,
    value: String,
    life: std::time::Duration,
) -> Cookie<'static> {
    Cookie::build((name, value))
        .path(COOKIE_PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(ctx.cookie_secure)
        .max_age(Duration::seconds(i64::try_from(life.as_secs()).unwrap_or(i64::MAX)))
        .build()
}
