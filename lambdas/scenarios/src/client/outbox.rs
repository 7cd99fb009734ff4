use std::collections::{BTreeMap, VecDeque};

use protocol::ErrorBody;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Acknowledged, Sent, Write};

/// The end of a write's way: stored, or refused for good.
pub(super) type Fate = Result<Acknowledged, ErrorBody>;

/// What is still to be acknowledged, room by room: one write of a room at a time goes out, or a
/// resend could put a person's writes in another order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    rooms: BTreeMap<String, VecDeque<Letter>>,
    /// The place of each write in the record of what was sent.
    places: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Letter {
    client_id: String,
    write: Write,
    attempts: u32,
    out: bool,
    not_before: Instant,
    done: oneshot::Sender<Fate>,
}

/// A write that may go out now.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) room: String,
    pub(super) client_id: String,
    pub(super) write: Write,
    pub(super) place: usize,
}

impl Outbox {
    pub(super) fn push(&mut self, sent: &Sent, place: usize, done: oneshot::Sender<Fate>) {
        self.places.insert(sent.client_id.clone(), place);
        self.rooms.entry(sent.room.clone()).or_default().push_back(Letter {
            client_id: sent.client_id.clone(),
            write: sent.write.clone(),
            attempts: 0,
            out: false,
            not_before: Instant::now(),
            done,
        });
    }

    /// Takes note that each room's first write goes out, where none is out and it is time.
    pub(super) fn departures(&mut self, now: Instant) -> Vec<Departure> {
        let places = &self.places;
        let firsts = self.rooms.iter_mut().filter_map(|(room, letters)| {
            let letter =
                letters.front_mut().filter(|first| !first.out && first.not_before <= now)?;
            letter.out = true;
            letter.attempts += 1;
            Some(Departure {
                room: room.clone(),
                client_id: letter.client_id.clone(),
                write: letter.write.clone(),
                place: places.get(&letter.client_id).copied()?,
            })
        });
        firsts.collect()
    }

    /// When the next write may go out, of those that wait for their time.
    pub(super) fn next_departure(&self) -> Option<Instant> {
        let firsts = self.rooms.values().filter_map(VecDeque::front);
        firsts.filter(|letter| !letter.out).map(|letter| letter.not_before).min()
    }

    /// The outcome of an attempt is unknown, or was a refusal for now: the same write goes out
    /// again, after a pause that depends on how often it did.
    pub(super) fn again(&mut self, client_id: &str, after: impl FnOnce(u32) -> Instant) {
        let mut firsts = self.rooms.values_mut().filter_map(VecDeque::front_mut);
        if let Some(letter) = firsts.find(|letter| letter.client_id == client_id && letter.out) {
            letter.out = false;
            letter.not_before = after(letter.attempts);
        }
    }

    /// The place of a write in the record, if it is one of this client's.
    pub(super) fn place(&self, client_id: &str) -> Option<usize> {
        self.places.get(client_id).copied()
    }

    /// A write has met its fate; a second piece of news about it finds nothing.
    pub(super) fn settle(&mut self, client_id: &str, fate: Fate) {
        for letters in self.rooms.values_mut() {
            if letters.front().is_some_and(|letter| letter.client_id == client_id)
                && let Some(letter) = letters.pop_front()
            {
                letter.done.send(fate).ok();
                return;
            }
        }
    }
}
