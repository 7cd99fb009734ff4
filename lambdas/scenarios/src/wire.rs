//! Frames as a client reads them.

use protocol::{Change, ChangesPage, ErrorBody, Event, RequestId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Failure;

/// A text frame from the server, as a client tells them apart.
#[derive(Debug, Clone)]
pub enum Frame {
    /// The answer to a request.
    Reply(Answered),
    /// An event of a kind that this version knows.
    Event(Event),
    /// What became of a room, `changes`, whose kinds this version need not all know.
    Changes {
        /// The room.
        room: String,
        /// In order.
        entries: Vec<Entry>,
    },
    /// An event of another kind, which a client skips.
    Unknown(Value),
    /// Neither reply nor event: the platform speaks, and some request's outcome is unknown.
    Platform(Value),
}

/// An entry of a room's log, as a client tells them apart.
#[expect(clippy::large_enum_variant, reason = "hardly any is unknown")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Of a kind that this version knows.
    Known(Change),
    /// Of another kind: a client passes over it, and its number counts.
    Unknown {
        /// Its number.
        seq: u64,
    },
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Which request.
    pub reply: Option<RequestId>,
    /// The whole frame, or why the request was refused.
    pub outcome: Result<Value, ErrorBody>,
}

impl Frame {
    /// Reads a text frame.
    ///
    /// # Errors
    /// When it breaks the protocol: a client would be at a loss.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let broken = |why: &dyn std::fmt::Display| Failure::new(format!("{why}, in frame {text}"));
        let frame: Value = serde_json::from_str(text).map_err(|error| broken(&error))?;
        if let Some(reply) = frame.get("reply") {
            let reply = serde_json::from_value(reply.clone()).map_err(|error| broken(&error))?;
            let outcome = match (frame.get("ok").and_then(Value::as_bool), frame.get("error")) {
                (Some(true), None) => Ok(frame),
                (Some(false), Some(error)) => {
                    Err(serde_json::from_value(error.clone()).map_err(|error| broken(&error))?)
                }
                _ => return Err(broken(&"neither a success nor a refusal")),
            };
            return Ok(Self::Reply(Answered { reply, outcome }));
        }
        match frame.get("event").map(Value::as_str) {
            None => Ok(Self::Platform(frame)),
            Some(Some("changes")) => {
                let room = frame.get("room").and_then(Value::as_str);
                let room = room.ok_or_else(|| broken(&"no room"))?.to_owned();
                let entries = entries(frame.get("changes")).map_err(|error| broken(&error))?;
                Ok(Self::Changes { room, entries })
            }
            Some(Some("messages" | "bye")) => {
                Ok(Self::Event(serde_json::from_value(frame).map_err(|error| broken(&error))?))
            }
            Some(_) => Ok(Self::Unknown(frame)),
        }
    }
}

impl Entry {
    /// Its number in the room's log.
    #[must_use]
    pub fn seq(&self) -> u64 {
        match self {
            Self::Known(change) => change.seq(),
            Self::Unknown { seq } => *seq,
        }
    }

    /// The entry, when it is of a kind that this version knows.
    #[must_use]
    pub fn known(&self) -> Option<&Change> {
        match self {
            Self::Known(change) => Some(change),
            Self::Unknown { .. } => None,
        }
    }

    fn read(entry: &Value) -> Result<Self, Failure> {
        match entry.get("kind").and_then(Value::as_str) {
            Some("message" | "edit" | "delete" | "create" | "join" | "leave") => {
                Ok(Self::Known(serde_json::from_value(entry.clone())?))
            }
            Some(_) => {
                let seq = entry.get("seq").and_then(Value::as_u64);
                Ok(Self::Unknown { seq: seq.ok_or_else(|| Failure::new("no number"))? })
            }
            None => Err(Failure::new("no kind")),
        }
    }
}

fn entries(changes: Option<&Value>) -> Result<Vec<Entry>, Failure> {
    let changes = changes.and_then(Value::as_array).ok_or_else(|| Failure::new("no changes"))?;
    changes.iter().map(Entry::read).collect()
}

/// Reads a page of changes: its entries, and the page without them.
///
/// # Errors
/// When it is none.
pub fn changes_page(mut frame: Value) -> Result<(Vec<Entry>, ChangesPage), Failure> {
    let entries = entries(frame.get("changes"))?;
    if let Some(changes) = frame.get_mut("changes") {
        *changes = Value::Array(Vec::new());
    }
    Ok((entries, serde_json::from_value(frame)?))
}

impl Answered {
    /// The fields of a success.
    ///
    /// # Errors
    /// When it was a refusal, or has other fields.
    #[track_caller]
    pub fn ok<T: DeserializeOwned>(self) -> Result<T, Failure> {
        match self.outcome {
            Ok(frame) => Ok(serde_json::from_value(frame)?),
            Err(error) => Err(Failure::new(format!("refused: {error:?}"))),
        }
    }

    /// Why it was refused.
    ///
    /// # Errors
    /// When it was not.
    #[track_caller]
    pub fn refused(self) -> Result<ErrorBody, Failure> {
        match self.outcome {
            Err(error) => Ok(error),
            Ok(frame) => Err(Failure::new(format!("not refused: {frame}"))),
        }
    }
}
