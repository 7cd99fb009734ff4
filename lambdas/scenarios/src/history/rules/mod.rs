//! What must hold of every record, rule by rule.

mod deaf;
mod gone;
mod left;
mod log;
mod shown;
#[cfg(test)]
mod tests;
mod writes;

use std::fmt;

use super::Record;
use super::facts::Facts;
use super::record::Stamp;

/// A rule of the protocol that a record can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Every acknowledged change is in the log under its number, and everything that was told is.
    Stored,
    /// No write is in the log twice, whether or not it was acknowledged.
    Once,
    /// Every answer to a write names the same number, and one answer at the most is no duplicate.
    OneAnswer,
    /// What was refused for good is not in the log; every refusal was for a reason that may be.
    Refused,
    /// No number is missing from a log.
    NoHole,
    /// All clients that are in a room show its log.
    OneLog,
    /// Clients show the rooms that their people are in.
    Membership,
    /// A state of a message is one text, that of the write whose number it has.
    OneText,
    /// A deleted text is told to nobody.
    Gone,
    /// Who has left hears nothing of what comes after.
    Left,
    /// When nothing goes wrong, each socket hears what is written.
    Heard,
    /// No client saw what no server of this protocol may do.
    Protocol,
}

/// A rule that does not hold of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub rule: Rule,
    /// How.
    pub why: String,
    /// The moments that show it, by their places in the record.
    pub at: Vec<usize>,
}

impl Breach {
    fn new(rule: Rule, why: impl Into<String>, at: impl IntoIterator<Item = Stamp>) -> Self {
        let mut at: Vec<usize> = at.into_iter().map(|stamp| stamp.index).collect();
        at.sort_unstable();
        at.dedup();
        Self { rule, why: why.into(), at }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.why)
    }
}

/// Every breach of a rule in a record.
#[must_use]
pub fn check(record: &Record) -> Vec<Breach> {
    let facts = Facts::of(record);
    let rules: [fn(&Facts<'_>) -> Vec<Breach>; 13] = [
        writes::stored,
        writes::one_answer,
        writes::refused,
        writes::limited,
        log::told_is_stored,
        log::once,
        log::no_hole,
        log::one_text,
        shown::one_log,
        shown::protocol,
        gone::gone,
        left::left,
        deaf::heard,
    ];
    rules.into_iter().flat_map(|rule| rule(&facts)).collect()
}
