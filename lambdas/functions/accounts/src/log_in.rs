//! `POST /v1/sessions`: a password makes a session.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::http::header::USER_AGENT;
use chat::Error;
use chat::accounts::{User, login_key};
use protocol::{AdminStatus, ErrorCode, NewSession};

use crate::http::{self, Refusal};
use crate::limits::LOG_INS_OF_ADDRESS;
use crate::lockout::Attempt;
use crate::{Ctx, sessions};

/// An unknown name and a wrong password are answered alike, after the same work: two reads to find
/// whose name it is, one for a device's cookie if there is one, two calls to count the try, one hash.
pub(crate) async fn log_in(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let login: NewSession = http::read(event)?;
    ctx.limits.count_address(LOG_INS_OF_ADDRESS, event).await?;
    let found = ctx.accounts.user_by_login(&login.login).await?;
    let device = known_device(ctx, found.as_ref(), event).await?;
    let who = counted_as(found.as_ref(), &login.login, device.as_deref());
    let attempt = begin(ctx, &who).await?;
    let hash = found.as_ref().and_then(|user| user.password_hash.clone());
    let right = ctx.passwords.verify(login.password, hash).await?;
    let Some(user) = found.filter(|_| right) else {
        return Err(Refusal::new(ErrorCode::InvalidCredentials, "User name or password is wrong."));
    };
    forgive(ctx, attempt.as_ref()).await?;
    // Only whoever knows the password learns more.
    match user.status() {
        AdminStatus::Active => {}
        AdminStatus::Unverified => {
            return Err(Refusal::new(
                ErrorCode::NotVerified,
                "Please open the link in the mail that we sent you first.",
            ));
        }
        AdminStatus::Disabled | AdminStatus::Erased => {
            return Err(Refusal::new(
                ErrorCode::AccountDisabled,
                "This account has been disabled. Please ask an administrator.",
            ));
        }
    }
    let agent = http::header(event, USER_AGENT).unwrap_or_default();
    let cookie = ctx.sessions.begin(&user, agent).await?;
    let mut response = sessions::grant(ctx, &user, cookie.session_id()).await?;
    sessions::set_cookie(ctx, &mut response, Some(&cookie));
    sessions::greet(ctx, &mut response, &user, device).await?;
    Ok(response)
}

/// The cookie of a browser that knows whoever this is.
async fn known_device(
    ctx: &Ctx,
    user: Option<&User>,
    event: &ApiGatewayV2httpRequest,
) -> Result<Option<String>, Error> {
    let Some(secret) = http::cookie(event, sessions::DEVICE_COOKIE) else { return Ok(None) };
    // Asked of nobody too, for the time that it takes.
    let known = ctx.devices.knows(user.map_or("-", |user| &user.id), &secret).await?;
    Ok(Some(secret).filter(|_| known))
}

/// Whose wrong passwords are counted together: those at one name or address. Counted by the account
/// that they lead to, a name that has to wait would tell which address is its owner's. A browser that
/// knows the account is its own, whatever it types.
fn counted_as(user: Option<&User>, login: &str, device: Option<&str>) -> String {
    match (user, device) {
        (Some(user), Some(secret)) => format!("user {} at {secret}", user.id),
        _ => format!("login {}", login_key(login)),
    }
}

/// Asks somebody who is logged in for their password once more.
pub(crate) async fn check_own_password(
    ctx: &Ctx,
    user: &User,
    field: &'static str,
    password: String,
) -> Result<(), Refusal> {
    // Their own count: a stranger at the door must not keep them from it, nor they a stranger out.
    let attempt = begin(ctx, &format!("user {} inside", user.id)).await?;
    if ctx.passwords.verify(password, user.password_hash.clone()).await? {
        return Ok(forgive(ctx, attempt.as_ref()).await?);
    }
    // Not 401, which would say that the session has ended.
    Err(Refusal::of_field(field, ErrorCode::BadRequest, "The password is wrong."))
}

async fn begin(ctx: &Ctx, who: &str) -> Result<Option<Attempt>, Refusal> {
    if ctx.limits.are_on() { ctx.lockout.attempt(who).await.map(Some) } else { Ok(None) }
}

async fn forgive(ctx: &Ctx, attempt: Option<&Attempt>) -> Result<(), Error> {
    match attempt {
        Some(attempt) => ctx.lockout.forgive(attempt).await,
        None => Ok(()),
    }
}
