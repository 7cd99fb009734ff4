//! `getRecentMessages`: a page of history, or the changes since a number.

mod page;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::frame::{self, Answer, Caller};
use chat::log::{self, Entry, State};
use chat::memberships::Memberships;
use chat::rooms::{RoomName, Rooms};
use chat::{Error, Settings, SettingsError};
use futures_util::try_join;
use protocol::{ChangesPage, GetRecentMessages, Message, MessagesPage, RecentMessages};

use crate::rules::{Range, Wanted};

/// The lowest number of a log that nothing was trimmed from.
const FIRST: u64 = 1;
/// How often more entries are asked for, for one page of history.
const ROUNDS: u32 = 8;
/// Entries that are asked for at once: pointers are small, and so many fit into the 1 MB of a query.
const ROUND_MAX: usize = 2_000;

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    log: log::Reader,
    rooms: Rooms,
    memberships: Memberships,
}

impl Ctx {
    /// Reads the names of the tables.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let ctx = Self {
            log: log::Reader::new(aws, &mut read),
            rooms: Rooms::new(aws, &mut read),
            memberships: Memberships::new(aws, &mut read),
        };
        read.finish()?;
        Ok(ctx)
    }
}

/// Handles one `getRecentMessages`.
///
/// # Errors
/// Never: a refusal is the reply.
pub async fn handle(
    ctx: &Ctx,
    event: ApiGatewayWebsocketProxyRequest,
) -> Result<ApiGatewayProxyResponse, Error> {
    Ok(frame::answer(&event, |caller, request| recent(ctx, caller, request)).await)
}

async fn recent(
    ctx: &Ctx,
    caller: Caller,
    request: GetRecentMessages,
) -> Result<Answer<RecentMessages>, Error> {
    let wanted = rules::wanted(&request)?;
    ctx.memberships.admit(&ctx.rooms, &caller.identity.user_id, &wanted.room).await?;
    let page = match wanted.range {
        Range::Newest { before } => RecentMessages::Messages(history(ctx, wanted, before).await?),
        Range::After(after) => RecentMessages::Changes(changes(ctx, wanted, after).await?),
    };
    Ok(Answer::Always(page))
}

async fn history(ctx: &Ctx, wanted: Wanted, before: Option<u64>) -> Result<MessagesPage, Error> {
    let (found, epoch) = try_join!(newest(ctx, &wanted, before), ctx.rooms.epoch(&wanted.room))?;
    let head = match found.head {
        Some(head) => head,
        None => ctx.log.head(&wanted.room).await?,
    };
    let (messages, cut) = page::history(found.messages, wanted.limit);
    let oldest = messages.first().filter(|_| cut).map(|oldest| oldest.seq);
    Ok(MessagesPage {
        room: wanted.room.to_string(),
        messages,
        more: cut || found.from > FIRST,
        from: Some(oldest.unwrap_or(found.from)),
        head,
        epoch,
    })
}

/// What was found of a page of history.
struct Found {
    /// Newest first.
    messages: Vec<Message>,
    /// All of the log from here on is among them, or is no message.
    from: u64,
    /// The log's head, if the log was read from there.
    head: Option<u64>,
}

/// One message more than wanted, if there are so many: that tells whether a page follows. Entries
/// that are none are passed over, since a page counts messages; where there are very many of them, the
/// page ends before it is full.
async fn newest(ctx: &Ctx, wanted: &Wanted, before: Option<u64>) -> Result<Found, Error> {
    let (mut messages, mut head, mut from) = (Vec::new(), None, before);
    let mut changed = BTreeMap::new();
    let mut all_read = false;
    for round in 0..ROUNDS {
        let missing = wanted.limit + 1 - messages.len();
        // The more was read in vain, the more is read at once.
        let asked = missing.saturating_mul(1 << (2 * round)).min(ROUND_MAX).max(missing);
        let entries = ctx.log.newest(&wanted.room, from, asked, missing).await?;
        if from.is_none() {
            head = Some(entries.first().map_or(0, Entry::seq));
        }
        from = entries.last().map(Entry::seq).or(from);
        for entry in &entries {
            // From the newest on: the first pointer to a message is to its last change.
            entry.of().map(|of| *changed.entry(of).or_insert(entry.seq()));
        }
        messages.extend(entries.iter().filter_map(Entry::message).cloned());
        if messages.len() > wanted.limit {
            break;
        }
        all_read = entries.len() < asked;
        if all_read {
            break;
        }
    }
    let messages = up_to_date(ctx, &wanted.room, messages, &changed).await?;
    let from = if all_read { FIRST } else { from.unwrap_or(FIRST) };
    Ok(Found { messages, from, head })
}

/// A query is no snapshot: it may have read a message, then a change of it was committed, and then the
/// query read the entry of the change. Whoever takes the page for complete up to that entry would never
/// learn of it. Such messages are read again.
async fn up_to_date(
    ctx: &Ctx,
    room: &RoomName,
    messages: Vec<Message>,
    changed: &BTreeMap<u64, u64>,
) -> Result<Vec<Message>, Error> {
    let is_stale =
        |message: &&Message| changed.get(&message.seq).is_some_and(|ver| message.ver < *ver);
    let stale: BTreeSet<u64> =
        messages.iter().filter(is_stale).map(|message| message.seq).collect();
    if stale.is_empty() {
        return Ok(messages);
    }
    let mut states = ctx.log.states(room, &stale).await?;
    let now = |message: Message| match states.remove(&message.seq) {
        Some(State::Message(message)) => Some(message),
        Some(State::Tombstone(_)) => None,
        None => Some(message),
    };
    Ok(messages.into_iter().filter_map(now).collect())
}

async fn changes(ctx: &Ctx, wanted: Wanted, after: u64) -> Result<ChangesPage, Error> {
    let (entries, epoch) = try_join!(
        ctx.log.after(&wanted.room, after, wanted.limit),
        ctx.rooms.epoch(&wanted.room),
    )?;
    // After the entries: the state that an entry points to is never older than the entry.
    let numbers = entries.iter().filter_map(Entry::of).collect();
    let (states, head) =
        try_join!(ctx.log.states(&wanted.room, &numbers), ctx.log.head(&wanted.room))?;
    let (changes, through) = page::changes(entries, &states, after);
    let floor =
        if through == after && after < head { ctx.log.floor(&wanted.room).await? } else { FIRST };
    Ok(ChangesPage {
        room: wanted.room.to_string(),
        changes,
        through,
        more: through < head,
        head,
        recovered: after <= head && floor <= after.saturating_add(1),
        floor,
        epoch,
    })
}
