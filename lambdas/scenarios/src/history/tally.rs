use std::collections::BTreeMap;
use std::fmt;

use protocol::ErrorCode::RateLimited as TOO_FAST;

use super::facts::Facts;
use super::record::{Record, What};

/// How much went on in a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Writes that were acknowledged by a reply or an entry, by their action.
    pub acknowledged: BTreeMap<String, usize>,
    /// Writes that went out more than once.
    pub resent: usize,
    /// Replies that said so.
    pub duplicates: usize,
    /// Writes that were refused for good.
    pub refused: usize,
    /// Attempts that were refused because their person wrote too fast.
    pub limited: usize,
    /// Sockets that opened.
    pub sockets: usize,
    /// Frames that came.
    pub frames: usize,
}

impl Tally {
    /// What went on in this record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let facts = Facts::of(record);
        let mut tally = Self::default();
        let heard = facts.heard.iter().filter_map(|heard| {
            let (user, client_id) = heard.change()?.written_by()?;
            (facts.user_of(heard.client) == user).then(|| (user.to_owned(), client_id.to_owned()))
        });
        let heard: std::collections::BTreeSet<_> = heard.collect();
        for (name, write) in &facts.writes {
            let mut replies = write.replies.iter().filter_map(|reply| reply.outcome.as_ref().ok());
            let is_answered = replies.clone().next().is_some();
            if is_answered || heard.contains(name) {
                *tally.acknowledged.entry(write.action.clone()).or_default() += 1;
            }
            tally.resent += usize::from(write.asked.len() > 1);
            tally.duplicates += usize::from(replies.any(|receipt| receipt.duplicate));
            let refusals = || write.replies.iter().filter_map(|reply| reply.outcome.as_ref().err());
            tally.refused += usize::from(refusals().any(|refusal| !refusal.retryable));
            tally.limited += refusals().filter(|refusal| refusal.code == TOO_FAST).count();
        }
        for moment in &record.moments {
            tally.sockets += usize::from(moment.what == What::Opened);
            tally.frames += usize::from(matches!(moment.what, What::Told(_)));
        }
        tally
    }

    /// All writes that were acknowledged.
    #[must_use]
    pub fn total(&self) -> usize {
        self.acknowledged.values().sum()
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for (action, count) in other.acknowledged {
            *self.acknowledged.entry(action).or_default() += count;
        }
        self.resent += other.resent;
        self.duplicates += other.duplicates;
        self.refused += other.refused;
        self.limited += other.limited;
        self.sockets += other.sockets;
        self.frames += other.frames;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resent, duplicates, refused, limited, sockets, frames, .. } = self;
        write!(f, "{} changes (", self.total())?;
        for (place, (action, count)) in self.acknowledged.iter().enumerate() {
            write!(f, "{}{action} {count}", if place == 0 { "" } else { ", " })?;
        }
        write!(
            f,
            "), {resent} sent again, {duplicates} answered as duplicates, {refused} refused, \
             {limited} too fast, {sockets} sockets, {frames} frames"
        )
    }
}
