//! A new signing key for a data directory that no laptop serves.

use std::path::{Path, PathBuf};

use crate::embedded::{KeyError, Rotated, rotate};
use crate::lock::{Lock, LockError};

/// Why the key was not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// A laptop serves the directory.
    #[error("a Parley serves DATA={}: stop it, rotate the key, and start it again", .0.display())]
    Running(PathBuf),
    /// The directory cannot be used.
    #[error(transparent)]
    Lock(LockError),
    /// A key cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is none yet.
    #[error("DATA={} has no signing key: a Parley makes it at its first start", .0.display())]
    NoKey(PathBuf),
}

/// Makes a new key for a data directory. From the next start it signs; tokens of the key before stay
/// good until they expire, and nobody is logged out.
///
/// # Errors
/// When a laptop serves the directory, or there is no key that can be rotated.
pub fn rotate_key(directory: &Path) -> Result<Rotated, RotateError> {
    let no_key = || RotateError::NoKey(directory.to_owned());
    // To lock a directory makes it.
    if !directory.is_dir() {
        return Err(no_key());
    }
    let _lock = Lock::take(directory).map_err(|error| match error {
        LockError::Taken(path) => RotateError::Running(path),
        other @ LockError::Io(..) => RotateError::Lock(other),
    })?;
    rotate(directory)?.ok_or_else(no_key)
}
