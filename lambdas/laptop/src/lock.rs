//! One process per data directory: the embedded database keeps state in memory that a second
//! process on the same file would not see.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::private;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another Parley already uses DATA={}, stop it or choose another DATA", .0.display())]
    Taken(PathBuf),
    /// It cannot be made or written.
    #[error("DATA={} cannot be used: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
}

/// Holds a data directory until it is dropped, or the process ends in any way.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(directory: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Io(directory.to_owned(), error);
        make_private(directory).map_err(failed)?;
        let file = private::open(&directory.join("lock")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken(directory.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// What we make ourselves is for its owner alone: it holds password hashes and a signing key.
fn make_private(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let lock = Lock::take(&data).unwrap();
        let error = Lock::take(&data).unwrap_err();
        assert!(error.to_string().contains("another Parley already uses DATA="), "{error}");
        drop(lock);
        Lock::take(&data).unwrap();
    }
}
