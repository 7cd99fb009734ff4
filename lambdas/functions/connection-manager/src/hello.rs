use chat::Error;
use chat::clock::Timestamp;
use chat::frame::{Answer, Caller};
use protocol::limits::LIMITS;
use protocol::{Greeting, Hello};

use crate::{Ctx, rooms, stand};

/// Who I am, what the limits are, where my rooms stand, and when to hand over.
pub(crate) async fn hello(
    ctx: &Ctx,
    caller: Caller,
    _request: Hello,
) -> Result<Answer<Greeting>, Error> {
    ctx.admit_still(&caller).await?;
    let mine = ctx.memberships.of(&caller.identity.user_id).await?;
    let mine: Vec<_> = mine.into_iter().collect();
    // A room that the person joined while this socket was opening may not be heard yet.
    rooms::repair(ctx, &caller, &mine).await?;
    let stands = stand::of(ctx, &mine).await?;
    let reconnect_by = reconnect_by(ctx, &caller);
    Ok(Answer::IfAsked(Greeting {
        username: caller.identity.username,
        user_id: caller.identity.user_id,
        connection_id: caller.connection_id,
        server_time: Timestamp::now().rfc3339(),
        limits: LIMITS,
        reconnect_by: reconnect_by.rfc3339(),
        rooms: stands.into_iter().map(|(room, stand)| (room.to_string(), stand)).collect(),
    }))
}

/// Before the platform's limit, and no later than the end of the token that opened the socket.
fn reconnect_by(ctx: &Ctx, caller: &Caller) -> Timestamp {
    let planned = caller.connected_at.plus(ctx.handover_after);
    let token = caller.identity.expires_at.map(|end| Timestamp(end.saturating_mul(1_000)));
    token.map_or(planned, |end| end.min(planned))
}
