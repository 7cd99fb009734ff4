//! Cuts what the log answered to what a frame can carry.

use std::collections::BTreeMap;

use chat::budget::Budget;
use chat::log::{Entry, State};
use protocol::{Change, Message};

/// A page of history from messages that came newest first: oldest first, and whether more are left.
pub(crate) fn history(newest: Vec<Message>, limit: usize) -> (Vec<Message>, bool) {
    let mut budget = Budget::new();
    let mut messages = Vec::new();
    let mut more = false;
    for message in newest {
        if messages.len() == limit || !budget.takes(&message) {
            more = true;
            break;
        }
        messages.push(message);
    }
    messages.reverse();
    (messages, more)
}

/// The changes after a number, up to the first gap or the end of the frame, and the number up to
/// which they are complete. `states` are the messages that entries point to, as they are now.
pub(crate) fn changes(
    entries: Vec<Entry>,
    states: &BTreeMap<u64, State>,
    after: u64,
) -> (Vec<Change>, u64) {
    let mut budget = Budget::new();
    let mut changes = Vec::new();
    let mut through = after;
    for entry in entries {
        let seq = entry.seq();
        if through.checked_add(1) != Some(seq) {
            break;
        }
        if let Some(change) = show(entry, states) {
            if !budget.takes(&change) {
                break;
            }
            changes.push(change);
        }
        through = seq;
    }
    (changes, through)
}

/// Nothing for an entry of a later version's, whose number is passed.
fn show(entry: Entry, states: &BTreeMap<u64, State>) -> Option<Change> {
    match entry {
        Entry::Change(Change::Message { seq, message }) => Some(match states.get(&seq) {
            // Changed between its own reading and that of the entry which tells of it.
            Some(State::Tombstone(message)) => {
                let message = message.clone();
                Change::Delete { seq, user_id: None, client_id: None, message }
            }
            Some(State::Message(now)) => Change::Message { seq, message: now.clone() },
            None => Change::Message { seq, message },
        }),
        Entry::Change(change) => Some(change),
        Entry::Pointer(pointer) => {
            states.get(&pointer.of).cloned().map(|state| pointer.show(state))
        }
        Entry::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use chat::budget::ENVELOPE_BYTES;
    use chat::log::Pointer;
    use protocol::{Tombstone, limits};

    use super::*;

    fn entry(seq: u64, bytes: usize) -> Entry {
        Entry::Change(Change::Message { seq, message: message(seq, bytes) })
    }

    fn message(seq: u64, bytes: usize) -> Message {
        Message {
            seq,
            id: format!("m_{seq}"),
            user_id: "u".into(),
            username: "ada".into(),
            content: "x".repeat(bytes),
            timestamp: "2026-11-22T12:00:00.000Z".into(),
            ver: seq,
            client_id: "c".into(),
            edited_at: None,
        }
    }

    fn numbers(messages: &[Message]) -> Vec<u64> {
        messages.iter().map(|message| message.seq).collect()
    }

    #[test]
    fn history_is_oldest_first_and_keeps_the_newest() {
        let (messages, more) = history((1..=11).rev().map(|seq| message(seq, 1)).collect(), 10);
        assert_eq!(numbers(&messages), (2..=11).collect::<Vec<_>>());
        assert!(more);
        let (messages, more) = history((1..=3).rev().map(|seq| message(seq, 1)).collect(), 10);
        assert_eq!((numbers(&messages), more), (vec![1, 2, 3], false));
    }

    #[test]
    fn a_page_fits_its_frame_and_holds_at_least_one() {
        let (messages, more) = history((1..=9).rev().map(|seq| message(seq, 8_192)).collect(), 10);
        assert_eq!((numbers(&messages), more), (vec![7, 8, 9], true));
        assert!(
            serde_json::to_vec(&messages).unwrap().len() <= limits::FRAME_BYTES - ENVELOPE_BYTES
        );
        let (messages, _) = history(vec![message(1, limits::FRAME_BYTES)], 10);
        assert_eq!(numbers(&messages), [1]);
    }

    fn pointer(seq: u64, of: u64) -> Entry {
        let (user_id, client_id) = ("u".into(), "c".into());
        Entry::Pointer(Pointer { seq, of, user_id, client_id })
    }

    fn cut(entries: Vec<Entry>, after: u64) -> (Vec<Change>, u64) {
        changes(entries, &BTreeMap::new(), after)
    }

    #[test]
    fn changes_end_at_the_first_gap() {
        let (changes, through) = cut(vec![entry(5, 1), entry(6, 1), entry(8, 1)], 4);
        assert_eq!((changes.len(), through), (2, 6));
        assert_eq!(cut(vec![entry(6, 1)], 4).1, 4);
        assert_eq!(cut(Vec::new(), 4), (Vec::new(), 4));
    }

    #[test]
    fn changes_cut_to_the_frame_say_how_far_they_go() {
        let (changes, through) = cut((1..=9).map(|seq| entry(seq, 8_192)).collect(), 0);
        assert_eq!((changes.len(), through), (3, 3));
    }

    #[test]
    fn an_entry_that_points_to_a_message_shows_its_state_of_now() {
        let gone = Tombstone { seq: 2, id: "m_2".into(), ver: 5, deleted: true };
        let states = BTreeMap::from([
            (1, State::Message(Message { ver: 4, ..message(1, 3) })),
            (2, State::Tombstone(gone.clone())),
        ]);
        let entries = vec![pointer(3, 2), pointer(4, 1), pointer(5, 2)];
        let (changes, through) = changes(entries, &states, 2);
        assert_eq!(through, 5);
        let kinds = changes.iter().map(|change| match change {
            Change::Edit { message, .. } => (message.seq, message.ver),
            Change::Delete { message, .. } => (message.seq, message.ver),
            _ => (0, 0),
        });
        assert_eq!(kinds.collect::<Vec<_>>(), [(2, 5), (1, 4), (2, 5)]);
        assert!(matches!(&changes[0], Change::Delete { message, .. } if *message == gone));
    }

    #[test]
    fn a_kind_of_a_later_version_is_passed_over() {
        let entries = vec![entry(1, 1), Entry::Unknown { seq: 2 }, pointer(3, 2), entry(4, 1)];
        let (changes, through) = cut(entries, 0);
        assert_eq!((changes.len(), through), (2, 4));
    }
}
