use std::collections::BTreeMap;
use std::time::Duration;

use protocol::{Change, Message};

use super::super::facts::{Facts, Heard, Written};
use super::super::record::Stamp;
use super::{Breach, Rule};

/// How long a function may live with a text that it read, and what it says be under way: above the
/// `timeout` of `send-message` in `functions.tf.json`.
const LIFE: Duration = Duration::from_secs(17);

type Place<'f> = (&'f str, u64);

/// A deleted text is told to nobody: no page that was asked for since anybody knew, and no event of a
/// write that was tried again since.
pub(super) fn gone(facts: &Facts<'_>) -> Vec<Breach> {
    let known = deletions(facts);
    let mut causes: BTreeMap<Place<'_>, Vec<Stamp>> = BTreeMap::new();
    for write in facts.writes.values() {
        if let Some(seq) = write.of {
            causes.entry((&write.room, seq)).or_default().extend(&write.asked);
        }
    }
    let mut breaches = Vec::new();
    for heard in &facts.heard {
        let Some(message) = text_of(heard) else { continue };
        let place = (heard.room.as_str(), message.seq);
        let Some(known) = known.get(&place).filter(|known| **known < heard.at) else { continue };
        let may_be = match heard.asked {
            Some(asked) => asked < *known,
            None => {
                let sender = (message.user_id.clone(), message.client_id.clone());
                let sent = facts.writes.get(&sender).map(|write| write.asked.as_slice());
                let mut causes = causes.get(&place).into_iter().flatten();
                let is_cause =
                    |asked: &Stamp| asked < known && heard.at.at.saturating_sub(asked.at) <= LIFE;
                sent.into_iter().flatten().any(is_cause) || causes.any(is_cause)
            }
        };
        if !may_be {
            let (room, seq) = place;
            let why = format!("the text of {seq} of {room} was told after it was deleted");
            breaches.push(Breach::new(Rule::Gone, why, [*known, heard.at]));
        }
    }
    breaches
}

fn text_of(heard: &Heard) -> Option<&Message> {
    match heard.change()? {
        Change::Message { message, .. } | Change::Edit { message, .. } => Some(message),
        _ => None,
    }
}

/// When somebody first knew that a message is deleted.
fn deletions<'f>(facts: &'f Facts<'_>) -> BTreeMap<Place<'f>, Stamp> {
    let mut known: BTreeMap<Place<'f>, Stamp> = BTreeMap::new();
    let mut learn = |place, at: Stamp| {
        known.entry(place).and_modify(|first| *first = at.min(*first)).or_insert(at);
    };
    for heard in &facts.heard {
        if let Some(Change::Delete { message, .. }) = heard.change() {
            learn((heard.room.as_str(), message.seq), heard.at);
        }
    }
    let is_deletion = |write: &&Written| write.action == "deleteMessage";
    for write in facts.writes.values().filter(is_deletion) {
        let granted = write.replies.iter().find(|reply| reply.outcome.is_ok());
        if let (Some(granted), Some(seq)) = (granted, write.of) {
            learn((write.room.as_str(), seq), granted.at);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::LIFE;

    #[test]
    fn no_function_outlives_what_is_reckoned_with() {
        let functions = include_str!("../../../../../terraform/functions.tf.json");
        let functions: serde_json::Value = serde_json::from_str(functions).unwrap();
        let timeout = &functions["locals"]["functions"]["send-message"]["timeout"];
        assert!(timeout.as_u64().unwrap() < LIFE.as_secs(), "{timeout}");
    }
}
