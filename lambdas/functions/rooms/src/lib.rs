//! `createRoom`, `joinRoom`, `leaveRoom`, `listRooms`: who is in which room. Each change is an entry of
//! the room's log.

mod hearing;
mod list;
mod rules;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::clock::Timestamp;
use chat::connections::Connections;
use chat::frame::{self, Answer, Caller};
use chat::log::{self, Appended, Draft};
use chat::memberships::Memberships;
use chat::rates::Rates;
use chat::rooms::Rooms;
use chat::subscriptions::Subscriptions;
use chat::telling::Telling;
use chat::{Error, Settings, SettingsError};
use futures_util::try_join;
use protocol::{CreateRoom, JoinRoom, Joined, LeaveRoom, Left};

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    writer: log::Writer,
    log: log::Reader,
    rooms: Rooms,
    memberships: Memberships,
    connections: Connections,
    subscriptions: Subscriptions,
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
            writer: log::Writer::new(aws, &mut read),
            log: log::Reader::new(aws, &mut read),
            rooms: Rooms::new(aws, &mut read),
            memberships: Memberships::new(aws, &mut read),
            connections: Connections::new(aws, &mut read),
            subscriptions: Subscriptions::new(aws, &mut read),
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
        Some("createRoom") => {
            frame::answer(&event, |caller, request| create(ctx, caller, request)).await
        }
        Some("joinRoom") => {
            frame::answer(&event, |caller, request| join(ctx, caller, request)).await
        }
        Some("leaveRoom") => {
            frame::answer(&event, |caller, request| leave(ctx, caller, request)).await
        }
        Some("listRooms") => {
            frame::answer(&event, |caller, request| list::list(ctx, caller, request)).await
        }
        _ => frame::refuse_action(&event),
    })
}

async fn create(ctx: &Ctx, caller: Caller, request: CreateRoom) -> Result<Answer<Joined>, Error> {
    let (mut draft, topic) = rules::creation(&caller, request)?;
    let now = Timestamp::now().rfc3339();
    draft.along.extend(ctx.rooms.creates(&draft.room, &topic, &now, &draft.user_id)?);
    draft.along.push(ctx.memberships.joins(&draft.user_id, &draft.room)?);
    come_in(ctx, &caller, draft).await
}

async fn join(ctx: &Ctx, caller: Caller, request: JoinRoom) -> Result<Answer<Joined>, Error> {
    let mut draft = rules::coming(&caller, request)?;
    draft.along.push(ctx.rooms.exists(&draft.room)?);
    draft.along.push(ctx.memberships.joins(&draft.user_id, &draft.room)?);
    come_in(ctx, &caller, draft).await
}

/// The membership first, then the sockets hear the room, and only then its head is read: whatever is
/// committed after that head is posted to them.
async fn come_in(ctx: &Ctx, caller: &Caller, draft: Draft) -> Result<Answer<Joined>, Error> {
    ctx.rates.count_write(&draft.user_id).await?;
    let appended = ctx.writer.append(&draft).await?;
    let room = draft.room;
    hearing::begin(ctx, caller, &room).await?;
    let (head, epoch) = try_join!(ctx.log.head(&room), ctx.rooms.epoch(&room))?;
    ctx.telling.tell(&room, &appended, caller, Vec::new()).await;
    let Appended { seq, duplicate, .. } = appended;
    Ok(Answer::IfAsked(Joined { room: room.to_string(), seq, head, epoch, duplicate }))
}

/// The membership first, then the sockets stop hearing the room: one that begins to hear it meanwhile
/// finds no membership.
async fn leave(ctx: &Ctx, caller: Caller, request: LeaveRoom) -> Result<Answer<Left>, Error> {
    let mut draft = rules::going(&caller, request)?;
    draft.along.push(ctx.memberships.leaves(&draft.user_id, &draft.room)?);
    ctx.rates.count_write(&draft.user_id).await?;
    let appended = ctx.writer.append(&draft).await?;
    let room = draft.room;
    let sockets = hearing::end(ctx, &caller, &room).await?;
    ctx.telling.tell(&room, &appended, &caller, sockets).await;
    let Appended { seq, duplicate, .. } = appended;
    Ok(Answer::IfAsked(Left { room: room.to_string(), seq, duplicate }))
}
