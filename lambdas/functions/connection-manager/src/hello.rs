use std::collections::BTreeMap;

use chat::Error;
use chat::clock::Timestamp;
use chat::frame::{Answer, Caller};
use chat::rooms::RoomName;
use futures_util::try_join;
use protocol::limits::LIMITS;
use protocol::{Greeting, Hello, RoomHead};

use crate::Ctx;

/// Who I am, what the limits are, where my rooms stand, and when to hand over.
pub(crate) async fn hello(
    ctx: &Ctx,
    caller: Caller,
    _request: Hello,
) -> Result<Answer<Greeting>, Error> {
    ctx.admit_still(&caller).await?;
    let room = RoomName::general();
    let (head, epoch) = try_join!(ctx.log.head(&room), ctx.rooms.epoch(&room))?;
    let reconnect_by = reconnect_by(ctx, &caller);
    Ok(Answer::IfAsked(Greeting {
        username: caller.identity.username,
        user_id: caller.identity.user_id,
        connection_id: caller.connection_id,
        server_time: Timestamp::now().rfc3339(),
        limits: LIMITS,
        reconnect_by: reconnect_by.rfc3339(),
        rooms: BTreeMap::from([(room.to_string(), RoomHead { head, epoch })]),
    }))
}

/// Before the platform's limit, and no later than the end of the token that opened the socket.
fn reconnect_by(ctx: &Ctx, caller: &Caller) -> Timestamp {
    let planned = caller.connected_at.plus(ctx.handover_after);
    let token = caller.identity.expires_at.map(|end| Timestamp(end.saturating_mul(1_000)));
    token.map_or(planned, |end| end.min(planned))
}
