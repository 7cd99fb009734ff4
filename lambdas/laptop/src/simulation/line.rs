//! A line between a client and the gateway: frames arrive in their order, each a while after it was
//! sent.

use std::ops::RangeInclusive;
use std::time::Duration;

use axum::extract::ws::Message;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::embedded::draw;

/// What is under way.
#[derive(Debug)]
struct Parcel {
    arrives: Instant,
    /// None: from here on nothing arrives, not even the end.
    message: Option<Message>,
}

/// The end of one direction that frames go into.
#[derive(Debug)]
pub(super) struct Sender {
    parcels: mpsc::UnboundedSender<Parcel>,
    delay: RangeInclusive<Duration>,
    last: Instant,
}

/// The end that they come out of.
#[derive(Debug)]
pub(super) struct Receiver {
    parcels: mpsc::UnboundedReceiver<Parcel>,
    /// It has left the queue, but has not arrived.
    next: Option<Parcel>,
}

/// One direction, on which a frame takes a time within `delay`.
pub(super) fn line(delay: &RangeInclusive<Duration>) -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let sender = Sender { parcels: sender, delay: delay.clone(), last: Instant::now() };
    (sender, Receiver { parcels: receiver, next: None })
}

impl Sender {
    pub(super) fn send(&mut self, message: Message) {
        self.put(Some(message));
    }

    /// Nothing that is sent later arrives, and the other end does not learn of it.
    pub(super) fn cut(mut self) {
        self.put(None);
    }

    fn put(&mut self, message: Option<Message>) {
        let arrives = Instant::now() + draw(&self.delay);
        self.last = self.last.max(arrives);
        // Nobody listens any more: as TCP does, the line takes it all the same.
        drop(self.parcels.send(Parcel { arrives: self.last, message }));
    }
}

impl Receiver {
    /// The next frame; none when the other end is gone. May be dropped and called again.
    pub(super) async fn recv(&mut self) -> Option<Message> {
        if self.next.is_none() {
            self.next = Some(self.parcels.recv().await?);
        }
        if let Some(next) = &self.next {
            sleep_until(next.arrives).await;
        }
        match self.next.take()?.message {
            Some(message) => Some(message),
            None => std::future::pending().await,
        }
    }
}
