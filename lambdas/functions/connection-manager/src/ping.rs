use std::collections::BTreeMap;

use chat::Error;
use chat::clock::Timestamp;
use chat::frame::{Answer, Caller};
use chat::rooms::RoomName;
use chat::subscriptions::Subscription;
use futures_util::future::{try_join, try_join_all};
use protocol::limits::ROOMS_MAX;
use protocol::{ErrorCode, Ping, Pong, RoomPresence};

use crate::Ctx;

/// Where the named rooms stand. A client that lost the last message of a burst has no gap to
/// notice: this is how it finds out.
pub(crate) async fn ping(ctx: &Ctx, caller: Caller, request: Ping) -> Result<Answer<Pong>, Error> {
    if request.rooms.len() > ROOMS_MAX {
        return Err(Error::refused(
            ErrorCode::BadRequest,
            format!("rooms: a ping names at most {ROOMS_MAX}"),
        ));
    }
    ctx.admit_still(&caller).await?;
    let rooms = request
        .rooms
        .keys()
        .map(|name| RoomName::from_request(Some(name)))
        .collect::<Result<Vec<_>, _>>()?;
    let presences = rooms.iter().map(|room| presence(ctx, &caller, room));
    let presences: BTreeMap<_, _> = try_join_all(presences).await?.into_iter().collect();
    Ok(Answer::IfAsked(Pong {
        server_time: Timestamp::now().rfc3339(),
        rooms: presences,
        joined: None,
    }))
}

/// Repairs the subscription if it is missing, and only then reads the head: whatever is committed
/// after the head was read is posted to this socket.
async fn presence(
    ctx: &Ctx,
    caller: &Caller,
    room: &RoomName,
) -> Result<(String, RoomPresence), Error> {
    let subscribed = ctx.subscriptions.contains(room, &caller.connection_id).await?;
    if !subscribed {
        ctx.subscriptions.put(&Subscription::new(room, caller)).await?;
    }
    let (head, epoch) = try_join(ctx.log.head(room), ctx.rooms.epoch(room)).await?;
    Ok((room.to_string(), RoomPresence { head, epoch, subscribed }))
}
