use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// One waiting line per room, within this process.
///
/// Fifty writers who race for a room's next number collide again and again; in line they do not.
/// A help for speed only: what keeps the numbers right is the condition in the database, since
/// other processes stand in no line of ours.
#[derive(Debug, Default)]
pub(super) struct Queue {
    rooms: Mutex<HashMap<String, Arc<Turn<()>>>>,
}

impl Queue {
    /// Waits for this room's turn, which lasts until the guard is dropped.
    pub(super) async fn enter(&self, room: &str) -> OwnedMutexGuard<()> {
        let line = {
            let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
            // A line that only the map holds has nobody in it.
            rooms.retain(|_, line| Arc::strong_count(line) > 1);
            Arc::clone(rooms.entry(room.to_owned()).or_default())
        };
        line.lock_owned().await
    }
}
