//! Cuts what the log answered to what a frame can carry.

use chat::log::Entry;
use protocol::{Change, Message, limits};
use serde::Serialize;

/// What a page's frame holds beside its messages, at the most: the request's id (128 characters,
/// six bytes each when escaped) and a dozen short fields.
const ENVELOPE_BYTES: usize = 1_024;

/// Counts down the bytes of a frame.
struct Budget {
    left: usize,
    begun: bool,
}

impl Budget {
    fn new() -> Self {
        Self { left: limits::FRAME_BYTES - ENVELOPE_BYTES, begun: false }
    }

    /// Whether one more fits. The first always does: a single message is smaller than the
    /// platform's frame, and a page without any would never get a client further.
    fn takes(&mut self, item: &impl Serialize) -> bool {
        let bytes = serde_json::to_vec(item).map_or(usize::MAX, |json| json.len() + 1);
        let fits = bytes <= self.left;
        self.left = self.left.saturating_sub(bytes);
        let first = !self.begun;
        self.begun = true;
        fits || first
    }
}

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
/// which they are complete.
pub(crate) fn changes(entries: Vec<Entry>, after: u64) -> (Vec<Change>, u64) {
    let mut budget = Budget::new();
    let mut changes = Vec::new();
    let mut through = after;
    for entry in entries {
        let seq = entry.seq();
        if through.checked_add(1) != Some(seq) {
            break;
        }
        if let Some(change) = entry.into_change() {
            if !budget.takes(&change) {
                break;
            }
            changes.push(change);
        }
        through = seq;
    }
    (changes, through)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, bytes: usize) -> Entry {
        Entry::Message(message(seq, bytes))
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

    #[test]
    fn changes_end_at_the_first_gap() {
        let (changes, through) = changes(vec![entry(5, 1), entry(6, 1), entry(8, 1)], 4);
        assert_eq!((changes.len(), through), (2, 6));
        assert_eq!(super::changes(vec![entry(6, 1)], 4).1, 4);
        assert_eq!(super::changes(Vec::new(), 4), (Vec::new(), 4));
    }

    #[test]
    fn changes_cut_to_the_frame_say_how_far_they_go() {
        let (changes, through) = changes((1..=9).map(|seq| entry(seq, 8_192)).collect(), 0);
        assert_eq!((changes.len(), through), (3, 3));
    }

    #[test]
    fn a_kind_of_a_later_version_is_passed_over() {
        let entries = vec![entry(1, 1), Entry::Unknown { seq: 2 }, entry(3, 1)];
        let (changes, through) = changes(entries, 0);
        assert_eq!((changes.len(), through), (2, 3));
    }
}
