//! `POST /v1/accounts`: a user name and a password make an account.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use protocol::{AccountStatus, ErrorCode, NewAccount, SignedUp, limits};

use crate::Ctx;
use crate::http::{self, Refusal};
use crate::store::NewUser;

pub(crate) async fn sign_up(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let account: NewAccount = http::read(event)?;
    check_username(&account.username)?;
    check_password(&account.password)?;
    let password_hash = ctx.passwords.hash(account.password).await?;
    let user = NewUser::new(account.username, password_hash)?;
    if !ctx.store.create_user(&user).await? {
        return Err(Refusal::of_field(
            "username",
            ErrorCode::NameTaken,
            "Somebody has this name already.",
        ));
    }
    Ok(http::json(
        201,
        &SignedUp { username: user.username, user_id: user.user_id, status: AccountStatus::Active },
    ))
}

/// ASCII only, until names that merely look alike can be told apart.
fn check_username(name: &str) -> Result<(), Refusal> {
    let refuse = |detail: String| Err(Refusal::of_field("username", ErrorCode::BadRequest, detail));
    let characters = name.chars().count();
    if !(limits::USERNAME_MIN..=limits::USERNAME_MAX).contains(&characters) {
        return refuse(format!(
            "A user name has {} to {} characters.",
            limits::USERNAME_MIN,
            limits::USERNAME_MAX
        ));
    }
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if !plain || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return refuse(
            "A user name has letters (a-z), digits, dots, hyphens and underscores, \
             and begins with a letter or digit."
                .to_owned(),
        );
    }
    Ok(())
}

fn check_password(password: &str) -> Result<(), Refusal> {
    let characters = password.chars().count();
    if (limits::PASSWORD_MIN..=limits::PASSWORD_MAX).contains(&characters) {
        return Ok(());
    }
    Err(Refusal::of_field(
        "password",
        ErrorCode::BadRequest,
        format!("A password has {} to {} characters.", limits::PASSWORD_MIN, limits::PASSWORD_MAX),
    ))
}
