use std::collections::BTreeMap;

use protocol::{Change, ChangesPage, Message, MessagesPage, RoomHead};

/// What a client shows of one room, and the rule by which it decides: the next number is shown, a
/// lower one dropped, a higher one held until the numbers between are there.
#[derive(Debug, Clone)]
pub struct Room {
    start: u64,
    last: u64,
    epoch: u64,
    shown: Vec<Message>,
    held: BTreeMap<u64, Message>,
    violations: Vec<String>,
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
            violations: Vec::new(),
        }
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

    /// Whether a message waits for a lower number.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes a message from an event.
    pub fn offer(&mut self, message: Message) {
        if message.seq > self.last {
            self.held.insert(message.seq, message);
            self.show_what_follows();
        } else if let Some(shown) = self.shown_as(message.seq)
            && (&shown.id, &shown.content) != (&message.id, &message.content)
        {
            let what = format!("number {} came twice, with different messages", message.seq);
            self.violations.push(what);
        }
    }

    /// Takes a page of a resume that asked for what comes `after` a number.
    pub fn resume(&mut self, after: u64, page: ChangesPage) {
        let mut expected = after + 1;
        for change in page.changes {
            if change.seq() != expected {
                self.violations.push(format!("a page has {} for {expected}", change.seq()));
            }
            expected = change.seq() + 1;
            let Change::Message { seq, message } = change else { continue };
            if seq != message.seq {
                self.violations.push(format!("entry {seq} carries message {}", message.seq));
            }
            self.offer(message);
        }
        if page.through + 1 != expected || page.through > page.head {
            let (through, head) = (page.through, page.head);
            self.violations
                .push(format!("a page to {expected} (not in it) is through {through} of {head}"));
        }
        self.last = self.last.max(page.through);
        self.show_what_follows();
    }

    /// Forgets everything and shows the newest page: the log is another than it was.
    pub fn begin_anew(&mut self, page: MessagesPage) {
        self.start = page.messages.first().map_or(page.head, |oldest| oldest.seq - 1);
        self.last = page.head;
        self.epoch = page.epoch;
        self.shown = page.messages;
        self.held.clear();
    }

    fn shown_as(&self, seq: u64) -> Option<&Message> {
        let place = self.shown.binary_search_by_key(&seq, |message| message.seq).ok()?;
        self.shown.get(place)
    }

    fn show_what_follows(&mut self) {
        while let Some(entry) = self.held.first_entry() {
            let seq = *entry.key();
            if seq > self.last + 1 {
                break;
            }
            let message = entry.remove();
            if seq == self.last + 1 {
                self.last = seq;
                self.shown.push(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
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

    fn page(numbers: std::ops::RangeInclusive<u64>, head: u64) -> ChangesPage {
        ChangesPage {
            room: "general".into(),
            through: *numbers.end(),
            more: *numbers.end() < head,
            changes: numbers.map(|seq| Change::Message { seq, message: message(seq) }).collect(),
            head,
            recovered: true,
            floor: 1,
            epoch: 1,
        }
    }

    fn numbers(room: &Room) -> Vec<u64> {
        room.shown().iter().map(|message| message.seq).collect()
    }

    fn room() -> Room {
        Room::starting_at(&RoomHead { head: 0, epoch: 1 })
    }

    #[test]
    fn shows_each_number_once_and_in_order() {
        let mut room = room();
        for seq in [1, 3, 3, 2, 1, 5, 4] {
            room.offer(message(seq));
        }
        assert_eq!(numbers(&room), [1, 2, 3, 4, 5]);
        assert!(room.violations().is_empty() && !room.has_gap());
    }

    #[test]
    fn holds_what_comes_after_a_gap_until_a_page_fills_it() {
        let mut room = room();
        room.offer(message(4));
        assert!(room.has_gap() && room.shown().is_empty());
        room.resume(0, page(1..=3, 4));
        assert_eq!(numbers(&room), [1, 2, 3, 4]);
        assert!(room.violations().is_empty() && !room.has_gap());
    }

    #[test]
    fn a_hole_in_a_page_is_a_violation() {
        let mut holed = page(1..=3, 3);
        holed.changes.remove(1);
        let mut room = room();
        room.resume(0, holed);
        assert_eq!(room.violations().len(), 1);
    }

    #[test]
    fn one_number_for_two_messages_is_a_violation() {
        let mut room = room();
        room.offer(message(1));
        room.offer(Message { id: "m_other".into(), ..message(1) });
        assert_eq!(room.violations().len(), 1);
    }
}
