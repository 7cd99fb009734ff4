//! Files for their owner alone: the data directory holds messages, password hashes and a signing
//! key. Where there are no such modes, a file has the rights of its directory.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Options that give a file which they make mode 0600.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a file, makes it if it is not there, and keeps it from others.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = options().create(true).truncate(false).write(true).open(path)?;
    keep(path)?;
    Ok(file)
}

/// A copied or restored file may have become readable by others.
#[cfg(unix)]
pub(crate) fn keep(path: &Path) -> io::Result<()> {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let path_shown = path.display();
        tracing::warn!("{path_shown} was open to other users (mode {mode:o}); it is now 0600");
        set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn keep(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_and_stays_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        open(&path).unwrap();
        assert_eq!(mode(), 0o600);
        fs::write(&path, "kept").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        open(&path).unwrap();
        assert_eq!(mode(), 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
    }
}
