use std::collections::BTreeMap;

use protocol::{Change, ChangesPage, Message, MessagesPage, RoomHead};

use crate::wire::Entry;

/// What a client shows of one room, and the rules by which it decides: the next number is applied, a
/// lower one dropped, a higher one held until the numbers between are there; of two states of a
/// message, the one with the higher `ver` is shown.
#[derive(Debug, Clone)]
pub struct Room {
    start: u64,
    last: u64,
    epoch: u64,
    shown: Vec<Message>,
    held: BTreeMap<u64, Entry>,
    /// The latest states of messages that are not shown: not loaded yet, or gone.
    kept: BTreeMap<u64, State>,
    violations: Vec<String>,
}

/// What is known of a message that is not shown.
#[derive(Debug, Clone)]
enum State {
    Text(Message),
    Gone { ver: u64 },
}

impl State {
    fn ver(&self) -> u64 {
        match self {
            Self::Text(message) => message.ver,
            Self::Gone { ver } => *ver,
        }
    }
}

impl Room {
    /// A room of which nothing is shown but what comes after its head.
    #[must_use]
    pub fn starting_at(head: &RoomHead) -> Self {
        Self {
            start: head.head,
            last: head.head,
            epoch: head.epoch,
            shown: Vec::new(),
            held: BTreeMap::new(),
            kept: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// A room of which the newest page is shown.
    #[must_use]
    pub fn of_page(page: MessagesPage) -> Self {
        let mut room = Self::starting_at(&RoomHead { head: page.head, epoch: page.epoch });
        room.older(page);
        room
    }

    /// The number after which this client began to show messages.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The highest number that is shown, or was passed over.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Which log these numbers belong to.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What is shown, in the order of showing.
    #[must_use]
    pub fn shown(&self) -> &[Message] {
        &self.shown
    }

    /// What the server did that no server of this protocol may do.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Whether an entry waits for a lower number.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes an entry from an event.
    pub fn offer(&mut self, entry: Entry) {
        if entry.seq() > self.last {
            self.held.insert(entry.seq(), entry);
            self.apply_what_follows();
        } else if let Entry::Known(Change::Message { message, .. }) = entry
            && let Some(shown) = self.place(message.seq).ok().and_then(|at| self.shown.get(at))
            && (shown.id != message.id
                || (shown.ver == message.ver && shown.content != message.content))
        {
            let what = format!("number {} came twice, with different messages", message.seq);
            self.violations.push(what);
        }
    }

    /// Takes a page of a resume that asked for what comes `after` a number.
    pub fn resume(&mut self, after: u64, entries: Vec<Entry>, page: &ChangesPage) {
        let mut expected = after + 1;
        for entry in entries {
            if entry.seq() != expected {
                self.violations.push(format!("a page has {} for {expected}", entry.seq()));
            }
            expected = entry.seq() + 1;
            self.offer(entry);
        }
        if page.through + 1 != expected || page.through > page.head {
            let (through, head) = (page.through, page.head);
            self.violations
                .push(format!("a page to {expected} (not in it) is through {through} of {head}"));
        }
        self.last = self.last.max(page.through);
        self.apply_what_follows();
    }

    /// Takes a page of history from before [`start`](Self::start). What became of its messages since
    /// it was read may be known already.
    pub fn older(&mut self, page: MessagesPage) {
        let reaches_to = match page.messages.first() {
            Some(oldest) if page.more => oldest.seq - 1,
            None if page.more => self.start,
            _ => 0,
        };
        if !page.messages.is_sorted_by(|one, next| one.seq < next.seq) {
            self.violations.push("a page of history is out of order".to_owned());
        }
        for message in page.messages {
            self.take(State::Text(message.clone()), message.seq, true);
        }
        self.start = self.start.min(reaches_to);
    }

    fn place(&self, seq: u64) -> Result<usize, usize> {
        self.shown.binary_search_by_key(&seq, |message| message.seq)
    }

    fn apply_what_follows(&mut self) {
        while let Some(first) = self.held.first_entry() {
            let seq = *first.key();
            if seq > self.last + 1 {
                break;
            }
            let entry = first.remove();
            if seq == self.last + 1 {
                self.last = seq;
                self.apply(entry);
            }
        }
    }

    fn apply(&mut self, entry: Entry) {
        let Entry::Known(change) = entry else { return };
        let entry = change.seq();
        let (state, seq, is_new) = match change {
            Change::Message { message, .. } => {
                let seq = message.seq;
                (State::Text(message), seq, true)
            }
            Change::Edit { message, .. } => {
                let seq = message.seq;
                (State::Text(message), seq, false)
            }
            Change::Delete { message, .. } => {
                (State::Gone { ver: message.ver }, message.seq, false)
            }
            Change::Create { .. } | Change::Join { .. } | Change::Leave { .. } => return,
        };
        if (is_new && seq != entry) || seq > entry || state.ver() < entry {
            let ver = state.ver();
            self.violations.push(format!("entry {entry} carries message {seq} in state {ver}"));
        }
        self.take(state, seq, is_new);
    }

    /// Takes a state of a message, which makes it shown if it `brings` the message.
    fn take(&mut self, state: State, seq: u64, brings: bool) {
        if let Ok(at) = self.place(seq) {
            if self.shown.get(at).is_some_and(|shown| shown.ver < state.ver()) {
                self.shown.remove(at);
                self.show(state, seq);
            }
            return;
        }
        let latest = match self.kept.remove(&seq) {
            Some(kept) if kept.ver() >= state.ver() => kept,
            _ => state,
        };
        if brings {
            self.show(latest, seq);
        } else {
            self.kept.insert(seq, latest);
        }
    }

    fn show(&mut self, state: State, seq: u64) {
        match (state, self.place(seq)) {
            (State::Text(message), Err(at)) => self.shown.insert(at, message),
            (gone, _) => {
                self.kept.insert(seq, gone);
            }
        }
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use protocol::Tombstone;

    use super::*;

    fn message(seq: u64) -> Message {
        Message {
            seq,
            id: format!("m_{seq}"),
            user_id: "u_1".into(),
            username: "ada".into(),
            content: seq.to_string(),
            timestamp: "2026-11-22T12:00:00.000Z".into(),
            ver: seq,
            client_id: seq.to_string(),
            edited_at: None,
        }
    }

    fn entry(seq: u64) -> Entry {
        Entry::Known(Change::Message { seq, message: message(seq) })
    }

    /// A message in the state that change `ver` gave it.
    fn edited(seq: u64, ver: u64) -> Message {
        Message { ver, content: format!("{seq} as of {ver}"), ..message(seq) }
    }

    fn edit(entry: u64, message: Message) -> Entry {
        let (user_id, client_id) = ("u_1".to_owned(), entry.to_string());
        Entry::Known(Change::Edit { seq: entry, user_id, client_id, message })
    }

    fn delete(entry: u64, seq: u64, ver: u64) -> Entry {
        let message = Tombstone { seq, id: format!("m_{seq}"), ver, deleted: true };
        Entry::Known(Change::Delete { seq: entry, user_id: None, client_id: None, message })
    }

    fn history(messages: impl IntoIterator<Item = Message>, more: bool) -> MessagesPage {
        let (room, messages) = ("general".into(), messages.into_iter().collect());
        MessagesPage { room, messages, more, from: None, head: 10, epoch: 1 }
    }

    fn resume(room: &mut Room, after: u64, entries: Vec<Entry>, through: u64, head: u64) {
        let page = ChangesPage {
            room: "general".into(),
            through,
            more: through < head,
            changes: Vec::new(),
            head,
            recovered: true,
            floor: 1,
            epoch: 1,
        };
        room.resume(after, entries, &page);
    }

    fn numbers(room: &Room) -> Vec<u64> {
        room.shown().iter().map(|message| message.seq).collect()
    }

    fn texts(room: &Room) -> Vec<&str> {
        room.shown().iter().map(|message| message.content.as_str()).collect()
    }

    fn room() -> Room {
        Room::starting_at(&RoomHead { head: 0, epoch: 1 })
    }

    #[test]
    fn shows_each_number_once_and_in_order() {
        let mut room = room();
        for seq in [1, 3, 3, 2, 1, 5, 4] {
            room.offer(entry(seq));
        }
        assert_eq!(numbers(&room), [1, 2, 3, 4, 5]);
        assert!(room.violations().is_empty() && !room.has_gap());
    }

    #[test]
    fn holds_what_comes_after_a_gap_until_a_page_fills_it() {
        let mut room = room();
        room.offer(entry(4));
        assert!(room.has_gap() && room.shown().is_empty());
        resume(&mut room, 0, (1..=3).map(entry).collect(), 3, 4);
        assert_eq!(numbers(&room), [1, 2, 3, 4]);
        assert!(room.violations().is_empty() && !room.has_gap());
    }

    #[test]
    fn a_hole_in_a_page_is_a_violation() {
        let mut room = room();
        resume(&mut room, 0, vec![entry(1), entry(3)], 3, 3);
        assert_eq!(room.violations().len(), 1);
    }

    #[test]
    fn one_number_for_two_messages_is_a_violation() {
        let mut room = room();
        room.offer(entry(1));
        let message = Message { id: "m_other".into(), ..message(1) };
        room.offer(Entry::Known(Change::Message { seq: 1, message }));
        assert_eq!(room.violations().len(), 1);
    }

    #[test]
    fn changes_are_applied_in_the_order_of_numbers() {
        let mut room = room();
        for entry in [entry(1), edit(3, edited(1, 3)), entry(2), delete(5, 2, 5)] {
            room.offer(entry);
        }
        room.offer(Entry::Unknown { seq: 4 });
        assert_eq!(texts(&room), ["1 as of 3"]);
        assert_eq!(room.last(), 5);
        assert!(room.violations().is_empty() && !room.has_gap());
    }

    #[test]
    fn of_two_states_the_later_is_shown() {
        let mut room = room();
        // Each entry carries the state of when it was read.
        let brought = Entry::Known(Change::Message { seq: 1, message: edited(1, 3) });
        for entry in [brought, edit(2, edited(1, 2)), edit(3, edited(1, 3))] {
            room.offer(entry);
        }
        assert_eq!(texts(&room), ["1 as of 3"]);
        for gone in [delete(4, 1, 6), edit(5, edited(1, 5)), delete(6, 1, 6)] {
            room.offer(gone);
        }
        assert!(room.shown().is_empty());
        assert!(room.violations().is_empty());
    }

    #[test]
    fn a_state_is_kept_for_a_message_that_an_older_page_brings() {
        let mut room = Room::of_page(history([message(9), message(10)], true));
        assert_eq!((room.start(), room.last()), (8, 10));
        room.offer(edit(11, edited(7, 11)));
        room.offer(delete(12, 6, 12));
        assert_eq!(numbers(&room), [9, 10]);
        room.older(history([message(5), message(6), message(7)], false));
        assert_eq!(texts(&room), ["5", "7 as of 11", "9", "10"]);
        assert_eq!(room.start(), 0);
        assert!(room.violations().is_empty());
    }

    #[test]
    fn an_entry_that_carries_the_wrong_message_is_a_violation() {
        let other = Entry::Known(Change::Message { seq: 1, message: message(2) });
        for wrong in [other, edit(1, edited(2, 2))] {
            let mut room = room();
            room.offer(wrong);
            assert_eq!(room.violations().len(), 1);
        }
        let mut room = room();
        room.offer(entry(1));
        room.offer(edit(2, message(1)));
        assert_eq!(room.violations().len(), 1, "a state from before the entry");
    }
}
