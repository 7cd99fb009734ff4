//! Pages of any log: whatever is in it, however it is cut, and whatever a query misses.

use std::collections::{BTreeMap, BTreeSet};

use chat::budget::ENVELOPE_BYTES;
use chat::log::{Entry, Pointer, State};
use proptest::prelude::*;
use protocol::{Change, ChangesPage, Member, Message, Reply, RequestId, Tombstone, limits};

use super::{changes, history};

/// What became an entry.
#[derive(Debug, Clone, Copy)]
enum Write {
    /// A message: its text is so often this one letter.
    Message(char, usize),
    /// An edit of a message, any of those before it.
    Edit(prop::sample::Index, usize),
    Delete(prop::sample::Index),
    Join,
    Later,
}

/// A room's log, and the state of its messages.
#[derive(Debug, Clone, Default)]
struct Log {
    entries: Vec<Entry>,
    states: BTreeMap<u64, State>,
}

fn text() -> impl Strategy<Value = (char, usize)> {
    // Short and long, and what JSON writes in two bytes, or UTF-8 in four.
    let letters = prop::sample::select(vec!['x', '"', '😀']);
    (letters, prop_oneof![4 => 1_usize..40, 1 => 0..=limits::TEXT_BYTES / 4])
}

fn log() -> impl Strategy<Value = Log> {
    let write = prop_oneof![
        6 => text().prop_map(|(letter, times)| Write::Message(letter, times)),
        3 => (any::<prop::sample::Index>(), 1_usize..2_000).prop_map(|(of, n)| Write::Edit(of, n)),
        2 => any::<prop::sample::Index>().prop_map(Write::Delete),
        1 => Just(Write::Join),
        1 => Just(Write::Later),
    ];
    prop::collection::vec(write, 0..40).prop_map(Log::of)
}

impl Log {
    fn of(writes: Vec<Write>) -> Self {
        let mut log = Self::default();
        for (write, seq) in writes.into_iter().zip(1..) {
            log.write(seq, write);
        }
        // The row of a message holds its state of now.
        for entry in &mut log.entries {
            let Entry::Change(Change::Message { seq, message }) = entry else { continue };
            match log.states.get(seq) {
                Some(State::Message(now)) => *message = now.clone(),
                Some(State::Tombstone(gone)) => {
                    let (seq, message) = (*seq, gone.clone());
                    *entry = Entry::Change(Change::Delete {
                        seq,
                        user_id: None,
                        client_id: None,
                        message,
                    });
                }
                None => {}
            }
        }
        log
    }

    fn write(&mut self, seq: u64, write: Write) {
        let entry = match write {
            Write::Message(letter, times) => {
                let message = message(seq, letter, times);
                self.states.insert(seq, State::Message(message.clone()));
                Entry::Change(Change::Message { seq, message })
            }
            Write::Edit(which, times) => match self.subject(which) {
                Some(of) => {
                    let edited = Message { ver: seq, ..message(of, 'e', times) };
                    self.states.insert(of, State::Message(edited));
                    pointer(seq, of)
                }
                None => Entry::Unknown { seq },
            },
            Write::Delete(which) => match self.subject(which) {
                Some(of) => {
                    let gone =
                        Tombstone { seq: of, id: format!("m_{of}"), ver: seq, deleted: true };
                    self.states.insert(of, State::Tombstone(gone));
                    pointer(seq, of)
                }
                None => Entry::Unknown { seq },
            },
            Write::Join => Entry::Change(Change::Join { seq, member: member() }),
            Write::Later => Entry::Unknown { seq },
        };
        self.entries.push(entry);
    }

    /// A message that is there.
    fn subject(&self, which: prop::sample::Index) -> Option<u64> {
        let there = self.states.iter().filter(|(_, state)| matches!(state, State::Message(_)));
        let there: Vec<u64> = there.map(|(seq, _)| *seq).collect();
        (!there.is_empty()).then(|| there[which.index(there.len())])
    }

    fn head(&self) -> u64 {
        self.entries.len() as u64
    }

    /// What a query for so many entries after a number answers, but for those that it misses.
    fn after(&self, after: u64, limit: usize, missed: &BTreeSet<u64>) -> Vec<Entry> {
        let found = self.entries.iter().filter(|entry| entry.seq() > after);
        found.filter(|entry| !missed.contains(&entry.seq())).take(limit).cloned().collect()
    }

    /// The numbers of the entries that a client is shown.
    fn shown(&self) -> Vec<u64> {
        let known = self.entries.iter().filter(|entry| !matches!(entry, Entry::Unknown { .. }));
        known.map(Entry::seq).collect()
    }

    /// The messages that history shows, newest first.
    fn messages(&self, before: Option<u64>, limit: usize) -> Vec<Message> {
        let messages = self.entries.iter().rev().filter_map(Entry::message);
        let older = messages.filter(|message| before.is_none_or(|before| message.seq < before));
        older.take(limit).cloned().collect()
    }
}

fn message(seq: u64, letter: char, times: usize) -> Message {
    Message {
        seq,
        id: format!("m_{seq}"),
        user_id: "u_AAAAAAAAAAAAAAAAAAAAAA".into(),
        username: "ada".into(),
        content: letter.to_string().repeat(times),
        timestamp: "2026-11-22T12:00:00.000Z".into(),
        ver: seq,
        client_id: format!("c{seq}"),
        edited_at: None,
    }
}

fn pointer(seq: u64, of: u64) -> Entry {
    Entry::Pointer(Pointer { seq, of, user_id: "u".into(), client_id: format!("c{seq}") })
}

fn member() -> Member {
    Member {
        user_id: "u_eve".into(),
        username: "eve".into(),
        timestamp: "2026-11-22T12:00:00.000Z".into(),
        client_id: "c".into(),
    }
}

fn seqs(changes: &[Change]) -> Vec<u64> {
    changes.iter().map(Change::seq).collect()
}

/// The longest frame that carries these changes.
fn frame_bytes(changes: Vec<Change>) -> usize {
    let page = ChangesPage {
        room: "r".repeat(limits::ROOM_MAX),
        changes,
        through: u64::MAX,
        more: false,
        head: u64::MAX,
        recovered: false,
        floor: u64::MAX,
        epoch: u64::MAX,
    };
    // An id of 128 bytes, each of which JSON writes in six.
    let id = RequestId::Text("\u{1}".repeat(128));
    serde_json::to_vec(&Reply::new(Some(id), page)).unwrap().len()
}

proptest! {
    #[test]
    fn a_page_of_changes_is_whole_up_to_its_end(
        log in log(),
        after in any::<prop::sample::Index>(),
        limit in 1..=limits::PAGE_MAX,
        missed in prop::collection::btree_set(1_u64..40, 0..4),
    ) {
        let after = after.index(log.entries.len() + 1) as u64;
        let found = log.after(after, limit, &missed);
        let numbers: BTreeSet<u64> = found.iter().map(Entry::seq).collect();
        let (changes, through) = changes(found, &log.states, after);

        // Every number from the one asked for to the end was found, and shown if it can be.
        prop_assert!((after + 1..=through).all(|seq| numbers.contains(&seq)));
        let shown: Vec<u64> =
            log.shown().into_iter().filter(|seq| (after + 1..=through).contains(seq)).collect();
        prop_assert_eq!(seqs(&changes), shown);
        // A client gets further whenever the next number was found.
        prop_assert_eq!(through > after, numbers.contains(&(after + 1)));
        // It ends where the query's answer has a gap or its end, or where the frame is full.
        prop_assert!(changes.len() <= 1 || frame_bytes(changes.clone()) <= limits::FRAME_BYTES);
        if numbers.contains(&(through + 1)) {
            let next = log.after(through, 1, &BTreeSet::new());
            let (next, _) = super::changes(next, &log.states, through);
            let more = [changes, next].concat();
            let bytes = serde_json::to_vec(&more).unwrap().len();
            prop_assert!(bytes > limits::FRAME_BYTES - ENVELOPE_BYTES);
        }
    }

    #[test]
    fn a_change_shows_the_state_of_now(log in log()) {
        let (mut at, mut shown) = (0, Vec::new());
        while at < log.head() {
            let page = log.after(at, limits::PAGE_MAX, &BTreeSet::new());
            let (changes, through) = changes(page, &log.states, at);
            shown.extend(changes);
            at = through;
        }
        for change in shown {
            match change {
                Change::Message { message, .. } | Change::Edit { message, .. } => {
                    prop_assert_eq!(log.states.get(&message.seq), Some(&State::Message(message)));
                }
                Change::Delete { message, .. } => {
                    prop_assert_eq!(log.states.get(&message.seq), Some(&State::Tombstone(message)));
                }
                Change::Create { .. } | Change::Join { .. } | Change::Leave { .. } => {}
            }
        }
    }

    #[test]
    fn whoever_resumes_anywhere_gets_each_entry_once(
        log in log(),
        limit in 1_usize..12,
        misses in prop::collection::vec(prop::collection::btree_set(1_u64..40, 0..3), 1..6),
    ) {
        for start in 0..=log.head() {
            let mut misses = misses.iter();
            let (mut at, mut shown) = (start, Vec::new());
            while at < log.head() {
                // A query may miss what is committed while it reads; one that is made later finds it.
                let missed = misses.next().cloned().unwrap_or_default();
                let (changes, through) = changes(log.after(at, limit, &missed), &log.states, at);
                shown.extend(seqs(&changes));
                at = through;
            }
            let expected: Vec<u64> = log.shown().into_iter().filter(|seq| *seq > start).collect();
            prop_assert_eq!(shown, expected);
        }
    }

    #[test]
    fn history_has_each_message_once(log in log(), limit in 1_usize..12) {
        let (mut before, mut shown) = (None, Vec::new());
        loop {
            let (messages, more) = history(log.messages(before, limit + 1), limit);
            prop_assert!(messages.len() <= limit);
            prop_assert!(messages.is_sorted_by_key(|message| message.seq));
            prop_assert!(more <= !messages.is_empty(), "more, and none");
            let bytes = serde_json::to_vec(&messages).unwrap().len();
            prop_assert!(messages.len() <= 1 || bytes <= limits::FRAME_BYTES - ENVELOPE_BYTES + 1);
            before = messages.first().map(|message| message.seq);
            shown.extend(messages.into_iter().rev());
            if !more {
                break;
            }
        }
        prop_assert_eq!(shown, log.messages(None, usize::MAX));
    }
}
