//! Opening, replacing and losing sockets.

use std::time::Duration;

use chrono::DateTime;
use protocol::Greeting;
use serde_json::json;
use tokio::time::Instant;

use super::super::Room;
use super::super::link::Link;
use super::{Actor, Asked, Happening, pause};
use crate::Failure;
use crate::transport::{NotOpened, Transport};

/// How long a replaced socket stays open for the replies that it still owes.
const RETIREMENT: Duration = Duration::from_secs(2);
/// The share of a socket's time that handover may come early, so that a room's sockets do not all
/// do it at once.
const HANDOVER_JITTER: f64 = 0.1;

impl Actor {
    pub(super) fn open_if_due(&mut self, now: Instant) {
        if self.opening || self.coming.is_some() || self.open_at.is_none_or(|at| at > now) {
            return;
        }
        self.opening = true;
        self.open_at = None;
        let mut number = 0;
        self.show.send_modify(|view| {
            view.sockets += 1;
            number = view.sockets;
        });
        let queue = self.queue.clone();
        let (body, person) = (self.body.clone(), self.person.clone());
        let credential = self.options.credential;
        tokio::spawn(async move {
            let opened = body.transport(&person, credential).await;
            queue.send(Happening::Opened(number, opened)).ok();
        });
    }

    pub(super) fn retire_if_due(&mut self, now: Instant) {
        let Some((link, until)) = &self.leaving else { return };
        let number = link.number;
        let owes = self
            .requests
            .values()
            .any(|request| request.link == number && request.deadline.is_some());
        if !owes || *until <= now {
            self.leaving = None;
            self.forget_requests_of(number);
        }
    }

    pub(super) fn opened(&mut self, number: usize, opened: Result<Transport, NotOpened>) {
        self.opening = false;
        match opened {
            Ok(transport) => {
                self.coming = Some(Link::over(number, transport, self.queue.clone()));
                self.ask_over(number, Asked::Hello, &json!({ "action": "hello" }));
            }
            Err(NotOpened::BackOff) => self.open_later(),
            Err(NotOpened::Stop(why)) => self.show.send_modify(|view| view.stopped = Some(why)),
        }
    }

    pub(super) fn open_later(&mut self) {
        self.open_at = Some(Instant::now() + pause(self.failures));
        self.failures += 1;
    }

    pub(super) fn ended(&mut self, number: usize) {
        let is = |link: &Link| link.number == number;
        if self.current.as_ref().is_some_and(is) {
            self.current = None;
            self.show.send_modify(|view| {
                view.losses += 1;
                view.is_open = false;
            });
            self.open_later();
        } else if self.coming.as_ref().is_some_and(is) {
            self.coming = None;
            self.open_later();
        } else if self.leaving.as_ref().is_some_and(|(link, _)| is(link)) {
            self.leaving = None;
        }
        self.forget_requests_of(number);
    }

    pub(super) fn greeted(&mut self, number: usize, asked: Instant, greeting: Greeting) {
        if self.coming.as_ref().is_none_or(|link| link.number != number) {
            return;
        }
        let now = Instant::now();
        let link = self.coming.take();
        if let Some(replaced) = std::mem::replace(&mut self.current, link) {
            self.leaving = Some((replaced, now + RETIREMENT));
        }
        self.failures = 0;
        self.open_at = None;
        if self.options.handover {
            match time_left(&greeting) {
                Ok(left) => {
                    let share = HANDOVER_JITTER.mul_add(-fastrand::f64(), 1.0);
                    self.open_at = Some(now + left.mul_f64(share));
                }
                Err(why) => self.violation(why.to_string()),
            }
        }
        let is_first = self.show.borrow().greeting.is_none();
        for (name, head) in greeting.rooms.iter().filter(|_| is_first) {
            self.begin(name, Room::starting_at(head));
        }
        self.rooms_of_mine(asked, &greeting.rooms.keys().cloned().collect());
        for (name, head) in &greeting.rooms {
            self.compare(name, head.head, head.epoch);
        }
        self.show.send_modify(|view| {
            view.greeting = Some(greeting);
            view.is_open = true;
        });
    }
}

/// How long a socket has, by the server's clock alone.
fn time_left(greeting: &Greeting) -> Result<Duration, Failure> {
    let by = DateTime::parse_from_rfc3339(&greeting.reconnect_by)?;
    let now = DateTime::parse_from_rfc3339(&greeting.server_time)?;
    // A token that ends within the server's leeway leaves less than nothing.
    Ok((by - now).to_std().unwrap_or_default())
}
