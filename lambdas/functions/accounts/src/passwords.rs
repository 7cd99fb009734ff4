//! Changing a password, and choosing a new one by a link.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::accounts::{Email, Link, Opened, Purpose, RESET_LIFE, User};
use chat::farewell::Which;
use chat::sessions;
use protocol::{AdminStatus, ChangePassword, ErrorCode, LoginName, ResetPassword};

use crate::Ctx;
use crate::emails::spent;
use crate::http::{self, Refusal};
use crate::letters::Letter;
use crate::limits::{MAILS_OF_ACCOUNT, MAILS_OF_ADDRESS};
use crate::log_in::check_own_password;
use crate::policy::check_password;
use crate::sign_up::ask_to_confirm;

/// `POST /v1/password`: the session that asks goes on, all others end.
pub(crate) async fn change(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let signed_in = http::signed_in(ctx, event).await?;
    let (user, session) = (signed_in.user, signed_in.claims.sid);
    let ChangePassword { current, password } = http::read(event)?;
    check_password(&password, &about(&user))?;
    check_own_password(ctx, &user, "current", current).await?;
    let hash = ctx.passwords.hash(password).await?;
    let key = sessions::row_key(&user.id, &session);
    if !ctx.accounts.change_password(&user, &hash, &key).await? {
        return Err(Refusal::new(ErrorCode::Unauthorized, "The session has ended."));
    }
    tell(ctx, &user).await;
    ctx.farewell.say(&user.id, Which::AllBut(&session), "Your password was changed.").await?;
    Ok(http::empty(204))
}

/// `POST /v1/password/forgot`. Whoever it is, the answer is the same; whether an address is known, only
/// its owner learns.
pub(crate) async fn forgot(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let LoginName { login } = http::read(event)?;
    ctx.limits.count_address(MAILS_OF_ADDRESS, event).await?;
    let typed = Email::parse(&login).ok();
    let user = ctx.accounts.user_by_login(&login).await?;
    // Counted alike: somebody by their id, and what is nobody's by itself.
    let typed_text = login.trim().to_lowercase();
    let counted = user.as_ref().map_or(typed_text.as_str(), |user| &user.id);
    ctx.limits.count(MAILS_OF_ACCOUNT, counted).await?;
    match (user, typed) {
        (Some(user), typed) => write_to(ctx, &user, typed).await?,
        (None, Some(email)) if ctx.mailer.is_on() => {
            // The same work as for somebody.
            let (link, _) = Link::to_set_password("-", 0, RESET_LIFE)?;
            ctx.accounts.put_link(&link).await?;
            ctx.mailer.send(&email, &Letter::nobody(ctx.mailer.site().page(""))).await?;
        }
        (None, _) => {}
    }
    Ok(http::empty(202))
}

/// To the address that was typed, which is theirs, or to their first one.
async fn write_to(ctx: &Ctx, user: &User, typed: Option<Email>) -> Result<(), Refusal> {
    if let Some(pending) = user.pending_email.as_deref().and_then(|text| Email::parse(text).ok())
        && user.status() == AdminStatus::Unverified
    {
        return Ok(ask_to_confirm(ctx, user, &pending).await?);
    }
    let first = user.emails.first().and_then(|text| Email::parse(text).ok());
    let Some(email) = typed.or(first) else { return Ok(()) };
    if user.status() != AdminStatus::Active || !ctx.mailer.is_on() {
        return Ok(());
    }
    let (link, secret) = Link::to_set_password(&user.id, user.epoch, RESET_LIFE)?;
    ctx.accounts.put_link(&link).await?;
    let letter =
        Letter::reset(&user.username, ctx.mailer.site().link("reset", &secret, &user.username));
    Ok(ctx.mailer.send(&email, &letter).await?)
}

/// `POST /v1/password/reset`: also how somebody begins whose account an administrator made.
pub(crate) async fn reset(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let ResetPassword { token, password } = http::read(event)?;
    let link = ctx.accounts.link(&token, Purpose::Password).await?.ok_or_else(spent)?;
    let user = ctx.accounts.user(link.user_id()).await?.ok_or_else(spent)?;
    check_password(&password, &about(&user))?;
    let hash = ctx.passwords.hash(password).await?;
    match ctx.accounts.reset_password(&link, &hash).await? {
        Opened::Done => {}
        Opened::Spent | Opened::Taken => return Err(spent()),
    }
    if user.password_hash.is_some() {
        tell(ctx, &user).await;
    }
    ctx.farewell.say(&user.id, Which::All, "Your password was reset.").await?;
    Ok(http::empty(204))
}

fn about(user: &User) -> Vec<&str> {
    let emails = user.emails.iter().map(String::as_str);
    emails.chain([user.username.as_str()]).collect()
}

/// Tells a user that their password was changed. That is done, whether or not this mail goes out.
async fn tell(ctx: &Ctx, user: &User) {
    let Some(email) = user.emails.first().and_then(|text| Email::parse(text).ok()) else { return };
    if ctx.mailer.is_on() {
        let letter = Letter::password_changed(&user.username, ctx.mailer.site().page("forgot"));
        if let Err(error) = ctx.mailer.send(&email, &letter).await {
            error.log();
        }
    }
}
