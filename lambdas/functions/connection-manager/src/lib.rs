//! A socket's life: `$connect`, `$disconnect`, and what a client asks about itself in between.

mod crowd;
mod hello;
mod ping;
mod rooms;
mod stand;

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::accounts::Accounts;
use chat::connections::Connections;
use chat::farewell::Farewell;
use chat::frame::{self, Caller};
use chat::log;
use chat::memberships::Memberships;
use chat::rooms::Rooms;
use chat::sessions::Sessions;
use chat::subscriptions::Subscriptions;
use chat::{Error, Settings, SettingsError};
use protocol::ErrorCode;
use tokio::time::timeout;

/// When a client should have replaced its socket: five minutes before API Gateway's two hours end
/// it ("Quotas for configuring and running a WebSocket API in API Gateway").
const HANDOVER_AFTER: Duration = Duration::from_secs(115 * 60);

/// Opening a socket, after its row is written: before the function's time is up, or nobody would take
/// the rows away again.
const PATIENCE: Duration = Duration::from_secs(12);

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    accounts: Accounts,
    sessions: Sessions,
    connections: Connections,
    subscriptions: Subscriptions,
    memberships: Memberships,
    farewell: Farewell,
    rooms: Rooms,
    log: log::Reader,
    handover_after: Duration,
}

impl Ctx {
    /// Reads the names of the tables, `PUSH_ENDPOINT` and `HANDOVER_AFTER_MS`.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let ctx = Self {
            accounts: Accounts::new(aws, &mut read),
            sessions: Sessions::new(aws, &mut read),
            connections: Connections::new(aws, &mut read),
            subscriptions: Subscriptions::new(aws, &mut read),
            memberships: Memberships::new(aws, &mut read),
            farewell: Farewell::new(aws, &mut read),
            rooms: Rooms::new(aws, &mut read),
            log: log::Reader::new(aws, &mut read),
            handover_after: read.millis("HANDOVER_AFTER_MS", HANDOVER_AFTER),
        };
        read.finish()?;
        Ok(ctx)
    }
}

/// Handles one event of a socket.
///
/// # Errors
/// Never: `$connect` answers with a status that refuses the handshake, a frame with a refusal.
pub async fn handle(
    ctx: &Ctx,
    event: ApiGatewayWebsocketProxyRequest,
) -> Result<ApiGatewayProxyResponse, Error> {
    let context = &event.request_context;
    // A socket's life is told by the event's type: a frame may name the routes $connect and
    // $disconnect as its action, and must not be taken for one or the other.
    Ok(match (context.event_type.as_deref(), context.route_key.as_deref()) {
        (Some("CONNECT"), _) => outcome(connect(ctx, &event).await),
        (Some("DISCONNECT"), _) => outcome(disconnect(ctx, &event).await),
        (_, Some("hello")) => {
            frame::answer(&event, |caller, request| hello::hello(ctx, caller, request)).await
        }
        (_, Some("ping")) => {
            frame::answer(&event, |caller, request| ping::ping(ctx, caller, request)).await
        }
        _ => frame::refuse_action(&event),
    })
}

/// The connection first, then the subscriptions: whoever can hear is to be found among the
/// connections of a person. The session last: whoever ends one marks it, and then looks for its
/// connections, so that one of the two finds the other.
async fn connect(ctx: &Ctx, event: &ApiGatewayWebsocketProxyRequest) -> Result<(), Error> {
    let caller = Caller::from_event(event)?;
    ctx.connections.put(&caller).await?;
    let opened = timeout(PATIENCE, open(ctx, &caller)).await;
    let opened = opened.unwrap_or(Err(Error::Unfinished("a socket was not opened in time")));
    if opened.is_err() {
        // A refused handshake has no `$disconnect`.
        remove(ctx, &caller).await?;
    }
    opened
}

async fn open(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    rooms::hear_all(ctx, caller).await?;
    crowd::make_room(ctx, caller).await?;
    ctx.admit(caller).await
}

impl Ctx {
    /// That the socket's session goes on.
    async fn admit(&self, caller: &Caller) -> Result<(), Error> {
        if self.sessions.admits(&self.accounts, &caller.identity).await? {
            return Ok(());
        }
        Err(Error::refused(ErrorCode::Unauthorized, "The session has ended."))
    }

    /// The same of a socket that is open. One that could not be closed when its session ended hears
    /// nothing any more once it asks.
    async fn admit_still(&self, caller: &Caller) -> Result<(), Error> {
        let admitted = self.admit(caller).await;
        if matches!(&admitted, Err(Error::Refused(_))) {
            // Its row last, by which whoever ends all sessions finds it.
            rooms::hear_nothing(self, caller).await?;
            self.connections.delete(&caller.identity.user_id, &caller.connection_id).await?;
        }
        admitted
    }
}

async fn disconnect(ctx: &Ctx, event: &ApiGatewayWebsocketProxyRequest) -> Result<(), Error> {
    remove(ctx, &Caller::from_event(event)?).await
}

/// Takes away the rows of a socket that is gone, or will not open.
async fn remove(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    let silent = rooms::hear_nothing(ctx, caller).await;
    ctx.connections.delete(&caller.identity.user_id, &caller.connection_id).await?;
    silent
}

fn outcome(result: Result<(), Error>) -> ApiGatewayProxyResponse {
    match result {
        Ok(()) => frame::status(200),
        Err(error) => {
            error.log();
            frame::status(i64::from(error.body().code.http_status()))
        }
    }
}
