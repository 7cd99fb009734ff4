//! The e-mail addresses of an account.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::accounts::{Email, Opened, Purpose, Unlinked};
use protocol::limits::EMAILS_MAX;
use protocol::{Emails, ErrorCode, NewEmail, UnlinkEmail, VerifiedEmail, VerifyEmail};

use crate::Ctx;
use crate::http::{self, Refusal};
use crate::letters::Letter;
use crate::limits::{MAILS_OF_ACCOUNT, MAILS_OF_ADDRESS};
use crate::log_in::check_own_password;
use crate::policy::read_email;
use crate::sign_up::ask_to_confirm;

/// `GET /v1/emails`.
pub(crate) async fn list(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let user = http::signed_in(ctx, event).await?.user;
    Ok(http::json(200, &Emails { emails: user.emails }))
}

/// `POST /v1/emails`: a mail with a link to an address that shall be the account's. The password is
/// asked for once more, since whoever has the address can set a new one.
pub(crate) async fn link(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let user = http::signed_in(ctx, event).await?.user;
    let NewEmail { email, password } = http::read(event)?;
    let email = read_email(&email)?;
    let refuse = |detail: String| Refusal::of_field("email", ErrorCode::BadRequest, detail);
    if user.emails.iter().any(|known| known == email.as_str()) {
        return Err(refuse("This address is yours already.".to_owned()));
    }
    if user.emails.len() >= EMAILS_MAX {
        return Err(refuse(format!("An account has at most {EMAILS_MAX} addresses.")));
    }
    check_own_password(ctx, &user, "password", password).await?;
    ctx.limits.count_address(MAILS_OF_ADDRESS, event).await?;
    ctx.limits.count(MAILS_OF_ACCOUNT, &user.id).await?;
    ask_to_confirm(ctx, &user, &email).await?;
    Ok(http::empty(202))
}

/// `POST /v1/emails/unlink`.
pub(crate) async fn unlink(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let user = http::signed_in(ctx, event).await?.user;
    let UnlinkEmail { email } = http::read(event)?;
    let email = read_email(&email)?;
    match ctx.accounts.unlink_email(&user, &email).await? {
        Unlinked::Done => {
            tell(ctx, &email, || {
                Letter::unlinked(&user.username, ctx.mailer.site().page("forgot"))
            })
            .await;
            Ok(http::empty(204))
        }
        Unlinked::Unknown => Err(Refusal::of_field(
            "email",
            ErrorCode::NotFound,
            "This address is not one of yours.",
        )),
        Unlinked::Last => Err(Refusal::of_field(
            "email",
            ErrorCode::LastEmail,
            "This is your last address. Add another one first.",
        )),
    }
}

/// `POST /v1/emails/verify`: whoever has the link reads the address's mail.
pub(crate) async fn verify(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let VerifyEmail { token } = http::read(event)?;
    let link = ctx.accounts.link(&token, Purpose::Email).await?.ok_or_else(spent)?;
    let user = ctx.accounts.user(link.user_id()).await?.ok_or_else(spent)?;
    match ctx.accounts.confirm_email(&link, &user).await? {
        Opened::Done => {
            let email = link.email().unwrap_or_default().to_owned();
            Ok(http::json(200, &VerifiedEmail { username: user.username, email }))
        }
        Opened::Spent => Err(spent()),
        Opened::Taken => Err(Refusal::new(
            ErrorCode::EmailTaken,
            "Another account has confirmed this address meanwhile.",
        )),
    }
}

/// Tells somebody of what was done. It is done, whether or not this mail goes out.
pub(crate) async fn tell(ctx: &Ctx, email: &Email, letter: impl FnOnce() -> Letter) {
    if ctx.mailer.is_on()
        && let Err(error) = ctx.mailer.send(email, &letter()).await
    {
        error.log();
    }
}

/// The refusal of a link that does nothing any more.
pub(crate) fn spent() -> Refusal {
    Refusal::new(
        ErrorCode::InvalidLink,
        "This link was used already, or is too old. Please ask for a new one.",
    )
}
