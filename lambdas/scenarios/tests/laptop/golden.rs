//! Rows as the version before wrote them.

use aws_sdk_dynamodb::types::AttributeValue;
use protocol::{AdminCommand, ChangePassword, ErrorCode, Me, Role};
use scenarios::{Body, Call, Failure, Outcome, ensure_eq, fresh_password};

use crate::support::{Here, Row, text};

pub(crate) const PASSWORD: &str = "violet tractor sings often";

fn row(fields: &[(&str, &str)]) -> Row {
    fields.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

/// An account of the first version: a user and the claim on the name, and nothing else.
pub(crate) async fn with_old_account() -> Result<Here, Failure> {
    let here = Here::start().await?;
    let _: serde_json::Value = here.body.sign_up("donor", PASSWORD, None).await?.expect(201)?;
    let rows = here.accounts("user").await?;
    let hash = rows.first().and_then(|row| row.get("passwordHash"));
    let hash = hash.and_then(|hash| hash.as_s().ok()).ok_or_else(|| Failure::new("no hash"))?;
    here.put_account(row(&[
        ("kind", "user"),
        ("id", "u_AAAAAAAAAAAAAAAAAAAAAA"),
        ("username", "Ada"),
        ("passwordHash", hash),
        ("createdAt", "2026-11-22T12:00:00.000Z"),
    ]))
    .await?;
    let claim = [("kind", "name"), ("id", "ada"), ("userId", "u_AAAAAAAAAAAAAAAAAAAAAA")];
    here.put_account(row(&claim)).await?;
    Ok(here)
}

async fn change(body: &Body, current: &str, password: &str) -> Outcome {
    let ada = body.log_in("ADA", current).await?;
    let (current, password) = (current.to_owned(), password.to_owned());
    let change = Call::post("/v1/password").json(&ChangePassword { current, password })?;
    ensure_eq!(body.call_as(&ada, change).await?.status, 204, "status of a change");
    let me: Me = body.call_as(&ada, Call::get("/v1/me")).await?.expect(200)?;
    ensure_eq!((me.username.as_str(), me.role), ("Ada", Role::User), "me");
    Ok(())
}

#[tokio::test]
async fn an_account_of_the_first_version_lives_on() -> Outcome {
    let here = with_old_account().await?;
    let body = &here.body;
    let ada = body.log_in("ada", PASSWORD).await?;
    ensure_eq!((&*ada.username, &*ada.user_id), ("Ada", "u_AAAAAAAAAAAAAAAAAAAAAA"), "who");
    let mut socket = body.socket(&ada).await?;
    scenarios::verify::head(&mut socket, crate::support::ROOM).await?;
    ensure_eq!(body.emails(&ada).await?, Vec::<String>::new(), "addresses");
    for name in ["ada", "ADA"] {
        let taken = body.sign_up(name, &fresh_password(), None).await?;
        taken.problem(ErrorCode::NameTaken)?;
    }
    body.give_email(&ada, "ada@example.com").await?;
    let password = fresh_password();
    change(body, PASSWORD, &password).await?;
    change(body, &password, PASSWORD).await?;
    body.log_in("ada@example.com", PASSWORD).await?;
    here.stop().await
}

#[tokio::test]
async fn an_administrator_finds_an_account_of_the_first_version() -> Outcome {
    let here = with_old_account().await?;
    let body = &here.body;
    let user = || "ada".to_owned();
    let shown = body.admin(AdminCommand::Show { user: user() }).await?;
    ensure_eq!((shown.user.username.as_str(), shown.user.role), ("Ada", Role::User), "who");
    body.admin(AdminCommand::SetRole { user: user(), role: Role::Admin }).await?;
    body.admin(AdminCommand::EndSessions { user: user() }).await?;
    body.admin(AdminCommand::Disable { user: user() }).await?;
    body.try_log_in("ada", PASSWORD).await?.problem(ErrorCode::AccountDisabled)?;
    body.admin(AdminCommand::Enable { user: user() }).await?;
    body.log_in("ada", PASSWORD).await?;
    body.admin(AdminCommand::Erase { user: user() }).await?;
    body.try_log_in("ada", PASSWORD).await?.problem(ErrorCode::InvalidCredentials)?;
    let taken = body.sign_up("ada", &fresh_password(), None).await?;
    taken.problem(ErrorCode::NameTaken)?;
    here.stop().await
}

/// A socket that an old version accepted has no session in its row: it ends with all of the person's.
#[tokio::test]
async fn a_socket_of_the_first_version_ends_with_all() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let rows = here.connections(&ada).await?;
    let [row] = rows.as_slice() else { return Err(Failure::new("one socket")) };
    let mut row = row.clone();
    let session = row.remove("sessionId");
    ensure_eq!(session.is_some_and(|id: AttributeValue| id.is_s()), true, "session of the row");
    let put = here.laptop.database().put_item().set_item(Some(row));
    put.table_name(here.laptop.aws().table("connections")).send().await?;
    let since = tokio::time::Instant::now();
    let ended = body.call_as(&ada, Call::delete("/v1/sessions")).await?;
    ensure_eq!(ended.status, 204, "status");
    socket.farewell(since).await?;
    here.stop().await
}
