//! Whatever comes of a log, in whatever order, late, twice or not at all: once the rest is asked for,
//! what is shown is what the log says.

use proptest::prelude::*;
use proptest::sample::Index;
use protocol::{Change, ChangesPage, Message, MessagesPage, Tombstone};

use super::Room;
use crate::wire::Entry;

/// What became an entry.
#[derive(Debug, Clone)]
enum Write {
    Message,
    /// Of a message, any of those that are there.
    Edit(Index),
    Delete(Index),
    Later,
}

/// An entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    /// It changes a message, which is there afterwards.
    Edit(u64),
    /// A message is gone.
    Delete(u64),
    Later,
}

/// A room's log: what it says at each moment, a moment being its head of then.
#[derive(Debug, Clone)]
struct Log(Vec<Kind>);

/// What reaches a client. Numbers and moments are drawn from those that there are.
#[derive(Debug, Clone)]
enum Arrival {
    /// An event with an entry, in the state of some later moment.
    Event(Index, Index),
    /// A page of at most so many of what follows, as of a moment, with the states of a later one.
    Changes(usize, Index, Index),
    /// The page before the oldest message that is shown.
    Older(usize, Index),
}

fn log() -> impl Strategy<Value = Log> {
    let write = prop_oneof![
        4 => Just(Write::Message),
        3 => any::<Index>().prop_map(Write::Edit),
        2 => any::<Index>().prop_map(Write::Delete),
        1 => Just(Write::Later),
    ];
    prop::collection::vec(write, 1..30).prop_map(Log::of)
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let arrival = prop_oneof![
        6 => (any::<Index>(), any::<Index>()).prop_map(|(entry, then)| Arrival::Event(entry, then)),
        2 => (1_usize..6, any::<Index>(), any::<Index>())
            .prop_map(|(limit, head, then)| Arrival::Changes(limit, head, then)),
        1 => (1_usize..4, any::<Index>()).prop_map(|(limit, then)| Arrival::Older(limit, then)),
    ];
    prop::collection::vec(arrival, 0..60)
}

impl Log {
    fn of(writes: Vec<Write>) -> Self {
        let mut kinds = Vec::new();
        let mut there: Vec<u64> = Vec::new();
        for (write, seq) in writes.into_iter().zip(1..) {
            kinds.push(match write {
                Write::Message => {
                    there.push(seq);
                    Kind::Message
                }
                Write::Edit(which) if !there.is_empty() => Kind::Edit(*which.get(&there)),
                Write::Delete(which) if !there.is_empty() => {
                    Kind::Delete(there.remove(which.index(there.len())))
                }
                Write::Edit(_) | Write::Delete(_) | Write::Later => Kind::Later,
            });
        }
        Self(kinds)
    }

    fn head(&self) -> u64 {
        self.0.len() as u64
    }

    fn entries(&self) -> impl DoubleEndedIterator<Item = (u64, Kind)> {
        self.0.iter().enumerate().map(|(place, kind)| (place as u64 + 1, *kind))
    }

    /// A moment from this one on.
    fn moment(&self, from: u64, which: Index) -> u64 {
        from + which.index(self.0.len() + 1 - usize::try_from(from).unwrap()) as u64
    }

    /// A message as it was at a moment; nothing but its last number when it was gone by then.
    fn state(&self, seq: u64, then: u64) -> Result<Message, Tombstone> {
        let changes = self.entries().take_while(|(number, _)| *number <= then);
        let last = changes
            .filter(|(_, kind)| matches!(kind, Kind::Edit(of) | Kind::Delete(of) if *of == seq));
        let (ver, kind) = last.last().unwrap_or((seq, Kind::Message));
        let id = format!("m_{seq}");
        if matches!(kind, Kind::Delete(_)) {
            return Err(Tombstone { seq, id, ver, deleted: true });
        }
        Ok(Message {
            seq,
            id,
            user_id: "u_1".into(),
            username: "ada".into(),
            content: format!("{seq} as of {ver}"),
            timestamp: "2026-11-22T12:00:00.000Z".into(),
            ver,
            client_id: seq.to_string(),
            edited_at: None,
        })
    }

    /// The entry of a number, as it was shown at a moment.
    fn entry(&self, seq: u64, then: u64) -> Entry {
        let (user_id, client_id) = ("u_1".to_owned(), seq.to_string());
        let kind = self.0[usize::try_from(seq).unwrap() - 1];
        Entry::Known(match kind {
            Kind::Later => return Entry::Unknown { seq },
            Kind::Message => match self.state(seq, then) {
                Ok(message) => Change::Message { seq, message },
                Err(message) => Change::Delete { seq, user_id: None, client_id: None, message },
            },
            Kind::Edit(of) | Kind::Delete(of) => match self.state(of, then) {
                Ok(message) => Change::Edit { seq, user_id, client_id, message },
                Err(message) => {
                    let (user_id, client_id) = (Some(user_id), Some(client_id));
                    Change::Delete { seq, user_id, client_id, message }
                }
            },
        })
    }

    /// The messages that were there at a moment.
    fn messages(&self, then: u64) -> Vec<Message> {
        let messages = self.entries().filter(|(seq, kind)| *kind == Kind::Message && *seq <= then);
        messages.filter_map(|(seq, _)| self.state(seq, then).ok()).collect()
    }

    /// The newest messages up to a number, in the state of a moment.
    fn history(&self, up_to: u64, limit: usize, then: u64) -> MessagesPage {
        let mut messages = self.messages(then);
        messages.retain(|message| message.seq <= up_to);
        let more = messages.len() > limit;
        let messages = messages.split_off(messages.len().saturating_sub(limit));
        MessagesPage { room: "general".into(), messages, more, from: None, head: up_to, epoch: 1 }
    }

    /// A page of what follows a number at the moment `head`, in the states of another.
    fn changes(&self, after: u64, limit: usize, head: u64, then: u64) -> (Vec<Entry>, ChangesPage) {
        let through = head.min(after + limit as u64);
        let entries = (after + 1..=through).map(|seq| self.entry(seq, then)).collect();
        let page = ChangesPage {
            room: "general".into(),
            changes: Vec::new(),
            through,
            more: through < head,
            head,
            recovered: true,
            floor: 1,
            epoch: 1,
        };
        (entries, page)
    }

    /// What a room that began at a moment is told later.
    fn arrive(&self, room: &mut Room, began: u64, arrival: &Arrival) {
        match *arrival {
            Arrival::Event(which, then) => {
                let seq = which.index(self.0.len()) as u64 + 1;
                room.offer(self.entry(seq, self.moment(seq, then)));
            }
            Arrival::Changes(limit, head, then) => {
                let after = room.last();
                let head = self.moment(after, head);
                let (entries, page) = self.changes(after, limit, head, self.moment(head, then));
                room.resume(after, entries, &page);
            }
            Arrival::Older(limit, then) => {
                let up_to = room.start();
                room.older(self.history(up_to, limit, self.moment(began, then)));
            }
        }
    }
}

/// Nothing twice, nothing out of order, nothing left out between the first and the last number.
fn is_whole(room: &Room, log: &Log) -> Result<(), TestCaseError> {
    prop_assert_eq!(room.violations(), &[""; 0]);
    let shown: Vec<u64> = room.shown().iter().map(|message| message.seq).collect();
    prop_assert!(shown.is_sorted_by(|one, next| one < next), "{shown:?}");
    let range = room.start() + 1..=room.last();
    prop_assert!(shown.iter().all(|seq| range.contains(seq)), "{shown:?} of {range:?}");
    for message in log.messages(log.head()) {
        prop_assert!(
            !range.contains(&message.seq) || shown.contains(&message.seq),
            "{} of {shown:?}",
            message.seq
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_shown_in_the_end_is_what_the_log_says(
        log in log(),
        arrivals in arrivals(),
        (began, then) in (any::<Index>(), any::<Index>()),
        limit in 1_usize..6,
    ) {
        let began = log.moment(0, began);
        let mut room = Room::of_page(log.history(began, limit, log.moment(began, then)));
        is_whole(&room, &log)?;
        for arrival in &arrivals {
            log.arrive(&mut room, began, arrival);
            is_whole(&room, &log)?;
        }
        while room.last() < log.head() {
            let (entries, page) = log.changes(room.last(), limit, log.head(), log.head());
            room.resume(room.last(), entries, &page);
        }
        while room.start() > 0 {
            let before = room.start();
            room.older(log.history(before, limit, log.head()));
            prop_assert!(room.start() < before, "an older page leads nowhere");
        }
        is_whole(&room, &log)?;
        prop_assert_eq!(room.shown(), log.messages(log.head()));
        prop_assert!(!room.has_gap());
    }
}
