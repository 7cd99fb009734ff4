//! `getRecentMessages`: a page of history, or the changes since a number.

mod page;
mod rules;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::frame::{self, Answer, Caller};
use chat::log::{self, Entry};
use chat::rooms::Rooms;
use chat::{Error, Settings, SettingsError};
use futures_util::try_join;
use protocol::{ChangesPage, GetRecentMessages, Message, MessagesPage, RecentMessages};

use crate::rules::{Range, Wanted};

/// The lowest number of a log that nothing was trimmed from.
const FLOOR: u64 = 1;

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    log: log::Reader,
    rooms: Rooms,
}

impl Ctx {
    /// Reads the names of the tables.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let ctx = Self { log: log::Reader::new(aws, &mut read), rooms: Rooms::new(aws, &mut read) };
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
    Ok(frame::answer(&event, |_: Caller, request| recent(ctx, request)).await)
}

async fn recent(ctx: &Ctx, request: GetRecentMessages) -> Result<Answer<RecentMessages>, Error> {
    let wanted = rules::wanted(&request)?;
    let page = match wanted.range {
        Range::Newest { before } => RecentMessages::Messages(history(ctx, wanted, before).await?),
        Range::After(after) => RecentMessages::Changes(changes(ctx, wanted, after).await?),
    };
    Ok(Answer::Always(page))
}

async fn history(ctx: &Ctx, wanted: Wanted, before: Option<u64>) -> Result<MessagesPage, Error> {
    let ((newest, head), epoch) =
        try_join!(newest(ctx, &wanted, before), ctx.rooms.epoch(&wanted.room))?;
    let head = match head {
        Some(head) => head,
        None => ctx.log.head(&wanted.room).await?,
    };
    let (messages, more) = page::history(newest, wanted.limit);
    Ok(MessagesPage { room: wanted.room.to_string(), messages, more, head, epoch })
}

/// One message more than wanted, if there are so many: that tells whether a page follows. Entries
/// that are none are passed over, since a page counts messages. Newest first; with the log's head,
/// if the log was read from there.
async fn newest(
    ctx: &Ctx,
    wanted: &Wanted,
    before: Option<u64>,
) -> Result<(Vec<Message>, Option<u64>), Error> {
    let (mut messages, mut head, mut next) = (Vec::new(), None, before);
    loop {
        let asked = wanted.limit + 1 - messages.len();
        let entries = ctx.log.newest(&wanted.room, next, asked).await?;
        if next.is_none() {
            head = Some(entries.first().map_or(0, Entry::seq));
        }
        let all_read = entries.len() < asked;
        next = entries.last().map(Entry::seq);
        messages.extend(entries.into_iter().filter_map(Entry::into_message));
        if all_read || messages.len() > wanted.limit {
            return Ok((messages, head));
        }
    }
}

async fn changes(ctx: &Ctx, wanted: Wanted, after: u64) -> Result<ChangesPage, Error> {
    let (entries, epoch) = try_join!(
        ctx.log.after(&wanted.room, after, wanted.limit),
        ctx.rooms.epoch(&wanted.room),
    )?;
    let head = ctx.log.head(&wanted.room).await?;
    let (changes, through) = page::changes(entries, after);
    Ok(ChangesPage {
        room: wanted.room.to_string(),
        changes,
        through,
        more: through < head,
        head,
        recovered: after <= head,
        floor: FLOOR,
        epoch,
    })
}
