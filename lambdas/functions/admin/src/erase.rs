//! The end of somebody's data. The account first, so that nothing new begins; then, once nothing can be
//! on its way any more, what they wrote, some of it in each call, as much as fits into the function's
//! time.

use std::time::Duration;

use chat::Error;
use chat::farewell::Which;
use protocol::AdminDone;
use tokio::time::{Instant, sleep};

use crate::Ctx;
use crate::commands::done;
use crate::people::{again, find};

/// How long one call goes on erasing messages.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a write may still be on its way into the log after its writer's sockets were ended: 2 s to
/// count it, 5 s for its turn, reads and tries.
const ON_ITS_WAY: Duration = Duration::from_secs(8);
/// Messages that are looked up together.
const PAGE: i32 = 200;

pub(crate) async fn erase(ctx: &Ctx, who: &str) -> Result<AdminDone, Error> {
    let user = find(ctx, who).await?;
    ctx.accounts.bury(&user).await?;
    ctx.farewell.say(&user.id, Which::All, "This account has been erased.").await?;
    // In every call: an earlier one may not have ended all sockets.
    sleep(ON_ITS_WAY).await;
    let end = Instant::now() + PATIENCE;
    let mut erased = 0_u64;
    let mut more = true;
    while more && Instant::now() < end {
        let some = ctx.eraser.erase_some(&user.id, PAGE).await?;
        erased = erased.saturating_add(u64::try_from(some).unwrap_or_default());
        more = some > 0;
    }
    if !more {
        ctx.memberships.delete(&user.id).await?;
        ctx.accounts.delete_links(&user.id).await?;
        ctx.accounts.delete_sessions(&user.id).await?;
    }
    Ok(AdminDone { erased, more, ..done(again(ctx, &user).await?) })
}
