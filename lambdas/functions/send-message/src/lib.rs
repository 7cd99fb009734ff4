//! `sendMessage`: a message is committed to its room's log, and then the room is told.

mod rules;

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::clock::Timestamp;
use chat::fanout::Fanout;
use chat::frame::{self, Answer, Caller};
use chat::log::{self, Appended, Entry};
use chat::rooms::RoomName;
use chat::{Error, Settings, SettingsError};
use protocol::{Event, Message, SendMessage, Stored};

/// How old a message may be for a resend to tell the room again: its first fan-out may have died
/// half-way. Older ones, everybody has found by number since.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    writer: log::Writer,
    reader: log::Reader,
    fanout: Fanout,
}

impl Ctx {
    /// Reads the names of the tables, `PUSH_ENDPOINT` and the limits of log and fan-out.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let ctx = Self {
            writer: log::Writer::new(aws, &mut read),
            reader: log::Reader::new(aws, &mut read),
            fanout: Fanout::new(aws, &mut read),
        };
        read.finish()?;
        Ok(ctx)
    }
}

/// Handles one `sendMessage`.
///
/// # Errors
/// Never: a refusal is the reply.
pub async fn handle(
    ctx: &Ctx,
    event: ApiGatewayWebsocketProxyRequest,
) -> Result<ApiGatewayProxyResponse, Error> {
    Ok(frame::answer(&event, |caller, request| send(ctx, caller, request)).await)
}

/// `ok` means stored: it depends on no socket but waits for the fan-out, since a function is frozen
/// once it has answered.
async fn send(ctx: &Ctx, caller: Caller, request: SendMessage) -> Result<Answer<Stored>, Error> {
    let draft = rules::draft(&caller, request)?;
    let room = draft.room.clone();
    let stored = match ctx.writer.append(draft).await? {
        Appended::Stored(message) => {
            let stored = Stored {
                seq: message.seq,
                id: message.id.clone(),
                timestamp: message.timestamp.clone(),
                duplicate: false,
            };
            tell(ctx, &room, message, &caller).await;
            stored
        }
        Appended::Duplicate { seq, id, timestamp } => {
            if is_young(&timestamp) {
                tell_again(ctx, &room, seq, &caller).await;
            }
            Stored { seq, id, timestamp, duplicate: true }
        }
    };
    Ok(Answer::IfAsked(stored))
}

async fn tell(ctx: &Ctx, room: &RoomName, message: Message, sender: &Caller) {
    let event = Event::Messages { room: room.to_string(), messages: vec![message] };
    ctx.fanout.tell(room, &event, sender).await;
}

/// Posts the message's state of now, which need not be what was sent.
async fn tell_again(ctx: &Ctx, room: &RoomName, seq: u64, sender: &Caller) {
    match ctx.reader.at(room, seq).await {
        Ok(entry) => {
            if let Some(message) = entry.and_then(Entry::into_message) {
                tell(ctx, room, message, sender).await;
            }
        }
        Err(error) => error.log(),
    }
}

fn is_young(timestamp: &str) -> bool {
    Timestamp::parse(timestamp).is_some_and(|then| Timestamp::now() < then.plus(TELL_AGAIN))
}
