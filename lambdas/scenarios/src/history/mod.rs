//! The history checker: seeded clients that do everything at once over lines that fail, a record of
//! what each was told and shows, and the rules that must hold of it. It judges the record alone,
//! never the database.

mod facts;
mod fold;
mod line;
mod plan;
mod play;
mod player;
mod record;
mod rules;
mod tally;

use std::collections::BTreeSet;

use crate::Failure;

pub use plan::Plan;
pub use play::{Weather, play};
pub use record::{Moment, Record, Recorder, Shown, Stamp, What, Who};
pub use rules::{Breach, Rule, check};
pub use tally::Tally;

/// Checks a record, and says what went on in it.
///
/// # Errors
/// When a rule does not hold: of each such rule the first breach, with the record around it.
pub fn judge(record: &Record) -> Result<Tally, Failure> {
    let breaches = check(record);
    if breaches.is_empty() {
        return Ok(Tally::of(record));
    }
    let mut words = format!("{} breaches", breaches.len());
    let mut told = BTreeSet::new();
    for breach in breaches.iter().filter(|breach| told.insert(breach.rule)) {
        let around = record.around(&breach.at);
        words.extend(["\n\n", &breach.to_string(), "\n", &around]);
    }
    Err(Failure::new(words))
}
