//! Where rooms stand.

use std::collections::BTreeMap;

use chat::Error;
use chat::rooms::RoomName;
use futures_util::{StreamExt as _, TryStreamExt as _, stream, try_join};
use protocol::RoomHead;

use crate::Ctx;

/// Heads that are read at once.
const IN_FLIGHT: usize = 16;

/// The heads and epochs of rooms, at most a hundred; a room that does not exist is left out.
pub(crate) async fn of(
    ctx: &Ctx,
    rooms: &[RoomName],
) -> Result<BTreeMap<RoomName, RoomHead>, Error> {
    if rooms.is_empty() {
        return Ok(BTreeMap::new());
    }
    let heads = stream::iter(rooms)
        .map(async |room| Ok::<_, Error>((room, ctx.log.head(room).await?)))
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<Vec<_>>();
    let (heads, epochs) = try_join!(heads, ctx.rooms.epochs(rooms))?;
    let stands = heads.into_iter().filter_map(|(room, head)| {
        let epoch = *epochs.get(room)?;
        Some((room.clone(), RoomHead { head, epoch }))
    });
    Ok(stands.collect())
}
