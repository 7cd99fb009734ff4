//! Changing a password, and choosing a new one by a link.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::accounts::{Email, Link, Opened, Purpose, RESET_LIFE, User, login_key};
use chat::farewell::Which;
use chat::sessions;
use futures_util::future::join;
use protocol::{AdminStatus, ChangePassword, ErrorCode, LoginName, ResetPassword};

use crate::emails::{self, spent};
use crate::http::{self, Refusal};
use crate::letters::Letter;
use crate::limits::{MAILS_OF_ADDRESS, MAILS_OF_LOGIN};
use crate::log_in::check_own_password;
use crate::policy::check_password;
use crate::sign_up::ask_to_confirm;
use crate::{Ctx, sessions as cookies};

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
    let others = Which::AllBut(&session);
    let farewell = ctx.farewell.say(&user.id, others, "Your password was changed.");
    let ((), ended) = join(tell(ctx, &user), farewell).await;
    ended?;
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
    // By what was typed: by the account, it would tell which name and which address are one person's.
    ctx.limits.count(MAILS_OF_LOGIN, &login_key(&login)).await?;
    let typed = Email::parse(&login).ok();
    let user = ctx.accounts.user_by_login(&login).await?;
    match (user, typed) {
        (Some(user), typed) => write_to(ctx, &user, typed).await?,
        (None, Some(email)) if ctx.mailer.is_on() => {
            // The same work as for somebody.
            let (link, _) = Link::to_set_password("-", 0, Some(&email), RESET_LIFE)?;
            ctx.accounts.put_link(&link).await?;
            ctx.mailer.send_asked(&email, &Letter::nobody(ctx.mailer.site().page(""))).await?;
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
    if !ctx.mailer.is_on() {
        return Ok(());
    }
    let (link, secret) = Link::to_set_password(&user.id, user.epoch, Some(&email), RESET_LIFE)?;
    ctx.accounts.put_link(&link).await?;
    let site = ctx.mailer.site();
    let letter = if user.status() == AdminStatus::Active {
        Letter::reset(&user.username, site.link("reset", &secret, &user.username))
    } else {
        Letter::disabled(&user.username)
    };
    Ok(ctx.mailer.send_asked(&email, &letter).await?)
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
    let told = async {
        if user.password_hash.is_some() {
            tell(ctx, &user).await;
        }
    };
    let farewell = ctx.farewell.say(&user.id, Which::All, "Your password was reset.");
    let ((), ended) = join(told, farewell).await;
    ended?;
    let mut response = http::empty(204);
    // Whoever guesses at the account must not keep its owner waiting now.
    cookies::greet(ctx, &mut response, &user, None).await?;
    Ok(response)
}

fn about(user: &User) -> Vec<&str> {
    let emails = user.emails.iter().map(String::as_str);
    emails.chain([user.username.as_str()]).collect()
}

async fn tell(ctx: &Ctx, user: &User) {
    let Some(email) = user.emails.first().and_then(|text| Email::parse(text).ok()) else { return };
    let letter = || Letter::password_changed(&user.username, ctx.mailer.site().page("forgot"));
    emails::tell(ctx, &email, letter).await;
}
