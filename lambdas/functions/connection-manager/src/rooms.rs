//! Which rooms a socket hears.

use std::collections::BTreeSet;

use chat::Error;
use chat::frame::Caller;
use chat::rooms::RoomName;
use chat::subscriptions::Subscription;
use futures_util::future::join_all;
use protocol::GENERAL;

use crate::Ctx;

/// How often memberships may change while a socket begins to hear its rooms.
const ROUNDS: u32 = 5;

/// A new socket hears `general`, and all other rooms that its person is in: each only as long as that
/// is so, which is a condition of the very write.
pub(crate) async fn hear_all(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    ctx.subscriptions.put(&Subscription::new(&RoomName::general(), caller)).await?;
    for _ in 0..ROUNDS {
        let rooms = ctx.memberships.but_general(&caller.identity.user_id).await?;
        let rooms: Vec<_> = rooms.into_iter().collect();
        if hear(ctx, caller, &rooms).await? {
            return Ok(());
        }
    }
    Err(Error::Unfinished("the memberships changed again and again"))
}

/// The socket hears these rooms, of which its person was just found to be a member. Returns those
/// that it heard before; a room that its person has left since is not heard, and nothing tells of it.
pub(crate) async fn repair(
    ctx: &Ctx,
    caller: &Caller,
    rooms: &[RoomName],
) -> Result<BTreeSet<RoomName>, Error> {
    let heard = ctx.subscriptions.heard(rooms, &caller.connection_id).await?;
    let missing: Vec<_> = rooms.iter().filter(|room| !heard.contains(room)).cloned().collect();
    let (general, missing): (Vec<_>, Vec<_>) = missing.into_iter().partition(RoomName::is_general);
    for room in &general {
        ctx.subscriptions.put(&Subscription::new(room, caller)).await?;
    }
    if !hear(ctx, caller, &missing).await? {
        // Their person has left one of them at this very moment. One after another: all depend on one
        // row.
        for room in &missing {
            hear(ctx, caller, std::slice::from_ref(room)).await?;
        }
    }
    Ok(heard)
}

/// The socket hears these rooms, none of them `general`; false, and none, when its person is not in all
/// of them any more.
async fn hear(ctx: &Ctx, caller: &Caller, rooms: &[RoomName]) -> Result<bool, Error> {
    if rooms.is_empty() {
        return Ok(true);
    }
    let is_in = ctx.memberships.holds(&caller.identity.user_id, rooms)?;
    let subscriptions: Vec<_> = rooms.iter().map(|room| Subscription::new(room, caller)).collect();
    ctx.subscriptions.put_if(is_in, &subscriptions).await
}

/// The socket does not hear a room that its person is not in, should a leave have been cut short.
pub(crate) async fn forget(ctx: &Ctx, caller: &Caller, room: &RoomName) -> Result<(), Error> {
    let is_out = ctx.memberships.lacks(&caller.identity.user_id, room)?;
    ctx.subscriptions.delete_if(is_out, room, [caller.connection_id.as_str()]).await?;
    Ok(())
}

/// The socket hears nothing any more, as far as that can be done.
///
/// # Errors
/// The first of what failed.
pub(crate) async fn hear_nothing(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    let id = &caller.connection_id;
    let general = ctx.subscriptions.delete(GENERAL, id).await;
    let rooms = ctx.memberships.but_general(&caller.identity.user_id).await?;
    let deletes = rooms.iter().map(|room| ctx.subscriptions.delete(room.as_str(), id));
    join_all(deletes).await.into_iter().chain([general]).collect()
}
