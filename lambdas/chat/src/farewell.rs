//! Ending sockets: those of an ended session, and those that are too many, are told so and cut off.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use futures_util::{StreamExt as _, stream};
use protocol::{CloseCode, Event};
use tokio::time::{Instant, sleep};

use crate::Error;
use crate::clock::Timestamp;
use crate::connections::{Connection, Connections};
use crate::push;
use crate::settings::Reader;

/// One call, at the most.
const ATTEMPT: Duration = Duration::from_secs(1);
/// All of it: five seconds after a session's end its sockets are closed.
const PATIENCE: Duration = Duration::from_secs(4);
/// The part of it in which a socket is told why: after that, it is closed without a word.
const WORDS: Duration = Duration::from_secs(2);
/// The wait before a socket is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(150);
/// A socket may still be opening for as long as API Gateway waits for `$connect`, 29 s ("Quotas for
/// configuring and running a WebSocket API in API Gateway"), and then answers 410 as a dead one does.
const OPENING: Duration = Duration::from_secs(35);
/// Sockets at a time.
const IN_FLIGHT: usize = 64;

/// Which sockets of a person.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All.
    All,
    /// Those of one session.
    Session(&'a str),
    /// Those of every session but this one.
    AllBut(&'a str),
}

/// How ending a socket ended.
enum End {
    Gone,
    /// It is young, and was not open so far.
    NeverOpen,
    /// It could not be ended in time.
    Open,
}

/// Ends sockets.
#[derive(Debug, Clone)]
pub struct Farewell {
    push: Client,
    connections: Connections,
}

impl Farewell {
    /// Reads `PUSH_ENDPOINT` and the table of connections.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self {
            push: push::client(aws, settings, ATTEMPT),
            connections: Connections::new(aws, settings),
        }
    }

    /// Ends a person's sockets, whose session was marked as ended before: one that opens meanwhile
    /// finds that mark (`$connect` writes its row first, and reads the session after).
    ///
    /// # Errors
    /// When the table does not answer, or some sockets could not be ended in time: ask again.
    pub async fn say(&self, user_id: &str, which: Which<'_>, reason: &str) -> Result<(), Error> {
        let connections = self.connections.of_user(user_id).await?;
        let concerned = connections.into_iter().filter(|connection| match which {
            Which::All => true,
            Which::Session(session) => connection.session_id.as_deref() == Some(session),
            Which::AllBut(session) => connection.session_id.as_deref() != Some(session),
        });
        // A young one that was never open is as good as gone: `$connect` will find the mark.
        self.end_all(concerned, CloseCode::SessionEnded, reason).await.map(drop)
    }

    /// Tells sockets why, and ends them. Returns those that may still be opening: all the time they
    /// answered as one that is gone.
    ///
    /// # Errors
    /// When some could not be ended in time.
    pub async fn end_all(
        &self,
        connections: impl IntoIterator<Item = Connection>,
        code: CloseCode,
        reason: &str,
    ) -> Result<Vec<Connection>, Error> {
        let since = Instant::now();
        let bye = Event::Bye { code: code.number(), reason: reason.to_owned(), reconnect: false };
        let bye = serde_json::to_vec(&bye).map_err(|_| Error::Fault("a bye cannot be written"))?;
        let bye = Blob::new(bye);
        let bye = &bye;
        let ends: Vec<_> = stream::iter(connections)
            .map(|socket| async move { (self.end(&socket, bye, since).await, socket) })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        let left = ends.iter().filter(|(end, _)| matches!(end, End::Open)).count();
        if left > 0 {
            tracing::error!(left, "Some sockets that were to end are still open.");
            return Err(Error::Unfinished("sockets that were to end are still open"));
        }
        let opening = ends.into_iter().filter(|(end, _)| matches!(end, End::NeverOpen));
        Ok(opening.map(|(_, socket)| socket).collect())
    }

    async fn end(&self, connection: &Connection, bye: &Blob, since: Instant) -> End {
        let id = &connection.connection_id;
        let young = Timestamp(connection.connected_at).plus(OPENING) > Timestamp::now();
        let mut told = false;
        while since.elapsed() < WORDS {
            let posted = self.push.post_to_connection().connection_id(id).data(bye.clone());
            let Err(error) = posted.send().await else {
                told = true;
                break;
            };
            if !young && error.as_service_error().is_some_and(|e| e.is_gone_exception()) {
                return End::Gone;
            }
            sleep(RETRY_AFTER).await;
        }
        loop {
            let deleted = self.push.delete_connection().connection_id(id).send().await;
            let Err(error) = deleted else { return End::Gone };
            let gone = error.as_service_error().is_some_and(|e| e.is_gone_exception());
            // Told a moment ago, so it was open: it has gone since.
            if gone && (told || !young) {
                return End::Gone;
            }
            if since.elapsed() + RETRY_AFTER >= PATIENCE {
                if gone {
                    return End::NeverOpen;
                }
                Error::service("DeleteConnection", "sockets")(error).log();
                return End::Open;
            }
            sleep(RETRY_AFTER).await;
        }
    }
}
