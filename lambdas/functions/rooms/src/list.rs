use chat::Error;
use chat::budget::Budget;
use chat::frame::{Answer, Caller};
use chat::rooms::RoomName;
use futures_util::try_join;
use protocol::{ListRooms, RoomInfo, RoomsPage};

use crate::{Ctx, rules};

/// A page of the public rooms.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: Caller,
    request: ListRooms,
) -> Result<Answer<RoomsPage>, Error> {
    let limit = rules::page(&request)?;
    // One more than wanted, if there are so many: that tells whether a page follows.
    let (listed, joined) = try_join!(
        ctx.rooms.list(request.after.as_deref(), limit + 1),
        ctx.memberships.of(&caller.identity.user_id),
    )?;
    let mut budget = Budget::new();
    let (mut rooms, mut more) = (Vec::new(), false);
    for listed in listed {
        let joined = RoomName::read(&listed.room).is_some_and(|room| joined.contains(&room));
        let info = RoomInfo {
            room: listed.room,
            topic: listed.topic,
            created_at: listed.created_at,
            joined,
        };
        if rooms.len() == limit || !budget.takes(&info) {
            more = true;
            break;
        }
        rooms.push(info);
    }
    Ok(Answer::IfAsked(RoomsPage { rooms, more }))
}
