use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::{Change, ErrorCode, limits};

use super::super::facts::{Facts, Receipt, Replied, Written};
use super::super::record::Stamp;
use super::{Breach, Rule};
use crate::wire::Entry;

/// The writes of a person within a window.
const WRITES: usize = limits::WRITES_MAX as usize;
/// A write that fills a window was asked for so long before another is refused, at the most: the window,
/// and above what a function may take to count it and to answer.
const COUNTED: Duration = Duration::from_millis(limits::WRITE_WINDOW_MS + 20_000);

/// Whether a correct write may be refused so for good: another socket of its person, or somebody else,
/// was faster, and the log tells of it.
fn was_due(facts: &Facts<'_>, user: &str, write: &Written, refusal: ErrorCode) -> bool {
    let entries = facts.logs.get(&write.room).into_iter().flat_map(|log| &log.entries);
    let mut changes = entries.filter_map(Entry::known);
    match refusal {
        // Deleted; or a room that was not made at that time.
        ErrorCode::NotFound => match write.of {
            Some(of) => changes.any(
                |change| matches!(change, Change::Delete { message, .. } if message.seq == of),
            ),
            None => write.action == "joinRoom",
        },
        // A client writes to rooms that it was told its person is in.
        ErrorCode::NotMember => changes
            .any(|change| matches!(change, Change::Leave { member, .. } if member.user_id == user)),
        ErrorCode::AlreadyMember => changes.any(|change| match change {
            Change::Create { member, .. } | Change::Join { member, .. } => member.user_id == user,
            _ => false,
        }),
        ErrorCode::RoomTaken => changes.any(|change| matches!(change, Change::Create { .. })),
        _ => false,
    }
}

fn receipts(write: &Written) -> impl Iterator<Item = (Stamp, &Receipt)> {
    write.replies.iter().filter_map(|reply| Some((reply.at, reply.outcome.as_ref().ok()?)))
}

/// Every acknowledged write is in the log, as itself.
pub(super) fn stored(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for ((user, client_id), write) in &facts.writes {
        let Some((at, receipt)) = receipts(write).next() else { continue };
        let log = facts.logs.get(&write.room);
        let entry = log.and_then(|log| log.get(receipt.seq));
        let is_stored = entry
            .and_then(Entry::known)
            .is_some_and(|change| is_of(change, write, user, client_id, receipt));
        if !is_stored {
            let Written { action, room, .. } = write;
            let number = receipt.seq;
            let why = format!(
                "{action} {client_id} was acknowledged as {number} of {room}, where stands {entry:?}"
            );
            breaches.push(Breach::new(Rule::Stored, why, [at]));
        }
    }
    breaches
}

/// Whether an entry is what became of a write.
fn is_of(change: &Change, write: &Written, user: &str, client_id: &str, receipt: &Receipt) -> bool {
    if change.written_by().is_some_and(|by| by != (user, client_id)) {
        return false;
    }
    match (write.action.as_str(), change) {
        ("sendMessage", Change::Message { message, .. }) => {
            receipt.id.as_ref() == Some(&message.id)
                && receipt.timestamp.as_ref() == Some(&message.timestamp)
        }
        // Deleted by now.
        ("sendMessage", Change::Delete { message, .. }) => {
            message.seq == receipt.seq && receipt.id.as_ref() == Some(&message.id)
        }
        ("editMessage", Change::Edit { message, .. }) => Some(message.seq) == write.of,
        ("editMessage" | "deleteMessage", Change::Delete { message, .. }) => {
            Some(message.seq) == write.of && message.seq != receipt.seq
        }
        ("createRoom", Change::Create { .. })
        | ("joinRoom", Change::Join { .. })
        | ("leaveRoom", Change::Leave { .. }) => true,
        _ => false,
    }
}

/// All answers to a write agree.
pub(super) fn one_answer(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for ((_, client_id), write) in &facts.writes {
        let named: BTreeSet<_> = receipts(write)
            .map(|(_, receipt)| (receipt.seq, &receipt.id, &receipt.timestamp))
            .collect();
        let firsts = receipts(write).filter(|(_, receipt)| !receipt.duplicate).count();
        if named.len() > 1 || firsts > 1 {
            let why = format!("{client_id} was answered {firsts} times as new, and as {named:?}");
            breaches.push(Breach::new(Rule::OneAnswer, why, receipts(write).map(|(at, _)| at)));
        }
    }
    breaches
}

/// A refusal for good is one.
pub(super) fn refused(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for ((user, client_id), write) in &facts.writes {
        let refusals = write.replies.iter().filter_map(|Replied { at, outcome }| {
            let refusal = outcome.as_ref().err().filter(|refusal| !refusal.retryable)?;
            Some((*at, refusal))
        });
        for (at, refusal) in refusals {
            if !was_due(facts, user, write, refusal.code) {
                let why = format!("{} {client_id} was refused: {refusal:?}", write.action);
                breaches.push(Breach::new(Rule::Refused, why, [at]));
            }
            let log = facts.logs.get(&write.room);
            let mut entries = log.into_iter().flat_map(|log| &log.entries);
            let writer = Some((user.as_str(), client_id.as_str()));
            let stored = entries
                .find(|entry| entry.known().is_some_and(|change| change.written_by() == writer));
            if let Some(stored) = stored {
                let why = format!("{client_id} was refused, and is stored as {}", stored.seq());
                breaches.push(Breach::new(Rule::Refused, why, [at]));
            }
        }
    }
    breaches
}

/// Nobody is told to write more slowly who is not fast.
pub(super) fn limited(facts: &Facts<'_>) -> Vec<Breach> {
    let mut asked: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut limited = Vec::new();
    for ((user, _), write) in &facts.writes {
        asked.entry(user).or_default().extend(write.asked.iter().map(|stamp| stamp.at));
        limited.extend(write.replies.iter().filter_map(|Replied { at, outcome }| {
            let refusal = outcome.as_ref().err()?;
            (refusal.code == ErrorCode::RateLimited).then_some((user.as_str(), *at))
        }));
    }
    let is_due = |(user, at): &(&str, Stamp)| {
        let since = at.at.saturating_sub(COUNTED);
        let asked = asked.get(user).map(Vec::as_slice).unwrap_or_default();
        asked.iter().filter(|asked| (since..=at.at).contains(asked)).count() > WRITES
    };
    let undue = limited.iter().filter(|limited| !is_due(limited));
    let breach = |(user, at): &(&str, Stamp)| {
        Breach::new(Rule::Refused, format!("{user} was told to be slower, and was slow"), [*at])
    };
    undue.map(breach).collect()
}
