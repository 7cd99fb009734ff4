//! Messages, acknowledgements, and the repair of what was missed.

use std::time::Duration;

use protocol::{Message, limits};
use tokio::time::Instant;

use super::super::{Acknowledged, Room};
use super::{Actor, Repair, pause};

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

    pub(super) fn message(&mut self, room: &str, message: Message) {
        self.notice_own(&message);
        if !self.show.borrow().rooms.contains_key(room) {
            self.early.push((room.to_owned(), message));
            return;
        }
        self.show.send_modify(|view| {
            if let Some(room) = view.rooms.get_mut(room) {
                room.offer(message);
            }
        });
        self.mind_the_gap(room);
    }

    /// An event with my `userId` and my `clientId` acknowledges as well as a reply.
    pub(super) fn notice_own(&mut self, message: &Message) {
        if *message.user_id == *self.person.user_id {
            let Message { seq, id, timestamp, client_id, .. } = message;
            let acknowledged =
                Acknowledged { seq: *seq, id: id.clone(), timestamp: timestamp.clone() };
            self.acknowledged(client_id, acknowledged);
        }
    }

    pub(super) fn acknowledged(&mut self, client_id: &str, acknowledged: Acknowledged) {
        let Some(place) = self.outbox.place(client_id) else { return };
        self.show.send_modify(|view| {
            let Some(sent) = view.sent.get_mut(place) else { return };
            match &sent.acknowledged {
                None => sent.acknowledged = Some(acknowledged.clone()),
                Some(first) if *first == acknowledged => {}
                Some(first) => view.violations.push(format!(
                    "one message was acknowledged as {first:?} and as {acknowledged:?}"
                )),
            }
        });
        self.outbox.settle(client_id, Ok(acknowledged));
    }

    pub(super) fn mind_the_gap(&mut self, room: &str) {
        let gap = self.show.borrow().rooms.get(room).is_some_and(Room::has_gap);
        let upkeep = self.upkeep.entry(room.to_owned()).or_default();
        match upkeep.repair {
            Repair::None if gap => {
                let jitter = self.options.resume_jitter.mul_f64(fastrand::f64());
                let hold = Duration::from_millis(limits::HOLD_MS);
                upkeep.repair = Repair::Held(Instant::now() + hold + jitter);
            }
            Repair::Held(_) if !gap => upkeep.repair = Repair::None,
            Repair::None | Repair::Held(_) | Repair::Due(_) | Repair::Asked => {}
        }
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
