//! Whether the sockets of a person hear a room.

use chat::Error;
use chat::frame::Caller;
use chat::rooms::RoomName;
use chat::subscriptions::Subscription;
use futures_util::future::try_join_all;

use crate::Ctx;

/// All sockets of the caller's person hear the room, on the condition that the person is in it.
pub(crate) async fn begin(ctx: &Ctx, caller: &Caller, room: &RoomName) -> Result<(), Error> {
    let sockets = ctx.connections.of_user(&caller.identity.user_id).await?;
    let others = sockets.iter().filter(|socket| socket.connection_id != caller.connection_id);
    let mut subscriptions: Vec<_> =
        others.map(|socket| Subscription::of_other(room, socket, caller)).collect();
    subscriptions.push(Subscription::new(room, caller));
    let is_in = ctx.memberships.holds(&caller.identity.user_id, [room])?;
    // False: the person has left already, from another socket, and hears nothing.
    ctx.subscriptions.put_if(is_in, &subscriptions).await?;
    Ok(())
}

/// No socket of the caller's person hears the room any more. Returns them as they would be
/// subscribed.
pub(crate) async fn end(
    ctx: &Ctx,
    caller: &Caller,
    room: &RoomName,
) -> Result<Vec<Subscription>, Error> {
    let sockets = ctx.connections.of_user(&caller.identity.user_id).await?;
    let deletes =
        sockets.iter().map(|socket| ctx.subscriptions.delete(room.as_str(), &socket.connection_id));
    try_join_all(deletes).await?;
    Ok(sockets.iter().map(|socket| Subscription::of_other(room, socket, caller)).collect())
}
