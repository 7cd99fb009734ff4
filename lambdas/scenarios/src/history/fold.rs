use std::collections::{BTreeMap, BTreeSet};

use protocol::{Change, Message};

use crate::wire::Entry;

/// What a log says, read from its beginning.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    /// The messages that are there, in their latest state.
    pub(super) messages: BTreeMap<u64, Message>,
    /// Who is in the room.
    pub(super) members: BTreeSet<String>,
}

/// Reads a log whose entries carry states of when they were read.
pub(super) fn fold<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Folded {
    let mut folded = Folded::default();
    let mut gone = BTreeSet::new();
    for change in entries.into_iter().filter_map(Entry::known) {
        match change {
            Change::Message { message, .. } | Change::Edit { message, .. } => {
                let known = folded.messages.get(&message.seq);
                if known.is_none_or(|known| known.ver < message.ver) {
                    folded.messages.insert(message.seq, message.clone());
                }
            }
            Change::Delete { message, .. } => {
                gone.insert(message.seq);
            }
            Change::Create { member, .. } | Change::Join { member, .. } => {
                folded.members.insert(member.user_id.clone());
            }
            Change::Leave { member, .. } => {
                folded.members.remove(&member.user_id);
            }
        }
    }
    folded.messages.retain(|seq, _| !gone.contains(seq));
    folded
}
