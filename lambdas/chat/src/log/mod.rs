//! A room's log: the numbered entries of the `messages` table, which are the room's truth.
//!
//! [`Reader`] answers where the log stands and what is in it; [`Writer`] appends, and decides the
//! order while it does; [`Eraser`] takes what a person wrote out of it.

mod digest;
mod draft;
mod entry;
mod erase;
mod plan;
mod queue;
mod read;
mod sends;
mod write;

pub use draft::{Along, Appended, Draft, What};
pub use entry::{Entry, Item, Pointer, State, read as read_entry};
pub use erase::Eraser;
pub use read::Reader;
pub use write::Writer;

/// The names of the tables that a log is written to.
#[derive(Debug)]
struct Tables {
    messages: String,
    sends: String,
}
