use std::collections::BTreeMap;

use protocol::{Change, ErrorBody, Event, GENERAL, MessagesPage, RequestId};
use serde_json::Value;

use super::record::{Record, Stamp, What};
use crate::wire::{Answered, Entry, Frame, changes_page};

/// What a record says, put in the order in which the rules ask.
#[derive(Debug)]
pub(super) struct Facts<'r> {
    pub(super) record: &'r Record,
    /// Each write that was asked for, by its person and its `clientId`.
    pub(super) writes: BTreeMap<(String, String), Written>,
    /// Each entry and each message that a client was told of, in order.
    pub(super) heard: Vec<Heard>,
    /// Each request about a room that was granted, in order.
    pub(super) granted: Vec<Granted>,
    /// The logs, as the auditors read them at the end.
    pub(super) logs: BTreeMap<String, Log>,
    /// The last words that were to come to every socket.
    pub(super) last_words: Vec<LastWord>,
    /// The epoch of each room, as it was first told.
    epochs: BTreeMap<String, u64>,
    /// Frames that no client can read, and answers that no server gives here.
    pub(super) broken: Vec<(Stamp, String)>,
}

/// A write, in all its attempts.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) action: String,
    pub(super) room: String,
    /// The number of the message that it changes.
    pub(super) of: Option<u64>,
    /// The text that it gives a message.
    pub(super) content: Option<String>,
    pub(super) asked: Vec<Stamp>,
    pub(super) replies: Vec<Replied>,
}

/// An answer to an attempt.
#[derive(Debug)]
pub(super) struct Replied {
    pub(super) at: Stamp,
    pub(super) outcome: Result<Receipt, ErrorBody>,
}

/// What the answer to a write that is stored names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) seq: u64,
    pub(super) id: Option<String>,
    pub(super) timestamp: Option<String>,
    pub(super) duplicate: bool,
}

/// An entry or a message as a client was told of it.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) at: Stamp,
    pub(super) client: usize,
    pub(super) room: String,
    pub(super) entry: Entry,
    /// The request that it answers; none when it is an event.
    pub(super) asked: Option<Stamp>,
}

/// A request about a room that was answered with a success.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) at: Stamp,
    pub(super) client: usize,
    pub(super) room: String,
    pub(super) action: String,
    pub(super) asked: Stamp,
    /// Whether it went out before, or is answered as a duplicate.
    pub(super) is_repeated: bool,
}

/// A room's log.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The number before its first entry.
    pub(super) from: u64,
    pub(super) entries: Vec<Entry>,
    pub(super) head: u64,
    pub(super) epoch: u64,
    /// Where in the record its pages stand.
    pub(super) pages: Vec<Stamp>,
}

/// A message after which nothing went wrong any more.
#[derive(Debug)]
pub(super) struct LastWord {
    pub(super) at: Stamp,
    pub(super) room: String,
    pub(super) content: String,
}

impl Log {
    /// The entry of a number.
    pub(super) fn get(&self, seq: u64) -> Option<&Entry> {
        let place = usize::try_from(seq.checked_sub(self.from + 1)?).ok()?;
        self.entries.get(place).filter(|entry| entry.seq() == seq)
    }
}

impl Heard {
    /// The entry, of the kinds that this version knows.
    pub(super) fn change(&self) -> Option<&Change> {
        self.entry.known()
    }
}

/// A request that is not answered yet.
struct Pending {
    at: Stamp,
    action: String,
    room: String,
    write: Option<(String, String)>,
    request: Value,
}

fn text(frame: &Value, field: &str) -> Option<String> {
    frame.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn number(frame: &Value, field: &str) -> Option<u64> {
    frame.get(field).and_then(Value::as_u64)
}

impl<'r> Facts<'r> {
    pub(super) fn of(record: &'r Record) -> Self {
        let mut facts = Self {
            record,
            writes: BTreeMap::new(),
            heard: Vec::new(),
            granted: Vec::new(),
            logs: BTreeMap::new(),
            last_words: Vec::new(),
            epochs: BTreeMap::new(),
            broken: Vec::new(),
        };
        let mut pending: BTreeMap<(usize, i64), Pending> = BTreeMap::new();
        for (index, moment) in record.moments.iter().enumerate() {
            let stamp = Stamp { index, at: moment.at };
            match &moment.what {
                What::Asked(frame) => {
                    if let Some((id, asked)) = facts.asked(stamp, moment.client, frame) {
                        pending.insert((moment.client, id), asked);
                    }
                }
                What::Told(frame) => match Frame::read(frame) {
                    Ok(Frame::Reply(answer)) => {
                        let Answered { reply: Some(RequestId::Number(id)), outcome } = answer
                        else {
                            continue;
                        };
                        if let Some(asked) = pending.remove(&(moment.client, id)) {
                            facts.answered(stamp, moment.client, &asked, outcome);
                        }
                    }
                    Ok(Frame::Event(Event::Messages { room, messages })) => {
                        let entries = messages.into_iter().map(|message| {
                            Entry::Known(Change::Message { seq: message.seq, message })
                        });
                        facts.hear(stamp, moment.client, &room, None, entries);
                    }
                    Ok(Frame::Changes { room, entries }) => {
                        facts.hear(stamp, moment.client, &room, None, entries);
                    }
                    Ok(Frame::Event(_) | Frame::Unknown(_) | Frame::Platform(_)) => {}
                    Err(failure) => facts.broken.push((stamp, failure.to_string())),
                },
                What::LastWord { room, content } => {
                    let (room, content) = (room.clone(), content.clone());
                    facts.last_words.push(LastWord { at: stamp, room, content });
                }
                What::Opened | What::Ended => {}
            }
        }
        facts
    }

    /// Whose client it is.
    pub(super) fn user_of(&self, client: usize) -> &str {
        self.record.clients.get(client).map_or("", |who| &who.user_id)
    }

    /// The clients that are judged.
    pub(super) fn judged(&self) -> impl Iterator<Item = (usize, &str)> {
        let clients = self.record.clients.iter().enumerate();
        clients.filter(|(_, who)| !who.is_auditor).map(|(client, who)| (client, &*who.user_id))
    }

    /// The write that an entry comes from, if it was asked for in this record.
    pub(super) fn write_of(&self, change: &Change) -> Option<&Written> {
        let (user, client_id) = change.written_by()?;
        self.writes.get(&(user.to_owned(), client_id.to_owned()))
    }

    fn asked(&mut self, at: Stamp, client: usize, frame: &str) -> Option<(i64, Pending)> {
        let request: Value = serde_json::from_str(frame).ok()?;
        let action = text(&request, "action")?;
        let room = text(&request, "room").unwrap_or_else(|| GENERAL.to_owned());
        let client_id = text(&request, "clientId");
        let write = client_id.map(|client_id| (self.user_of(client).to_owned(), client_id));
        if let Some(write) = &write {
            let written = self.writes.entry(write.clone()).or_insert_with(|| Written {
                action: action.clone(),
                room: room.clone(),
                of: number(&request, "seq"),
                content: text(&request, "content"),
                asked: Vec::new(),
                replies: Vec::new(),
            });
            written.asked.push(at);
        }
        let id = request.get("id").and_then(Value::as_i64)?;
        Some((id, Pending { at, action, room, write, request }))
    }

    fn answered(
        &mut self,
        at: Stamp,
        client: usize,
        asked: &Pending,
        outcome: Result<Value, ErrorBody>,
    ) {
        if let Some(write) = asked.write.as_ref().and_then(|write| self.writes.get_mut(write)) {
            let outcome = outcome.as_ref().map_err(Clone::clone).map(|frame| Receipt {
                seq: number(frame, "seq").or_else(|| number(frame, "ver")).unwrap_or_default(),
                id: text(frame, "id"),
                timestamp: text(frame, "timestamp"),
                duplicate: frame.get("duplicate").and_then(Value::as_bool).unwrap_or_default(),
            });
            write.replies.push(Replied { at, outcome });
        }
        let Ok(frame) = outcome else { return };
        let room = asked.room.clone();
        if asked.action != "hello" && asked.action != "ping" && asked.action != "listRooms" {
            let write = asked.write.as_ref().and_then(|write| self.writes.get(write));
            let is_repeated = write.is_some_and(|write| write.asked.len() > 1)
                || frame.get("duplicate").and_then(Value::as_bool) == Some(true);
            let (action, asked) = (asked.action.clone(), asked.at);
            let room = room.clone();
            self.granted.push(Granted { at, client, room, action, asked, is_repeated });
        }
        if asked.action != "getRecentMessages" {
            return;
        }
        if asked.request.get("after").is_some() {
            match changes_page(frame) {
                Ok((entries, page)) => {
                    if !page.recovered {
                        let why = format!("{room} was said not to reach back, and nothing cut it");
                        self.broken.push((at, why));
                    }
                    self.same_epoch(at, &room, page.epoch);
                    if self.record.clients.get(client).is_some_and(|who| who.is_auditor) {
                        let from = self.record.from.get(&room).copied().unwrap_or_default();
                        let log = self.logs.entry(room.clone()).or_default();
                        log.from = from;
                        log.entries.extend(entries.iter().cloned());
                        (log.head, log.epoch) = (page.head, page.epoch);
                        log.pages.push(at);
                    }
                    self.hear(at, client, &room, Some(asked.at), entries);
                }
                Err(failure) => self.broken.push((at, failure.to_string())),
            }
        } else {
            match serde_json::from_value::<MessagesPage>(frame) {
                Ok(page) => {
                    self.same_epoch(at, &room, page.epoch);
                    let entries = page.messages.into_iter();
                    let entries = entries
                        .map(|message| Entry::Known(Change::Message { seq: message.seq, message }));
                    self.hear(at, client, &room, Some(asked.at), entries);
                }
                Err(error) => self.broken.push((at, error.to_string())),
            }
        }
    }

    /// No log of a run is replaced by another.
    fn same_epoch(&mut self, at: Stamp, room: &str, epoch: u64) {
        let first = *self.epochs.entry(room.to_owned()).or_insert(epoch);
        if first != epoch {
            self.broken.push((at, format!("{room} had the epoch {first}, and has {epoch}")));
        }
    }

    fn hear(
        &mut self,
        at: Stamp,
        client: usize,
        room: &str,
        asked: Option<Stamp>,
        entries: impl IntoIterator<Item = Entry>,
    ) {
        let entries = entries.into_iter();
        self.heard.extend(entries.map(|entry| {
            let room = room.to_owned();
            Heard { at, client, room, entry, asked }
        }));
    }
}
