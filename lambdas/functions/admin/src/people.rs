//! Whom a command is about.

use chat::Error;
use chat::accounts::User;
use protocol::limits::USERNAME_MAX;
use protocol::{AdminUser, ErrorCode};

use crate::Ctx;

/// What the id of a person begins with whom an outside issuer vouches for.
const OUTSIDE: &str = "x_";
/// The longest id, in bytes: it becomes a key.
const ID_BYTES_MAX: usize = 64;

/// Somebody, by user name, confirmed address or user id.
pub(crate) async fn find(ctx: &Ctx, who: &str) -> Result<User, Error> {
    let who = who.trim();
    if who.starts_with("u_") && who.len() <= ID_BYTES_MAX {
        // A user name may begin so too.
        if let Some(user) = ctx.accounts.user(who).await? {
            return Ok(user);
        }
    }
    if is_outside(who) {
        return Ok(ctx.accounts.user(who).await?.unwrap_or_else(|| outsider(who)));
    }
    ctx.accounts
        .user_by_login(who)
        .await?
        .ok_or_else(|| Error::refused(ErrorCode::NotFound, "There is no such user."))
}

/// The same user, as they are now.
pub(crate) async fn again(ctx: &Ctx, user: &User) -> Result<AdminUser, Error> {
    let user = ctx.accounts.user(&user.id).await?.unwrap_or_else(|| outsider(&user.id));
    Ok(shown(user))
}

/// Somebody as administrators see them.
pub(crate) fn shown(user: User) -> AdminUser {
    AdminUser {
        status: user.status(),
        user_id: user.id,
        username: user.username,
        role: user.role,
        emails: user.emails,
        created_at: user.created_at,
    }
}

/// An outside person's id: `x_` and base64url. It is longer than a user name, which may be of the same
/// letters.
pub(crate) fn is_outside(who: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    who.starts_with(OUTSIDE)
        && who.len() > USERNAME_MAX
        && who.len() <= ID_BYTES_MAX
        && who.bytes().all(plain)
}

/// Somebody of whom no row is kept.
fn outsider(id: &str) -> User {
    User {
        id: id.to_owned(),
        username: String::new(),
        password_hash: None,
        role: protocol::Role::User,
        emails: Vec::new(),
        pending_email: None,
        epoch: 0,
        created_at: String::new(),
        disabled: false,
        erased_at: None,
        expires_at: None,
    }
}
