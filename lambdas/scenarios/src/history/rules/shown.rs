use std::collections::{BTreeMap, BTreeSet};

use protocol::GENERAL;

use super::super::facts::Facts;
use super::super::fold::fold;
use super::{Breach, Rule};
use crate::wire::Entry;

/// Each client shows the rooms that its person is in, and of each what the log says.
pub(super) fn one_log(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let members: BTreeMap<&str, BTreeSet<String>> =
        facts.logs.iter().map(|(room, log)| (room.as_str(), fold(&log.entries).members)).collect();
    for (client, user) in facts.judged() {
        let Some(shown) = facts.record.shown.get(&client) else { continue };
        let expected =
            members.iter().filter(|(room, members)| **room == GENERAL || members.contains(user));
        let expected: BTreeSet<&str> = expected.map(|(room, _)| *room).collect();
        let rooms: BTreeSet<&str> = shown.rooms.keys().map(String::as_str).collect();
        if rooms != expected {
            let why = format!("client {client} shows {rooms:?}, and {user} is in {expected:?}");
            breaches.push(Breach::new(Rule::Membership, why, []));
        }
        for (name, room) in &shown.rooms {
            let Some(log) = facts.logs.get(name) else { continue };
            let said = fold(&log.entries);
            let from = room.start().max(log.from);
            let said: Vec<_> =
                said.messages.range(from + 1..).map(|(_, message)| message).collect();
            let shows = room.shown().iter().filter(|message| message.seq > from);
            let place = |room: u64, log: u64| (room, log);
            let differs = place(room.last(), room.epoch()) != place(log.head, log.epoch);
            if differs || !shows.clone().eq(said.iter().copied()) {
                let first = shows
                    .clone()
                    .map(Some)
                    .chain(std::iter::repeat(None))
                    .zip(said.iter().map(Some).chain(std::iter::repeat(None)))
                    .take(said.len().max(shows.clone().count()))
                    .find(|(shown, said)| *shown != said.copied());
                let why = format!(
                    "client {client} shows {name} to {} of {} (epochs {}, {}); shown and said: {first:?}",
                    room.last(),
                    log.head,
                    room.epoch(),
                    log.epoch,
                );
                let about = first.and_then(|(shown, said)| shown.or(said.copied()));
                let told = facts.heard.iter().filter(|heard| {
                    heard.client == client
                        && heard.room == *name
                        && about.is_some_and(|about| entry_is_about(&heard.entry, about.seq))
                });
                breaches.push(Breach::new(Rule::OneLog, why, told.map(|heard| heard.at)));
            }
        }
    }
    breaches
}

fn entry_is_about(entry: &Entry, seq: u64) -> bool {
    use protocol::Change::{Create, Delete, Edit, Join, Leave, Message};
    match entry {
        Entry::Known(Message { message, .. } | Edit { message, .. }) => message.seq == seq,
        Entry::Known(Delete { message, .. }) => message.seq == seq,
        Entry::Known(Create { .. } | Join { .. } | Leave { .. }) | Entry::Unknown { .. } => false,
    }
}

/// No client was at a loss.
pub(super) fn protocol(facts: &Facts<'_>) -> Vec<Breach> {
    let broken = facts.broken.iter();
    let mut breaches: Vec<_> =
        broken.map(|(at, why)| Breach::new(Rule::Protocol, why, [*at])).collect();
    for (client, shown) in &facts.record.shown {
        breaches.extend(shown.violations.iter().map(|violation| {
            Breach::new(Rule::Protocol, format!("client {client} saw that {violation}"), [])
        }));
    }
    breaches
}
