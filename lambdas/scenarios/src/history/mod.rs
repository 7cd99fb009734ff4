//! The history checker: seeded clients that do everything at once over lines that fail, a record of
//! what each was told and shows, and the rules that must hold of it. It judges the record alone,
//! never the database.

mod facts;
mod fold;
mod line;
mod record;
mod rules;

pub use record::{Moment, Record, Recorder, Shown, Stamp, What, Who};
pub use rules::{Breach, Rule, check};
