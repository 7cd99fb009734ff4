//! Which rooms a socket hears.

use chat::Error;
use chat::frame::Caller;
use chat::rooms::{GENERAL, RoomName};
use chat::subscriptions::Subscription;
use futures_util::future::try_join_all;

use crate::Ctx;

/// How often memberships may change while a socket begins to hear its rooms.
const ROUNDS: u32 = 5;

/// The socket hears `general`, and all other rooms that its person is in: each only as long as that is
/// so, which is a condition of the very write.
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

/// The socket hears these rooms, none of them `general`; false, and none, when its person is not in all
/// of them any more.
pub(crate) async fn hear(ctx: &Ctx, caller: &Caller, rooms: &[RoomName]) -> Result<bool, Error> {
    if rooms.is_empty() {
        return Ok(true);
    }
    let is_in = ctx.memberships.holds(&caller.identity.user_id, rooms)?;
    let subscriptions: Vec<_> = rooms.iter().map(|room| Subscription::new(room, caller)).collect();
    ctx.subscriptions.put_if(is_in, &subscriptions).await
}

/// The socket hears nothing any more.
pub(crate) async fn hear_nothing(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    // What everyone hears goes whatever else fails.
    ctx.subscriptions.delete(GENERAL, &caller.connection_id).await?;
    let rooms = ctx.memberships.but_general(&caller.identity.user_id).await?;
    let deletes =
        rooms.iter().map(|room| ctx.subscriptions.delete(room.as_str(), &caller.connection_id));
    try_join_all(deletes).await?;
    Ok(())
}
