//! Entries, acknowledgements, the rooms that this person is in, and the repair of what was missed.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::{Change, limits};
use serde_json::json;
use tokio::time::Instant;

use super::super::{Acknowledged, NewMessage, Room};
use super::{Actor, Asked, Membership, Repair, pause};
use crate::wire::Entry;

impl Actor {
    /// The rooms to be repaired now, each with the number after which to ask.
    pub(super) fn repairs_due(&mut self, now: Instant) -> Vec<(String, Option<u64>)> {
        let view = self.show.borrow();
        let mut due = Vec::new();
        for (name, upkeep) in &mut self.upkeep {
            if matches!(upkeep.repair, Repair::Held(at) | Repair::Due(at) if at <= now) {
                upkeep.repair = Repair::Asked;
                due.push((name.clone(), (!upkeep.anew).then(|| view.last(name))));
            }
        }
        due
    }

    /// Takes an entry from an event.
    pub(super) fn entry(&mut self, room: &str, entry: Entry) {
        self.notice_own(&entry);
        self.notice_membership(room, &entry);
        let (is_in, is_greeted) = {
            let view = self.show.borrow();
            (view.is_in(room), view.greeting.is_some())
        };
        if !is_in {
            let has_left = self.memberships.get(room).is_some_and(|known| !known.joined);
            if has_left {
                return;
            }
            self.early.entry(room.to_owned()).or_default().push(entry);
            if is_greeted {
                self.enter(room);
            }
            return;
        }
        self.show.send_modify(|view| {
            if let Some(room) = view.rooms.get_mut(room) {
                room.offer(entry);
            }
        });
        self.mind_the_gap(room);
    }

    /// An entry with my `userId` and my `clientId` acknowledges as well as a reply.
    pub(super) fn notice_own(&mut self, entry: &Entry) {
        let Entry::Known(change) = entry else { return };
        let Some((user_id, client_id)) = change.written_by() else { return };
        if *user_id != *self.person.user_id {
            return;
        }
        let message = match change {
            Change::Message { message, .. } => {
                Some(NewMessage { id: message.id.clone(), timestamp: message.timestamp.clone() })
            }
            _ => None,
        };
        self.acknowledged(client_id, Acknowledged { seq: change.seq(), message });
    }

    pub(super) fn acknowledged(&mut self, client_id: &str, acknowledged: Acknowledged) {
        let Some(place) = self.outbox.place(client_id) else { return };
        self.show.send_modify(|view| {
            let Some(sent) = view.sent.get_mut(place) else { return };
            match &sent.acknowledged {
                None => sent.acknowledged = Some(acknowledged.clone()),
                Some(first) if *first == acknowledged => {}
                Some(first) => view.violations.push(format!(
                    "one write was acknowledged as {first:?} and as {acknowledged:?}"
                )),
            }
        });
        self.outbox.settle(client_id, Ok(acknowledged));
    }

    /// I come to a room or leave it, here or at another of my sockets.
    fn notice_membership(&mut self, room: &str, entry: &Entry) {
        let Entry::Known(change) = entry else { return };
        let (member, joined) = match change {
            Change::Create { member, .. } | Change::Join { member, .. } => (member, true),
            Change::Leave { member, .. } => (member, false),
            Change::Message { .. } | Change::Edit { .. } | Change::Delete { .. } => return,
        };
        if *member.user_id == *self.person.user_id {
            self.membership(room, change.seq(), joined);
        }
    }

    /// Entry `seq` says that I am in a room, or not; an earlier entry may say so later.
    pub(super) fn membership(&mut self, room: &str, seq: u64, joined: bool) {
        if self.memberships.get(room).is_some_and(|known| known.seq >= seq) {
            return;
        }
        let at = Instant::now();
        self.memberships.insert(room.to_owned(), Membership { seq, joined, at });
        if joined {
            self.enter(room);
        } else {
            self.leave(room);
        }
    }

    /// The server's word on all rooms that I was in when it was `asked`.
    pub(super) fn rooms_of_mine(&mut self, asked: Instant, names: &BTreeSet<String>) {
        let known: BTreeSet<String> = self.show.borrow().rooms.keys().cloned().collect();
        for room in known.difference(names) {
            if !self.has_joined_since(room, asked) {
                self.leave(room);
            }
        }
        for room in names.difference(&known) {
            if !self.has_left_since(room, asked) {
                let seq = self.memberships.get(room).map_or(0, |known| known.seq);
                let membership = Membership { seq, joined: true, at: asked };
                self.memberships.insert(room.clone(), membership);
                self.enter(room);
            }
        }
    }

    pub(super) fn has_joined_since(&self, room: &str, asked: Instant) -> bool {
        self.memberships.get(room).is_some_and(|known| known.joined && known.at > asked)
    }

    pub(super) fn has_left_since(&self, room: &str, asked: Instant) -> bool {
        self.memberships.get(room).is_some_and(|known| !known.joined && known.at > asked)
    }

    /// Asks for the newest page of a room that is not shown yet.
    fn enter(&mut self, room: &str) {
        if self.show.borrow().is_in(room) {
            return;
        }
        let upkeep = self.upkeep.entry(room.to_owned()).or_default();
        if !upkeep.anew {
            upkeep.anew = true;
            upkeep.repair = Repair::Due(Instant::now());
        }
    }

    pub(super) fn leave(&mut self, room: &str) {
        self.upkeep.remove(room);
        self.early.remove(room);
        self.show.send_modify(|view| {
            if let Some(room) = view.rooms.remove(room) {
                view.violations.extend(room.violations().iter().cloned());
            }
        });
    }

    /// Shows a room from here on, with what came of it before.
    pub(super) fn begin(&mut self, room: &str, begun: Room) {
        self.show.send_modify(|view| {
            if let Some(room) = view.rooms.insert(room.to_owned(), begun) {
                view.violations.extend(room.violations().iter().cloned());
            }
        });
        for entry in self.early.remove(room).unwrap_or_default() {
            self.entry(room, entry);
        }
    }

    pub(super) fn older(&mut self, room: String) {
        let start = self.show.borrow().rooms.get(&room).map_or(0, Room::start);
        if start > 0 {
            let frame = json!({ "action": "getRecentMessages", "room": room, "before": start + 1,
                "limit": limits::PAGE_MAX });
            self.ask(Asked::Older { room }, &frame);
        }
    }

    pub(super) fn mind_the_gap(&mut self, room: &str) {
        let gap = self.show.borrow().rooms.get(room).is_some_and(Room::has_gap);
        let until = self.held_until();
        let upkeep = self.upkeep.entry(room.to_owned()).or_default();
        match upkeep.repair {
            Repair::None if gap => upkeep.repair = Repair::Held(until),
            Repair::Held(_) if !gap => upkeep.repair = Repair::None,
            Repair::None | Repair::Held(_) | Repair::Due(_) | Repair::Asked => {}
        }
    }

    /// When to ask for what is still missing.
    pub(super) fn held_until(&self) -> Instant {
        let jitter = self.options.resume_jitter.mul_f64(fastrand::f64());
        Instant::now() + Duration::from_millis(limits::HOLD_MS) + jitter
    }

    /// Compares the server's word on a room with what is shown.
    pub(super) fn compare(&mut self, room: &str, head: u64, epoch: u64) {
        let known = self.show.borrow().rooms.get(room).map(|room| (room.last(), room.epoch()));
        let Some((last, known_epoch)) = known else { return };
        if epoch != known_epoch {
            self.upkeep.entry(room.to_owned()).or_default().anew = true;
            self.repair_at(room, Instant::now());
        } else if head > last {
            self.repair_at(room, Instant::now());
        }
    }

    pub(super) fn repair_at(&mut self, room: &str, at: Instant) {
        let upkeep = self.upkeep.entry(room.to_owned()).or_default();
        if !matches!(upkeep.repair, Repair::Asked) {
            upkeep.repair = Repair::Due(at);
        }
    }

    pub(super) fn repair_later(&mut self, room: &str) {
        let upkeep = self.upkeep.entry(room.to_owned()).or_default();
        upkeep.tries += 1;
        upkeep.repair = Repair::Due(Instant::now() + pause(upkeep.tries));
    }
}
