//! Whether the sockets of a person hear a room.

use std::time::Duration;

use chat::Error;
use chat::connections::Connection;
use chat::frame::Caller;
use chat::rooms::RoomName;
use chat::subscriptions::{ROWS_MAX, Subscription};
use tokio::time::timeout;

use crate::Ctx;

/// All of it; with the append before it and the fan-out after it, it fits into the function's time.
const PATIENCE: Duration = Duration::from_secs(4);

/// All sockets of the caller's person hear the room, on the condition that the person is in it. Only
/// those that have a row among the person's connections: by it, whoever ends a socket finds it.
pub(crate) async fn begin(ctx: &Ctx, caller: &Caller, room: &RoomName) -> Result<(), Error> {
    in_time(async {
        let subscriptions = subscriptions(ctx, caller, room).await?;
        let is_in = ctx.memberships.holds(&caller.identity.user_id, [room])?;
        // False: the person has left already, from another socket, and hears nothing.
        ctx.subscriptions.put_if(is_in, &subscriptions).await?;
        Ok(())
    })
    .await
}

/// No socket of the caller's person hears the room any more, unless the person is in it again. Returns
/// them as they would be subscribed.
pub(crate) async fn end(
    ctx: &Ctx,
    caller: &Caller,
    room: &RoomName,
) -> Result<Vec<Subscription>, Error> {
    in_time(async {
        let subscriptions = subscriptions(ctx, caller, room).await?;
        let is_out = ctx.memberships.lacks(&caller.identity.user_id, room)?;
        let sockets = subscriptions.iter().map(|row| row.connection_id.as_str());
        ctx.subscriptions.delete_if(is_out, room, sockets).await?;
        Ok(subscriptions)
    })
    .await
}

/// The newest sockets of the caller's person, as many as one transaction takes: more than a person may
/// have.
async fn subscriptions(
    ctx: &Ctx,
    caller: &Caller,
    room: &RoomName,
) -> Result<Vec<Subscription>, Error> {
    let mut sockets = ctx.connections.of_user(&caller.identity.user_id).await?;
    sockets.sort_by(Connection::newest_first);
    let sockets = sockets.iter().take(ROWS_MAX);
    Ok(sockets.map(|socket| Subscription::of_other(room, socket, caller)).collect())
}

/// The entry is stored already: a resend does the rest.
async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = Err(Error::Unfinished("the sockets of a person could not follow in time"));
    timeout(PATIENCE, work).await.unwrap_or(late)
}
