use protocol::Change;

use super::super::facts::Facts;
use super::{Breach, Rule};

/// When nothing goes wrong any more, a message comes to each client in its room, as an event.
pub(super) fn heard(facts: &Facts<'_>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for word in &facts.last_words {
        for (client, _) in facts.judged() {
            let shown = facts.record.shown.get(&client);
            if !shown.is_some_and(|shown| shown.rooms.contains_key(&word.room)) {
                continue;
            }
            let is_heard = facts.heard.iter().rev().any(|heard| {
                let is_it = match heard.change() {
                    Some(Change::Message { message, .. }) => message.content == word.content,
                    _ => false,
                };
                heard.client == client && heard.room == word.room && heard.asked.is_none() && is_it
            });
            if !is_heard {
                let why = format!("client {client} did not hear the last word in {}", word.room);
                breaches.push(Breach::new(Rule::Heard, why, [word.at]));
            }
        }
    }
    breaches
}
