//! The client's task: the only one that knows the client's state, fed by one queue.

mod requests;
mod rooms;
mod sockets;

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::{Pong, limits};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::link::Link;
use super::outbox::{Departure, Fate, Outbox};
use super::{Options, Sent, View, Write};
use crate::raw::Incoming;
use crate::transport::{NotOpened, Transport};
use crate::wire::Entry;
use crate::{Body, Person};

/// The first pause before another try, doubled each time.
const BACKOFF: Duration = Duration::from_millis(50);
/// The longest such pause.
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// What the client's task reacts to.
#[derive(Debug)]
pub(super) enum Happening {
    /// From the client's handle.
    Command(Command),
    /// From a socket.
    Incoming(usize, Incoming),
    /// A socket came about, or did not.
    Opened(usize, Result<Transport, NotOpened>),
}

/// What the client's handle asks for.
#[derive(Debug)]
pub(super) enum Command {
    Write { room: String, write: Write, done: oneshot::Sender<Fate> },
    Older { room: String },
    Ping { done: oneshot::Sender<Pong> },
    Cut,
    Stop,
}

/// What a request was about, to know its answer by.
#[derive(Debug)]
enum Asked {
    Hello,
    Ping { named: Vec<String>, done: Option<oneshot::Sender<Pong>> },
    Changes { room: String, after: u64 },
    Newest { room: String },
    Older { room: String },
    Write { client_id: String, write: Write, room: String },
}

#[derive(Debug)]
struct Request {
    link: usize,
    asked: Asked,
    at: Instant,
    /// None once its outcome was given up as unknown: a late answer is still welcome.
    deadline: Option<Instant>,
}

/// Where the repair of a room stands.
#[derive(Debug, Clone, Copy, Default)]
enum Repair {
    #[default]
    None,
    /// The room's gap is given until then to close by itself.
    Held(Instant),
    /// The room is known to be behind.
    Due(Instant),
    /// The answer will say how it goes on.
    Asked,
}

#[derive(Debug, Default)]
struct Upkeep {
    repair: Repair,
    tries: u32,
    /// The log is another than it was: the next request is for the newest page.
    anew: bool,
}

/// Whether this person is in a room, by the last news of it.
#[derive(Debug, Clone, Copy)]
struct Membership {
    /// The number of the entry that says so; 0 where none does.
    seq: u64,
    joined: bool,
    /// What was asked before does not know it.
    at: Instant,
}

/// The client's task.
pub(super) struct Actor {
    body: Body,
    person: Person,
    options: Options,
    queue: UnboundedSender<Happening>,
    happenings: UnboundedReceiver<Happening>,
    show: watch::Sender<View>,

    /// Where requests go.
    current: Option<Link>,
    /// Open, but not yet greeted.
    coming: Option<Link>,
    /// Replaced, but still owing replies until this moment.
    leaving: Option<(Link, Instant)>,
    opening: bool,
    failures: u32,
    open_at: Option<Instant>,

    last_id: i64,
    requests: BTreeMap<i64, Request>,
    outbox: Outbox,
    pings: Vec<Option<oneshot::Sender<Pong>>>,
    ping_at: Instant,
    upkeep: BTreeMap<String, Upkeep>,
    memberships: BTreeMap<String, Membership>,
    /// Entries of rooms of which it is not known yet where they begin.
    early: BTreeMap<String, Vec<Entry>>,
}

fn pause(tries: u32) -> Duration {
    BACKOFF.saturating_mul(1 << tries.min(8)).min(BACKOFF_MAX).mul_f64(fastrand::f64())
}

impl Actor {
    pub(super) fn new(
        body: Body,
        person: Person,
        options: Options,
        queue: UnboundedSender<Happening>,
        happenings: UnboundedReceiver<Happening>,
        show: watch::Sender<View>,
    ) -> Self {
        let now = Instant::now();
        Self {
            ping_at: now + options.ping_after,
            body,
            person,
            options,
            queue,
            happenings,
            show,
            current: None,
            coming: None,
            leaving: None,
            opening: false,
            failures: 0,
            open_at: Some(now),
            last_id: 0,
            requests: BTreeMap::new(),
            outbox: Outbox::default(),
            pings: Vec::new(),
            upkeep: BTreeMap::new(),
            memberships: BTreeMap::new(),
            early: BTreeMap::new(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let wake = self.do_what_is_due();
            let happening = tokio::select! {
                biased;
                happening = self.happenings.recv() => happening,
                () = tokio::time::sleep_until(wake) => continue,
            };
            match happening {
                None | Some(Happening::Command(Command::Stop)) => return,
                Some(Happening::Command(command)) => self.obey(command),
                Some(Happening::Opened(link, opened)) => self.opened(link, opened),
                Some(Happening::Incoming(link, Incoming::Frame(frame))) => self.frame(link, frame),
                Some(Happening::Incoming(_, Incoming::Broken(why))) => self.violation(why),
                Some(Happening::Incoming(link, Incoming::End(_))) => self.ended(link),
            }
        }
    }

    fn violation(&self, why: String) {
        self.show.send_modify(|view| view.violations.push(why));
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Write { room, write, done } => {
                let client_id = format!("{:032x}", fastrand::u128(..));
                let sent =
                    Sent { room, write, client_id, attempts: 0, acknowledged: None, refused: None };
                let place = self.show.borrow().sent.len();
                self.outbox.push(&sent, place, done);
                self.show.send_modify(|view| view.sent.push(sent));
            }
            Command::Older { room } => self.older(room),
            Command::Ping { done } => self.pings.push(Some(done)),
            Command::Cut => {
                if let Some(link) = &self.current {
                    link.cut();
                    self.ended(link.number);
                }
            }
            Command::Stop => {}
        }
    }

    /// Does everything whose time has come, and says when to come back.
    fn do_what_is_due(&mut self) -> Instant {
        let now = Instant::now();
        self.open_if_due(now);
        self.retire_if_due(now);
        self.give_up_on_the_silent(now);
        if self.current.is_some() {
            if now >= self.ping_at {
                self.pings.push(None);
            }
            self.send_what_waits(now);
        }
        self.next_moment(now)
    }

    fn next_moment(&self, now: Instant) -> Instant {
        let mut moments: Vec<Instant> = vec![now + Duration::from_secs(60)];
        moments.extend(self.requests.values().filter_map(|request| request.deadline));
        moments.extend(self.leaving.as_ref().map(|(_, until)| *until));
        if !self.opening && self.coming.is_none() {
            moments.extend(self.open_at);
        }
        if self.current.is_some() {
            moments.push(self.ping_at);
            moments.extend(self.outbox.next_departure());
            moments.extend(self.upkeep.values().filter_map(|upkeep| match upkeep.repair {
                Repair::Held(at) | Repair::Due(at) => Some(at),
                Repair::None | Repair::Asked => None,
            }));
        }
        moments.into_iter().min().unwrap_or(now)
    }

    fn send_what_waits(&mut self, now: Instant) {
        for done in std::mem::take(&mut self.pings) {
            self.ping_at = now + self.options.ping_after;
            let rooms: BTreeMap<String, u64> = self
                .show
                .borrow()
                .rooms
                .iter()
                .map(|(name, room)| (name.clone(), room.last()))
                .collect();
            let named = rooms.keys().cloned().collect();
            let frame = json!({ "action": "ping", "rooms": rooms });
            self.ask(Asked::Ping { named, done }, &frame);
        }
        for (room, request) in self.repairs_due(now) {
            self.show.send_modify(|view| view.resumes += 1);
            match request {
                Some(after) => {
                    let frame = json!({ "action": "getRecentMessages", "room": room, "after": after,
                        "limit": limits::PAGE_MAX });
                    self.ask(Asked::Changes { room, after }, &frame);
                }
                None => {
                    let frame = json!({ "action": "getRecentMessages", "room": room });
                    self.ask(Asked::Newest { room }, &frame);
                }
            }
        }
        for letter in self.outbox.departures(now) {
            self.show.send_modify(|view| {
                if let Some(sent) = view.sent.get_mut(letter.place) {
                    sent.attempts += 1;
                }
            });
            let frame = letter.write.request(&letter.room, &letter.client_id);
            let Departure { room, client_id, write, .. } = letter;
            self.ask(Asked::Write { client_id, write, room }, &frame);
        }
    }
}
