//! Sign-up: a user name, a password and an e-mail address make an account.
//!
//! Whether an address is somebody's already, only its owner learns, by mail: the answer is the same, and
//! so is the work.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::Error;
use chat::accounts::{
    Created, Email, Link, NewUser, Proof, User, UserName, VERIFY_LIFE, login_key,
};
use chat::clock::Timestamp;
use protocol::{AccountStatus, AdminStatus, ErrorCode, LoginName, NewAccount, Role, SignedUp};

use crate::Ctx;
use crate::http::{self, Refusal};
use crate::letters::Letter;
use crate::limits::{MAILS_OF_ADDRESS, MAILS_OF_LOGIN, SIGN_UPS_OF_ADDRESS, SIGN_UPS_OF_EMAIL};
use crate::policy::{check_password, read_email};

/// `POST /v1/accounts`.
pub(crate) async fn sign_up(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let account: NewAccount = http::read(event)?;
    let name = UserName::parse(&account.username)
        .map_err(|error| Refusal::of_field("username", ErrorCode::BadRequest, error.to_string()))?;
    let given = account.email.as_deref().map(str::trim).filter(|email| !email.is_empty());
    let email = given.map(read_email).transpose()?;
    ctx.policy.admits(email.as_ref())?;
    let about: Vec<&str> =
        [Some(name.as_str()), email.as_ref().map(Email::as_str)].into_iter().flatten().collect();
    check_password(&account.password, &about)?;

    ctx.limits.count_address(SIGN_UPS_OF_ADDRESS, event).await?;
    if let Some(email) = &email {
        ctx.limits.count(SIGN_UPS_OF_EMAIL, email.as_str()).await?;
    }
    let password_hash = ctx.passwords.hash(account.password).await?;
    let proof = if ctx.policy.verify_email {
        Proof::By(Timestamp::now().plus(VERIFY_LIFE).seconds())
    } else {
        Proof::Later
    };
    let new = NewUser {
        name,
        password_hash: Some(password_hash),
        role: Role::User,
        email: email.clone(),
        proof,
    };
    let user = match ctx.accounts.create(new).await? {
        Created::User(user) => user,
        Created::NameTaken | Created::EmailTaken => {
            return Err(Refusal::of_field(
                "username",
                ErrorCode::NameTaken,
                "Somebody has this name already, or one that looks like it.",
            ));
        }
    };
    if let Some(email) = &email {
        ask_to_confirm(ctx, &user, email).await?;
    }
    let status = match user.status() {
        AdminStatus::Unverified => AccountStatus::Unverified,
        _ => AccountStatus::Active,
    };
    Ok(http::json(201, &SignedUp { username: user.username, user_id: user.id, status }))
}

/// `POST /v1/accounts/link`: the mail of the sign-up once more. By user name alone: to ask by address
/// would tell whether it is known. Whoever it is, the answer is the same.
pub(crate) async fn send_link(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let LoginName { login } = http::read(event)?;
    ctx.limits.count_address(MAILS_OF_ADDRESS, event).await?;
    // Counted whoever it is.
    ctx.limits.count(MAILS_OF_LOGIN, &login_key(&login)).await?;
    if let Some(user) = ctx.accounts.user_by_login(&login).await?
        && let Some(email) = user.pending_email.as_deref().and_then(|text| Email::parse(text).ok())
    {
        ask_to_confirm(ctx, &user, &email).await?;
    }
    Ok(http::empty(202))
}

/// Writes to an address that shall be the user's: a link that makes it theirs, or, if it is another's,
/// that they have an account already.
pub(crate) async fn ask_to_confirm(ctx: &Ctx, user: &User, email: &Email) -> Result<(), Error> {
    let owner = ctx.accounts.owner_of_email(email).await?;
    let owner = ctx.accounts.user(owner.as_deref().unwrap_or(&user.id)).await?;
    let (link, secret) = Link::to_verify(&user.id, user.epoch, email)?;
    ctx.accounts.put_link(&link).await?;
    let letter = match owner {
        Some(owner) if owner.id != user.id => {
            Letter::known(&owner.username, ctx.mailer.site().page(""))
        }
        // Theirs already, too: they open the link, and learn that all is well.
        _ => Letter::confirm(
            &user.username,
            ctx.mailer.site().link("verify", &secret, &user.username),
        ),
    };
    ctx.mailer.send_asked(email, &letter).await
}
