//! How many sockets a person may have: the newest are let in, the oldest make room. A row may also be
//! that of a socket which is gone and never said so.

use chat::Error;
use chat::connections::Connection;
use chat::frame::Caller;
use futures_util::future::try_join_all;
use protocol::CloseCode;
use protocol::limits::SOCKETS_MAX;

use crate::Ctx;

/// Ends the oldest sockets of the caller's person, if there are too many.
pub(crate) async fn make_room(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    let mut sockets = ctx.connections.of_user(&caller.identity.user_id).await?;
    let Some(too_many) = sockets.len().checked_sub(SOCKETS_MAX).filter(|count| *count > 0) else {
        return Ok(());
    };
    sockets.sort_by_key(|socket| (socket.connected_at, socket.connection_id.clone()));
    let oldest: Vec<Connection> = sockets.into_iter().take(too_many).collect();
    let reason = format!("You opened Parley in more than {SOCKETS_MAX} places.");
    let gone = oldest.clone();
    ctx.farewell.end_all(oldest, CloseCode::TooManySockets, &reason).await?;
    // One that was gone already has no `$disconnect` to come.
    let deletes =
        gone.iter().map(|socket| ctx.connections.delete(&socket.user_id, &socket.connection_id));
    try_join_all(deletes).await?;
    Ok(())
}
