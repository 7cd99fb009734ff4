//! Telling a room of an entry that was just stored, or stored a moment ago by a try that may have died
//! before it had told everybody.

use std::time::Duration;

use protocol::{Change, Event};

use crate::clock::Timestamp;
use crate::fanout::Fanout;
use crate::frame::Caller;
use crate::log::{Appended, Reader};
use crate::rooms::RoomName;
use crate::settings;
use crate::subscriptions::Subscription;

/// How old an entry may be for a resend to tell the room again: its first fan-out may have died
/// half-way. Older ones, everybody has found by number since.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// Tells rooms of entries of their logs.
#[derive(Debug)]
pub struct Telling {
    fanout: Fanout,
    log: Reader,
}

impl Telling {
    /// Reads what the fan-out and the log's reader need.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut settings::Reader<'_>) -> Self {
        Self { fanout: Fanout::new(aws, settings), log: Reader::new(aws, settings) }
    }

    /// Tells the room, and some sockets more, of an entry.
    pub async fn tell(
        &self,
        room: &RoomName,
        appended: &Appended,
        writer: &Caller,
        also: Vec<Subscription>,
    ) {
        let change = match &appended.change {
            Some(change) => Some(change.clone()),
            None if is_young(&appended.timestamp) => self.state_of_now(room, appended.seq).await,
            None => None,
        };
        if let Some(change) = change {
            let event = Event::telling(room.to_string(), change);
            self.fanout.tell(room, &event, writer, also).await;
        }
    }

    /// What was sent may have been changed, or deleted, since.
    async fn state_of_now(&self, room: &RoomName, seq: u64) -> Option<Change> {
        match self.log.change(room, seq).await {
            Ok(change) => change,
            Err(error) => {
                error.log();
                None
            }
        }
    }
}

fn is_young(timestamp: &str) -> bool {
    Timestamp::parse(timestamp).is_some_and(|then| Timestamp::now() < then.plus(TELL_AGAIN))
}
