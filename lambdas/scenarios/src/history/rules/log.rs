use std::collections::BTreeMap;

use protocol::{Change, Message};

use super::super::facts::Facts;
use super::super::record::Stamp;
use super::{Breach, Rule};
use crate::wire::Entry;

/// Every entry that anybody was told of is in the log, as itself.
pub(super) fn told_is_stored(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for heard in &facts.heard {
        let (Some(change), Some(log)) = (heard.change(), facts.logs.get(&heard.room)) else {
            continue;
        };
        if change.seq() <= log.from {
            continue;
        }
        let is_stored = log
            .get(change.seq())
            .and_then(Entry::known)
            .is_some_and(|stored| is_same(change, stored));
        if !is_stored {
            let (seq, room) = (change.seq(), &heard.room);
            let stored = log.get(seq);
            let why = format!("{change:?} was told of as {seq} of {room}, where stands {stored:?}");
            breaches.push(Breach::new(Rule::Stored, why, [heard.at]));
        }
    }
    breaches
}

/// Whether two tellings are of one entry: states may have changed between them.
fn is_same(told: &Change, stored: &Change) -> bool {
    let writers = (told.written_by(), stored.written_by());
    if matches!(writers, (Some(told), Some(stored)) if told != stored) {
        return false;
    }
    match (told, stored) {
        (Change::Create { .. }, Change::Create { .. })
        | (Change::Join { .. }, Change::Join { .. })
        | (Change::Leave { .. }, Change::Leave { .. }) => true,
        (told, stored) => of(told).is_some_and(|told| of(stored) == Some(told)),
    }
}

/// The number and the name of the message that an entry is about.
fn of(change: &Change) -> Option<(u64, &str)> {
    match change {
        Change::Message { message, .. } | Change::Edit { message, .. } => {
            Some((message.seq, &message.id))
        }
        Change::Delete { message, .. } => Some((message.seq, &message.id)),
        Change::Create { .. } | Change::Join { .. } | Change::Leave { .. } => None,
    }
}

/// No write is in a log twice, and none that nobody made.
pub(super) fn once(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut places: BTreeMap<(&str, &str), (&str, u64)> = BTreeMap::new();
    for (room, log) in &facts.logs {
        for entry in &log.entries {
            let Entry::Known(change) = entry else { continue };
            let Some(writer) = change.written_by() else { continue };
            let asked = facts.write_of(change).map(|write| write.asked.as_slice());
            let place = (room.as_str(), change.seq());
            if let Some(first) = places.insert(writer, place) {
                let why = format!("{writer:?} is stored as {first:?} and as {place:?}");
                let asked = asked.unwrap_or_default().iter().copied();
                breaches.push(Breach::new(Rule::Once, why, asked));
            } else if asked.is_none() {
                let why = format!("{writer:?}, stored as {place:?}, was never asked for");
                breaches.push(Breach::new(Rule::Once, why, log.pages.iter().copied()));
            }
        }
    }
    // The log forgets whose an entry was whose message is deleted; who heard it does not.
    for heard in &facts.heard {
        let Some(change) = heard.change() else { continue };
        let Some(writer) = change.written_by() else { continue };
        let place = (heard.room.as_str(), change.seq());
        let first = *places.entry(writer).or_insert(place);
        if first != place {
            let why = format!("{writer:?} is stored as {first:?}, and was told of as {place:?}");
            breaches.push(Breach::new(Rule::Once, why, [heard.at]));
        }
    }
    breaches
}

/// The logs have every number, from the first to the head.
pub(super) fn no_hole(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (room, log) in &facts.logs {
        let came: Vec<u64> = log.entries.iter().map(Entry::seq).collect();
        if !came.iter().copied().eq(log.from + 1..=log.head) {
            let hole =
                (log.from + 1..=log.head).zip(&came).find(|(expected, seq)| expected != *seq);
            let count = came.len();
            let why = format!(
                "{room} has {count} entries after {} up to {}, the first amiss at {hole:?}",
                log.from, log.head
            );
            breaches.push(Breach::new(Rule::NoHole, why, log.pages.iter().copied()));
        }
    }
    breaches
}

/// A state of a message is the same whoever is told of it, and has the text of its write.
pub(super) fn one_text(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut states: BTreeMap<(&str, u64, u64), (Stamp, &Message)> = BTreeMap::new();
    for heard in &facts.heard {
        let Some(change @ (Change::Message { message, .. } | Change::Edit { message, .. })) =
            heard.change()
        else {
            continue;
        };
        let state = (heard.room.as_str(), message.seq, message.ver);
        let first = *states.entry(state).or_insert((heard.at, message));
        if first.1 != message {
            let why = format!("one state of a message as {:?} and as {message:?}", first.1);
            breaches.push(Breach::new(Rule::OneText, why, [first.0, heard.at]));
        }
        // The entry that made the state: this one, or what the log has in its place.
        let log = facts.logs.get(&heard.room);
        let maker = if change.seq() == message.ver {
            Some(change)
        } else {
            log.and_then(|log| log.get(message.ver)).and_then(Entry::known)
        };
        let written = maker.and_then(|maker| facts.write_of(maker)?.content.as_ref());
        if let Some(written) = written.filter(|written| **written != message.content) {
            let (ver, room) = (message.ver, &heard.room);
            let why = format!("the write of {ver} of {room} said {written:?}, not {message:?}");
            breaches.push(Breach::new(Rule::OneText, why, [heard.at]));
        }
    }
    breaches
}
