//! A room's log: the numbered entries of the `messages` table, which are the room's truth.
//!
//! [`Reader`] answers where the log stands and what is in it; [`Writer`] appends, and decides the
//! order while it does; [`Eraser`] takes what a person wrote out of it.

mod entry;
mod erase;
mod queue;
mod read;
mod write;

pub use entry::Entry;
pub use erase::Eraser;
pub use read::Reader;
pub use write::{Appended, Draft, Writer};
