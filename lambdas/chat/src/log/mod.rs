//! A room's log: the numbered entries of the `messages` table, which are the room's truth.
//!
//! [`Reader`] answers where the log stands and what is in it; [`Writer`] appends, and decides the
//! order while it does.

mod entry;
mod queue;
mod read;
mod write;

pub use entry::Entry;
pub use read::Reader;
pub use write::{Appended, Draft, Writer};
