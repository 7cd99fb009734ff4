//! Telling a room what became of it: one post to each of its sockets, within limits that keep a dead or slow one from
//! costing the others anything.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use futures_util::StreamExt as _;
use futures_util::stream;
use protocol::Event;
use tokio::time::{Instant, sleep, timeout_at};

use crate::Error;
use crate::clock::Timestamp;
use crate::error::Chain;
use crate::frame::Caller;
use crate::push;
use crate::rooms::RoomName;
use crate::settings::Reader;
use crate::subscriptions::{Subscription, Subscriptions};

/// Tries of one post after the first.
const RETRIES: u32 = 2;
/// The shortest and the longest wait before a retry, in milliseconds.
const RETRY_AFTER_MS: std::ops::RangeInclusive<u64> = 50..=200;
/// From this many posts on without one success, rows are kept: an endpoint that is wrong answers
/// 410 for everybody.
const MASS_REAP_GUARD: usize = 20;
/// Deletes of dead rows in flight.
const REAPS_IN_FLIGHT: usize = 16;
/// Time for all deletes of dead rows; what is left, the next message's fan-out meets again.
const REAP_DEADLINE: Duration = Duration::from_secs(1);

/// Posts events to the sockets of a room.
#[derive(Debug, Clone)]
pub struct Fanout {
    push: Client,
    subscriptions: Subscriptions,
    deadline: Duration,
    in_flight: usize,
    reap_grace: Duration,
}

/// What became of the posts of one event.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Sockets that were told.
    pub delivered: usize,
    /// Sockets that are gone.
    pub gone: usize,
    /// Sockets that were given up; their clients recover by number.
    pub missed: usize,
}

enum Post {
    Delivered,
    Gone,
    Missed,
}

impl Fanout {
    /// Reads `PUSH_ENDPOINT`, the subscriptions' table, and the limits `FANOUT_POST_TIMEOUT_MS`,
    /// `FANOUT_DEADLINE_MS`, `FANOUT_IN_FLIGHT`, `FANOUT_REAP_GRACE_MS`.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        let attempt = settings.millis("FANOUT_POST_TIMEOUT_MS", Duration::from_secs(1));
        Self {
            push: push::client(aws, settings, attempt),
            subscriptions: Subscriptions::new(aws, settings),
            deadline: settings.millis("FANOUT_DEADLINE_MS", Duration::from_secs(2)),
            in_flight: settings.number("FANOUT_IN_FLIGHT", 64),
            reap_grace: settings.millis("FANOUT_REAP_GRACE_MS", Duration::from_secs(35)),
        }
    }

    /// Tells every socket of the room, and some more, which need not hear it any longer; the sender's
    /// own first.
    ///
    /// Whatever happens here, the event is in the log already: a failure is logged and counted, and
    /// is nobody's error.
    pub async fn tell(
        &self,
        room: &RoomName,
        event: &Event,
        sender: &Caller,
        also: Vec<Subscription>,
    ) -> Report {
        let Ok(frame) = serde_json::to_vec(event) else {
            Error::Fault("an event could not be written").log();
            return Report::default();
        };
        let deadline = Instant::now() + self.deadline;
        let mut targets = match timeout_at(deadline, self.subscriptions.of_room(room)).await {
            Ok(Ok(targets)) => targets,
            Ok(Err(error)) => {
                error.log();
                return Report::default();
            }
            Err(_) => {
                tracing::error!("The room was not read in time: nobody was told.");
                return Report::default();
            }
        };
        for socket in also {
            if !targets.iter().any(|target| target.connection_id == socket.connection_id) {
                targets.push(socket);
            }
        }
        targets.sort_by_key(|target| target.user_id != sender.identity.user_id);
        let (report, gone) = self.post_to_all(&targets, Blob::new(frame), deadline).await;
        self.reap(room, report, gone).await;
        if report.missed > 0 {
            tracing::warn!(
                delivered = report.delivered,
                gone = report.gone,
                missed = report.missed,
                "Some sockets were not told; their clients recover by number."
            );
        }
        report
    }

    async fn post_to_all<'a>(
        &self,
        targets: &'a [Subscription],
        frame: Blob,
        deadline: Instant,
    ) -> (Report, Vec<&'a Subscription>) {
        let posts = stream::iter(targets)
            .map(|target| {
                let frame = frame.clone();
                async move { (target, self.post(&target.connection_id, frame, deadline).await) }
            })
            .buffer_unordered(self.in_flight.max(1));
        posts
            .fold(
                (Report::default(), Vec::new()),
                async |(mut report, mut gone), (target, post)| {
                    match post {
                        Post::Delivered => report.delivered += 1,
                        Post::Missed => report.missed += 1,
                        Post::Gone => {
                            report.gone += 1;
                            gone.push(target);
                        }
                    }
                    (report, gone)
                },
            )
            .await
    }

    async fn post(&self, connection_id: &str, frame: Blob, deadline: Instant) -> Post {
        let tries = async {
            for retry in 0..=RETRIES {
                if retry > 0 {
                    sleep(Duration::from_millis(fastrand::u64(RETRY_AFTER_MS))).await;
                }
                let post = self.push.post_to_connection().connection_id(connection_id);
                match post.data(frame.clone()).send().await {
                    Ok(_) => return Post::Delivered,
                    Err(error) if is_gone(&error) => return Post::Gone,
                    Err(error) if !may_pass(&error) => {
                        tracing::warn!(error = %Chain(&error), "A post was refused.");
                        return Post::Missed;
                    }
                    Err(_) => {}
                }
            }
            Post::Missed
        };
        timeout_at(deadline, tries).await.unwrap_or(Post::Missed)
    }

    /// Deletes the rows of sockets that are gone: not the young ones, since a socket that is still
    /// opening answers 410 too.
    async fn reap(&self, room: &RoomName, report: Report, gone: Vec<&Subscription>) {
        let posts = report.delivered + report.gone + report.missed;
        if posts >= MASS_REAP_GUARD && report.delivered == 0 {
            tracing::error!(
                posts,
                "No post reached a socket: rows are kept. Is PUSH_ENDPOINT right?"
            );
            return;
        }
        let now = Timestamp::now();
        let old =
            gone.into_iter().filter(|row| Timestamp(row.connected_at).plus(self.reap_grace) < now);
        let reaping = stream::iter(old).for_each_concurrent(REAPS_IN_FLIGHT, async |row| {
            if let Err(error) = self.subscriptions.delete(room.as_str(), &row.connection_id).await {
                error.log();
            }
        });
        if timeout_at(Instant::now() + REAP_DEADLINE, reaping).await.is_err() {
            tracing::warn!("Dead rows are left for the next message.");
        }
    }
}

fn is_gone(error: &SdkError<PostToConnectionError>) -> bool {
    error.as_service_error().is_some_and(PostToConnectionError::is_gone_exception)
}

/// Whether another try may succeed: a full buffer or a throttle (429), a fault of the service, or
/// no answer.
fn may_pass(error: &SdkError<PostToConnectionError>) -> bool {
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            status == 429 || status >= 500
        }
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        _ => false,
    }
}
