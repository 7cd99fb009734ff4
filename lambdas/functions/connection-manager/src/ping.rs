use std::collections::BTreeMap;

use chat::Error;
use chat::clock::Timestamp;
use chat::frame::{Answer, Caller};
use chat::rooms::RoomName;
use chat::subscriptions::Subscription;
use futures_util::future::try_join_all;
use protocol::limits::ROOMS_MAX;
use protocol::{ErrorCode, Ping, Pong, RoomPresence};

use crate::rooms::hear;
use crate::{Ctx, stand};

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
    let rooms: Vec<_> = named.into_iter().filter(|room| joined.contains(room)).collect();
    let heard = try_join_all(rooms.iter().map(|room| repair(ctx, &caller, room))).await?;
    let heard: BTreeMap<_, _> = rooms.into_iter().zip(heard).collect();
    let still: Vec<_> =
        heard.iter().filter(|(_, heard)| heard.is_some()).map(|(room, _)| room.clone()).collect();
    // After the repair: whatever is committed after the head was read is posted to this socket.
    let stands = stand::of(ctx, &still).await?;
    let rooms = stands.into_iter().filter_map(|(room, stand)| {
        let subscribed = (*heard.get(&room)?)?;
        let presence = RoomPresence { head: stand.head, epoch: stand.epoch, subscribed };
        Some((room.to_string(), presence))
    });
    Ok(Answer::IfAsked(Pong {
        server_time: Timestamp::now().rfc3339(),
        rooms: rooms.collect(),
        joined: Some(joined.iter().map(RoomName::to_string).collect()),
    }))
}

/// Whether the socket heard the room, which it does from now on; nothing when its person has left the
/// room at this very moment.
async fn repair(ctx: &Ctx, caller: &Caller, room: &RoomName) -> Result<Option<bool>, Error> {
    if ctx.subscriptions.contains(room, &caller.connection_id).await? {
        return Ok(Some(true));
    }
    if room.is_general() {
        ctx.subscriptions.put(&Subscription::new(room, caller)).await?;
    } else if !hear(ctx, caller, std::slice::from_ref(room)).await? {
        return Ok(None);
    }
    Ok(Some(false))
}
