//! How many sockets a person may have: the newest are let in, the oldest make room. A row may also be
//! that of a socket which is gone and never said so.

use chat::Error;
use chat::connections::Connection;
use chat::frame::Caller;
use futures_util::future::try_join_all;
use protocol::limits::SOCKETS_MAX;
use protocol::{CloseCode, ErrorCode};

use crate::Ctx;

/// Ends the oldest sockets of the caller's person, if there are too many.
///
/// # Errors
/// `rate_limited` when the caller's own is one of the oldest, or others may still be opening: such a
/// socket answers as one that is gone, and would open after its row was deleted. `unauthorized` when the
/// caller's session has ended.
pub(crate) async fn make_room(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    let too_many = too_many(ctx, caller).await?;
    if too_many.is_empty() {
        return Ok(());
    }
    if too_many.iter().any(|socket| socket.connection_id == caller.connection_id) {
        return Err(refusal());
    }
    // Nobody's window ends for a token that is good no more.
    ctx.admit(caller).await?;
    let reason = format!("You opened Parley in more than {SOCKETS_MAX} places.");
    let ended = ctx.farewell.end_all(too_many.clone(), CloseCode::TooManySockets, &reason).await;
    let opening = match ended {
        Ok(opening) => opening,
        Err(error) => {
            // Whoever is let in is not kept out by what cannot be ended.
            error.log();
            return Ok(());
        }
    };
    let gone = too_many.iter().filter(|socket| !opening.contains(socket));
    // One that was gone already has no `$disconnect` to come.
    let deletes = gone.map(|socket| ctx.connections.delete(&socket.user_id, &socket.connection_id));
    try_join_all(deletes).await?;
    // Some of those that were opening may have been refused, too.
    if opening.is_empty() || self::too_many(ctx, caller).await?.is_empty() {
        return Ok(());
    }
    Err(refusal())
}

async fn too_many(ctx: &Ctx, caller: &Caller) -> Result<Vec<Connection>, Error> {
    let mut sockets = ctx.connections.of_user(&caller.identity.user_id).await?;
    sockets.sort_by(Connection::newest_first);
    Ok(sockets.split_off(sockets.len().min(SOCKETS_MAX)))
}

fn refusal() -> Error {
    Error::refused(ErrorCode::RateLimited, format!("More than {SOCKETS_MAX} sockets at once."))
}
