//! `sendMessage`, `editMessage`, `deleteMessage`: a change is committed to its room's log, and then the
//! room is told.

mod rules;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::frame::{self, Answer, Caller};
use chat::log::{Appended, Draft, Writer};
use chat::memberships::Memberships;
use chat::rates::Rates;
use chat::rooms::Rooms;
use chat::telling::Telling;
use chat::{Error, Settings, SettingsError};
use futures_util::future::join;
use protocol::{Changed, DeleteMessage, EditMessage, SendMessage, Stored};

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    writer: Writer,
    memberships: Memberships,
    rooms: Rooms,
    rates: Rates,
    telling: Telling,
}

impl Ctx {
    /// Reads the names of the tables, `PUSH_ENDPOINT`, `RATE_LIMITS`, and the limits of log and fan-out.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let ctx = Self {
            writer: Writer::new(aws, &mut read),
            memberships: Memberships::new(aws, &mut read),
            rooms: Rooms::new(aws, &mut read),
            rates: Rates::new(aws, &mut read),
            telling: Telling::new(aws, &mut read),
        };
        read.finish()?;
        Ok(ctx)
    }
}

/// Handles one frame.
///
/// # Errors
/// Never: a refusal is the reply.
pub async fn handle(
    ctx: &Ctx,
    event: ApiGatewayWebsocketProxyRequest,
) -> Result<ApiGatewayProxyResponse, Error> {
    Ok(match event.request_context.route_key.as_deref() {
        Some("sendMessage") => {
            frame::answer(&event, |caller, request| send(ctx, caller, request)).await
        }
        Some("editMessage") => {
            frame::answer(&event, |caller, request| edit(ctx, caller, request)).await
        }
        Some("deleteMessage") => {
            frame::answer(&event, |caller, request| delete(ctx, caller, request)).await
        }
        _ => frame::refuse_action(&event),
    })
}

async fn send(ctx: &Ctx, caller: Caller, request: SendMessage) -> Result<Answer<Stored>, Error> {
    let draft = rules::message(&caller, request)?;
    let Appended { seq, id, timestamp, duplicate, .. } = write(ctx, &caller, draft).await?;
    Ok(Answer::IfAsked(Stored { seq, id, timestamp, duplicate }))
}

async fn edit(ctx: &Ctx, caller: Caller, request: EditMessage) -> Result<Answer<Changed>, Error> {
    changed(write(ctx, &caller, rules::edit(&caller, request)?).await)
}

async fn delete(
    ctx: &Ctx,
    caller: Caller,
    request: DeleteMessage,
) -> Result<Answer<Changed>, Error> {
    changed(write(ctx, &caller, rules::deletion(&caller, request)?).await)
}

fn changed(appended: Result<Appended, Error>) -> Result<Answer<Changed>, Error> {
    let Appended { seq: ver, duplicate, .. } = appended?;
    Ok(Answer::IfAsked(Changed { ver, duplicate }))
}

/// `ok` means stored: it depends on no socket but waits for the fan-out, since a function is frozen
/// once it has answered.
async fn write(ctx: &Ctx, caller: &Caller, draft: Draft) -> Result<Appended, Error> {
    let (counted, admitted) = join(
        ctx.rates.count_write(&draft.user_id),
        ctx.memberships.admit(&ctx.rooms, &draft.user_id, &draft.room),
    )
    .await;
    counted?;
    let appended = match admitted {
        Ok(()) => ctx.writer.append(&draft).await?,
        // What was stored while its writer was in the room is not reported as refused.
        Err(refusal @ Error::Refused(_)) => ctx.writer.sent_before(&draft).await?.ok_or(refusal)?,
        Err(error) => return Err(error),
    };
    ctx.telling.tell(&draft.room, &appended, caller, Vec::new()).await;
    Ok(appended)
}
