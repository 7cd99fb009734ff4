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
    if is_outside(who) {
        return Ok(ctx.accounts.user(who).await?.unwrap_or_else(|| outsider(who)));
    }
    match (with_id(ctx, who).await?, ctx.accounts.user_by_login(who).await?) {
        (Some(user), Some(other)) if user.id != other.id => Err(ambiguous()),
        (with_id, with_login) => with_id.or(with_login).ok_or_else(nobody),
    }
}

async fn with_id(ctx: &Ctx, who: &str) -> Result<Option<User>, Error> {
    let may_be_id = who.starts_with("u_") && who.len() <= ID_BYTES_MAX;
    if may_be_id { ctx.accounts.user(who).await } else { Ok(None) }
}

fn nobody() -> Error {
    Error::refused(ErrorCode::NotFound, "There is no such user.")
}

fn ambiguous() -> Error {
    Error::refused(
        ErrorCode::BadRequest,
        "This is the id of one user and the name of another. Name the first by user name or address, \
         the second by id or address.",
    )
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
