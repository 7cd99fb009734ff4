//! The commands, one function each.

use chat::Error;
use chat::accounts::{Created, Email, Link, NewUser, Proof, User, UserName, WELCOME_LIFE};
use chat::clock::Timestamp;
use chat::farewell::Which;
use protocol::{AdminCommand, AdminDone, AdminLink, AdminStatus, AdminUser, ErrorCode, Role};

use crate::people::{again, find, is_outside, shown};
use crate::{Ctx, erase};

pub(crate) async fn carry_out(ctx: &Ctx, command: AdminCommand) -> Result<AdminDone, Error> {
    match command {
        AdminCommand::CreateUser { username, email, role } => {
            create_user(ctx, &username, email.as_deref(), role).await
        }
        AdminCommand::NewLink { user } => new_link(ctx, &user).await,
        AdminCommand::Show { user } => Ok(done(shown(find(ctx, &user).await?))),
        AdminCommand::SetRole { user, role } => set_role(ctx, &user, role).await,
        AdminCommand::Disable { user } => disable(ctx, &user).await,
        AdminCommand::Enable { user } => enable(ctx, &user).await,
        AdminCommand::EndSessions { user } => end_sessions(ctx, &user).await,
        AdminCommand::Erase { user } => erase::erase(ctx, &user).await,
    }
}

pub(crate) fn done(user: AdminUser) -> AdminDone {
    AdminDone { user, link: None, erased: 0, more: false }
}

async fn create_user(
    ctx: &Ctx,
    username: &str,
    email: Option<&str>,
    role: Role,
) -> Result<AdminDone, Error> {
    let refuse = |why: String| Error::refused(ErrorCode::BadRequest, why);
    let name = UserName::parse(username).map_err(|error| refuse(error.to_string()))?;
    let email = email.map(Email::parse).transpose().map_err(|error| refuse(error.to_string()))?;
    let new = NewUser { name, password_hash: None, role, email, proof: Proof::Vouched };
    match ctx.accounts.create(new).await? {
        Created::User(user) => with_link(ctx, user).await,
        Created::NameTaken => Err(Error::refused(
            ErrorCode::NameTaken,
            "Somebody has this name already, or one that looks like it.",
        )),
        Created::EmailTaken => {
            Err(Error::refused(ErrorCode::EmailTaken, "Another account has this address."))
        }
    }
}

async fn new_link(ctx: &Ctx, who: &str) -> Result<AdminDone, Error> {
    let user = find(ctx, who).await?;
    refuse_outside(&user)?;
    if user.status() != AdminStatus::Active {
        return Err(Error::refused(
            ErrorCode::AccountDisabled,
            "This account is not active, so nobody could use a link.",
        ));
    }
    with_link(ctx, user).await
}

/// A link by which a user chooses a password, whoever has it.
async fn with_link(ctx: &Ctx, user: User) -> Result<AdminDone, Error> {
    let (link, secret) = Link::to_set_password(&user.id, user.epoch, None, WELCOME_LIFE)?;
    ctx.accounts.put_link(&link).await?;
    let page = if user.password_hash.is_some() { "reset" } else { "welcome" };
    let url = ctx.site.link(page, &secret, &user.username);
    let expires_at = Timestamp(link.expires_at.saturating_mul(1_000)).rfc3339();
    Ok(AdminDone { link: Some(AdminLink { url, expires_at }), ..done(shown(user)) })
}

async fn set_role(ctx: &Ctx, who: &str, role: Role) -> Result<AdminDone, Error> {
    let user = find(ctx, who).await?;
    refuse_outside(&user)?;
    refuse_erased(&user)?;
    ctx.accounts.set_role(&user.id, role).await?;
    Ok(done(again(ctx, &user).await?))
}

async fn disable(ctx: &Ctx, who: &str) -> Result<AdminDone, Error> {
    let user = find(ctx, who).await?;
    refuse_erased(&user)?;
    ctx.accounts.set_disabled(&user.id, true).await?;
    ctx.farewell.say(&user.id, Which::All, "Your account has been disabled.").await?;
    Ok(done(again(ctx, &user).await?))
}

async fn enable(ctx: &Ctx, who: &str) -> Result<AdminDone, Error> {
    let user = find(ctx, who).await?;
    refuse_erased(&user)?;
    ctx.accounts.set_disabled(&user.id, false).await?;
    Ok(done(again(ctx, &user).await?))
}

async fn end_sessions(ctx: &Ctx, who: &str) -> Result<AdminDone, Error> {
    let user = find(ctx, who).await?;
    // An outside person has no sessions here, only sockets.
    if !is_outside(&user.id) {
        ctx.accounts.end_sessions(&user.id).await?;
    }
    ctx.farewell.say(&user.id, Which::All, "An administrator ended this session.").await?;
    Ok(done(again(ctx, &user).await?))
}

fn refuse_outside(user: &User) -> Result<(), Error> {
    if is_outside(&user.id) {
        return Err(Error::refused(
            ErrorCode::BadRequest,
            "An outside issuer vouches for this person: there is no account of theirs here.",
        ));
    }
    Ok(())
}

fn refuse_erased(user: &User) -> Result<(), Error> {
    if user.status() == AdminStatus::Erased {
        return Err(Error::refused(ErrorCode::NotFound, "This account has been erased."));
    }
    Ok(())
}
