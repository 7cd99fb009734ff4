//! Log-in, refresh, log-out: a password makes a session, whose cookie makes access tokens.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::Error;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use protocol::{ErrorCode, NewSession, Session};

use crate::Ctx;
use crate::http::{self, Refusal};
use crate::store::{self, NewSessionRow, SESSION_LIFE};

/// The refresh cookie. Only the calls below its path ever see it.
const COOKIE: &str = "parley_session";
const COOKIE_PATH: &str = "/v1/sessions";

/// `POST /v1/sessions`. An unknown name and a wrong password are answered alike, after the same work.
pub(crate) async fn log_in(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let login: NewSession = http::read(event)?;
    let user = ctx.store.user_by_name(&login.login).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = ctx.passwords.verify(login.password, hash).await?;
    let Some(user) = user.filter(|_| right) else {
        return Err(Refusal::new(ErrorCode::InvalidCredentials, "User name or password is wrong."));
    };
    let (row, secret) = NewSessionRow::new(&user)?;
    ctx.store.create_session(&row).await?;
    let mut response = grant(ctx, &user, &row.id).await?;
    set_cookie(&mut response, &session_cookie(ctx, format!("{}.{secret}", row.id), SESSION_LIFE));
    Ok(response)
}

/// `POST /v1/sessions/refresh`: a new access token for the session of the cookie.
pub(crate) async fn refresh(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let ended = || Refusal::new(ErrorCode::Unauthorized, "There is no session, or no longer.");
    let session = session_of_cookie(ctx, event).await?.ok_or_else(ended)?;
    let user = ctx.store.user(&session.user_id).await?.ok_or_else(ended)?;
    Ok(grant(ctx, &user, &session.id).await?)
}

/// `DELETE /v1/sessions/current`: ends the session of the cookie. Without one there is nothing to
/// end, which is what was asked. Sockets that are open stay so until they are handed over.
pub(crate) async fn log_out(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    if let Some(session) = session_of_cookie(ctx, event).await? {
        ctx.store.delete_session(&session.id).await?;
    }
    let mut response = http::empty(204);
    set_cookie(&mut response, &session_cookie(ctx, String::new(), std::time::Duration::ZERO));
    Ok(response)
}

async fn session_of_cookie(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<Option<store::Session>, Error> {
    let Some(value) = http::cookie(event, COOKIE) else { return Ok(None) };
    let Some((id, secret)) = value.split_once('.') else { return Ok(None) };
    let session = ctx.store.session(id).await?;
    Ok(session.filter(|session| session.is_opened_by(secret)))
}

async fn grant(
    ctx: &Ctx,
    user: &store::User,
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

fn session_cookie(ctx: &Ctx, value: String, life: std::time::Duration) -> Cookie<'static> {
    Cookie::build((COOKIE, value))
        .path(COOKIE_PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(ctx.cookie_secure)
        .max_age(Duration::seconds(i64::try_from(life.as_secs()).unwrap_or(i64::MAX)))
        .build()
}

/// Payload format 2.0 has cookies in a list of their own ("Working with AWS Lambda proxy
/// integrations for HTTP APIs").
fn set_cookie(response: &mut ApiGatewayV2httpResponse, cookie: &Cookie<'_>) {
    response.cookies.push(cookie.to_string());
}
