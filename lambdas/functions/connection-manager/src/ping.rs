use std::collections::BTreeMap;

use chat::Error;
use chat::clock::Timestamp;
use chat::frame::{Answer, Caller};
use chat::rooms::RoomName;
use protocol::limits::ROOMS_MAX;
use protocol::{ErrorCode, Ping, Pong, RoomPresence};

use crate::{Ctx, rooms, stand};

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
    let named = request
        .rooms
        .keys()
        .map(|name| RoomName::from_request(Some(name)))
        .collect::<Result<Vec<_>, _>>()?;
    let joined = ctx.memberships.of(&caller.identity.user_id).await?;
    let (mine, others): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|room| joined.contains(room));
    for room in &ctx.subscriptions.heard(&others, &caller.connection_id).await? {
        rooms::forget(ctx, &caller, room).await?;
    }
    let heard = rooms::repair(ctx, &caller, &mine).await?;
    // After the repair: whatever is committed after the head was read is posted to this socket.
    let stands = stand::of(ctx, &mine).await?;
    let presences: BTreeMap<_, _> = stands
        .into_iter()
        .map(|(room, stand)| {
            let subscribed = heard.contains(&room);
            let presence = RoomPresence { head: stand.head, epoch: stand.epoch, subscribed };
            (room.to_string(), presence)
        })
        .collect();
    Ok(Answer::IfAsked(Pong {
        server_time: Timestamp::now().rfc3339(),
        rooms: presences,
        joined: Some(joined.iter().map(RoomName::to_string).collect()),
    }))
}
