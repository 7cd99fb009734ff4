use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::client::{Room, View};

/// What clients asked for, were told and show: all that the checker judges.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Who they are. A client is named by its place here.
    pub clients: Vec<Who>,
    /// For each room the number after which the log is this run's; 0 when it is not said.
    pub from: BTreeMap<String, u64>,
    /// What happened, in order.
    pub moments: Vec<Moment>,
    /// What each client shows at the end.
    pub shown: BTreeMap<usize, Shown>,
}

/// A client.
#[derive(Debug, Clone)]
pub struct Who {
    /// Whose it is.
    pub user_id: String,
    /// Whether it came at the end to read each log from its beginning, and is not one that is judged.
    pub is_auditor: bool,
}

/// When something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Its place in the record.
    pub index: usize,
    /// The time since the record began.
    pub at: Duration,
}

/// Something that happened to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The time since the record began.
    pub at: Duration,
    /// To which client.
    pub client: usize,
    /// On which of its sockets; 0 for none.
    pub socket: usize,
    /// What.
    pub what: What,
}

/// What may happen to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A socket opened.
    Opened,
    /// It sent a frame.
    Asked(String),
    /// A frame came to it.
    Told(String),
    /// A socket ended.
    Ended,
    /// Nothing goes wrong any more, all are connected, and it writes the last message of a room: one
    /// of this text.
    LastWord {
        /// The room.
        room: String,
        /// The text.
        content: String,
    },
}

/// What a client shows.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The rooms that it takes itself to be in.
    pub rooms: BTreeMap<String, Room>,
    /// What it saw that no server of this protocol may do.
    pub violations: Vec<String>,
    /// How many sockets ended before it had replaced them.
    pub losses: usize,
}

impl Shown {
    /// What a view shows.
    #[must_use]
    pub fn of(view: &View) -> Self {
        let violations = view.all_violations().cloned().collect();
        Self { rooms: view.rooms.clone(), violations, losses: view.losses }
    }
}

/// Takes down a record. Clones share it.
#[derive(Debug, Clone)]
pub struct Recorder {
    begun: Instant,
    record: Arc<Mutex<Record>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { begun: Instant::now(), record: Arc::default() }
    }
}

impl Recorder {
    // The record is whole after every statement, so a panic elsewhere does not spoil it.
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names a new client.
    #[must_use]
    pub fn client(&self, user_id: &str, is_auditor: bool) -> usize {
        let mut record = self.record();
        record.clients.push(Who { user_id: user_id.to_owned(), is_auditor });
        record.clients.len() - 1
    }

    /// The log of a room is this run's from after a number.
    pub fn begins_after(&self, room: &str, number: u64) {
        self.record().from.insert(room.to_owned(), number);
    }

    /// Something happened to a client.
    pub fn note(&self, client: usize, socket: usize, what: What) {
        let at = self.begun.elapsed();
        self.record().moments.push(Moment { at, client, socket, what });
    }

    /// A client shows this at the end.
    pub fn shows(&self, client: usize, shown: Shown) {
        self.record().shown.insert(client, shown);
    }

    /// All that was taken down.
    #[must_use]
    pub fn finish(&self) -> Record {
        std::mem::take(&mut self.record())
    }
}

impl Record {
    /// The record in lines, the same for the same run: names that are drawn from the system's
    /// randomness are replaced by their order of appearance.
    #[must_use]
    pub fn trace(&self) -> String {
        let mut names = Names::default();
        let lines = self.moments.iter().map(|moment| names.mask(&moment.to_string()));
        lines.fold(String::new(), |trace, line| trace + &line + "\n")
    }

    /// The moments around some of them, for people.
    #[must_use]
    pub fn around(&self, indexes: &[usize]) -> String {
        const BEFORE: usize = 3;
        let mut lines = Vec::new();
        let mut next = 0;
        for index in indexes {
            let from = index.saturating_sub(BEFORE).max(next);
            let part = self.moments.iter().enumerate().skip(from);
            for (at, moment) in part.take_while(|(at, _)| *at <= *index) {
                let mark = if at == *index { ">" } else { " " };
                lines.push(format!("{mark} {at} {moment}"));
            }
            next = next.max(index + 1);
        }
        lines.join("\n")
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, client, socket, what } = self;
        write!(f, "{:.3} client {client}.{socket} ", at.as_secs_f64())?;
        match what {
            What::Opened => write!(f, "opened"),
            What::Asked(frame) => write!(f, "asked {frame}"),
            What::Told(frame) => write!(f, "was told {frame}"),
            What::Ended => write!(f, "ended"),
            What::LastWord { room, content } => write!(f, "has the last word in {room}: {content}"),
        }
    }
}

/// The values of these fields are drawn from the system's randomness.
const DRAWN: [&str; 3] = ["id", "connectionId", "requestId"];
/// These tell of the system's clock.
const TIMES: [&str; 4] = ["timestamp", "editedAt", "serverTime", "reconnectBy"];

#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    fn mask(&mut self, line: &str) -> String {
        let Some((words, frame)) = line.find('{').and_then(|at| line.split_at_checked(at)) else {
            return line.to_owned();
        };
        match serde_json::from_str(frame) {
            Ok(mut frame) => {
                self.mask_value(&mut frame);
                format!("{words}{frame}")
            }
            Err(_) => line.to_owned(),
        }
    }

    fn mask_value(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(drawn) if DRAWN.contains(&name.as_str()) => {
                            let next = self.0.len();
                            let number = *self.0.entry(std::mem::take(drawn)).or_insert(next);
                            *drawn = format!("#{number}");
                        }
                        Value::String(time) if TIMES.contains(&name.as_str()) => {
                            *time = "#".to_owned();
                        }
                        other => self.mask_value(other),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(frame: &str) -> Record {
        let what = What::Told(frame.to_owned());
        let moment = Moment { at: Duration::from_millis(1_500), client: 2, socket: 1, what };
        Record { moments: vec![moment], ..Record::default() }
    }

    #[test]
    fn a_trace_is_the_same_whatever_ids_were_drawn() {
        let frame = |id: &str| format!(r#"{{"a":[{{"id":"{id}"}},{{"id":"m_2"}}],"seq":7}}"#);
        let trace = told(&frame("m_1")).trace();
        let masked = r##"{"a":[{"id":"#0"},{"id":"#1"}],"seq":7}"##;
        assert_eq!(trace, format!("1.500 client 2.1 was told {masked}\n"));
        assert_eq!(trace, told(&frame("m_9")).trace());
        // Which ids are the same is no chance.
        assert_ne!(trace, told(&frame("m_2")).trace());
    }
}
