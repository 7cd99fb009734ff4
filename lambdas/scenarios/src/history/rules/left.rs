use protocol::Change;

use super::super::facts::Facts;
use super::super::record::Stamp;
use super::{Breach, Rule};
use crate::wire::Entry;

/// Somebody was told that they are out of a room.
struct Out<'f> {
    user: &'f str,
    room: &'f str,
    /// The number of the entry by which they left.
    seq: u64,
    told: Stamp,
}

/// Somebody asked to be in a room, and is.
struct Return<'f> {
    user: &'f str,
    room: &'f str,
    seq: u64,
    asked: Stamp,
}

/// What only who is in a room may do.
const OF_MEMBERS: [&str; 4] = ["getRecentMessages", "sendMessage", "editMessage", "deleteMessage"];

/// Who has left hears nothing that was written after they knew, reads nothing and writes nothing.
pub(super) fn left(facts: &Facts<'_>) -> Vec<Breach> {
    let (outs, returns) = (outs(facts), returns(facts));
    // Out of the room at this moment, and told so before that one.
    let out = |user: &str, room: &str, before: Stamp, now: Stamp| {
        outs.iter().find(|out| {
            let is_back = returns.iter().any(|back| {
                (back.user, back.room) == (user, room) && back.seq > out.seq && back.asked < now
            });
            (out.user, out.room) == (user, room) && out.told < before && !is_back
        })
    };
    let mut breaches = Vec::new();
    for heard in facts.heard.iter().filter(|heard| heard.asked.is_none()) {
        let write = heard.change().and_then(|change| facts.write_of(change));
        let Some(first) = write.and_then(|write| write.asked.first().copied()) else { continue };
        if let Some(out) = out(facts.user_of(heard.client), &heard.room, first, heard.at) {
            let (seq, Out { user, room, .. }) = (heard.entry.seq(), out);
            let why = format!("{user} heard {seq} of {room} after leaving it");
            breaches.push(Breach::new(Rule::Left, why, [out.told, first, heard.at]));
        }
    }
    for granted in &facts.granted {
        // One that was stored before is answered as it was.
        if granted.is_repeated || !OF_MEMBERS.contains(&granted.action.as_str()) {
            continue;
        }
        let user = facts.user_of(granted.client);
        if let Some(out) = out(user, &granted.room, granted.asked, granted.at) {
            let why = format!("{user} did {} in {} after leaving it", granted.action, out.room);
            breaches.push(Breach::new(Rule::Left, why, [out.told, granted.asked, granted.at]));
        }
    }
    breaches
}

fn outs<'f>(facts: &'f Facts<'_>) -> Vec<Out<'f>> {
    let leaves = facts.writes.iter().filter(|(_, write)| write.action == "leaveRoom");
    let told = leaves.filter_map(|((user, _), write)| {
        let mut replies = write.replies.iter();
        let (told, seq) =
            replies.find_map(|reply| Some((reply.at, reply.outcome.as_ref().ok()?.seq)))?;
        Some(Out { user, room: &write.room, seq, told })
    });
    told.collect()
}

fn returns<'f>(facts: &'f Facts<'_>) -> Vec<Return<'f>> {
    let entries = facts
        .logs
        .iter()
        .flat_map(|(room, log)| log.entries.iter().map(move |entry| (room.as_str(), entry)));
    let returns = entries.filter_map(|(room, entry)| {
        let Entry::Known(change) = entry else { return None };
        let (Change::Create { seq, member, .. } | Change::Join { seq, member }) = change else {
            return None;
        };
        let asked = *facts.write_of(change)?.asked.first()?;
        Some(Return { user: &member.user_id, room, seq: *seq, asked })
    });
    returns.collect()
}
