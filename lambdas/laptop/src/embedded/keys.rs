//! The keys of one data directory: the one that signs, and the one before it, whose tokens are still
//! good.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::key::{KeyError, SigningKey};

const ACTIVE: &str = "signing-key.pem";
const PREVIOUS: &str = "signing-key-previous.pem";
/// Where a file is written before a rename puts it in its place, whole.
const UNFINISHED: &str = "signing-key.new";
/// How long tokens of a key that no longer signs are still out.
const TOKEN_LIFETIME: Duration = Duration::from_secs(chat::identity::TOKEN_LIFE.unsigned_abs());

/// The keys whose tokens are good.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) active: SigningKey,
    previous: Option<SigningKey>,
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The name of the key that signs from now on.
    pub active: String,
    /// The name of the key that signed until now; its tokens stay good.
    pub previous: String,
    /// How long ago the rotation before was, when it was so recent that tokens were still out whose
    /// key is gone now.
    pub too_soon: Option<Duration>,
}

impl Keys {
    /// A key that no file holds.
    pub(crate) fn generate() -> Result<Self, KeyError> {
        Ok(Self { active: SigningKey::generate()?, previous: None })
    }

    /// The keys of a data directory; the first one is made at its first start.
    pub(crate) fn open(directory: &Path) -> Result<Self, KeyError> {
        let active = match SigningKey::read(&directory.join(ACTIVE))? {
            Some(key) => key,
            None => {
                let key = SigningKey::generate()?;
                place(&key, directory, ACTIVE)?;
                key
            }
        };
        let previous = SigningKey::read(&directory.join(PREVIOUS))?;
        // The same key twice is a rotation that did not come to its end.
        let previous = previous.filter(|previous| previous.kid() != active.kid());
        Ok(Self { active, previous })
    }

    /// The public keys, as the functions read them: `PUBLIC_KEYS`.
    pub(crate) fn public(&self) -> Value {
        let keys = [&self.active].into_iter().chain(&self.previous);
        keys.map(|key| json!({"kid": key.kid(), "pem": key.public_pem()})).collect()
    }
}

/// Makes a new key that signs; the present one becomes the previous one. Nobody else may use the
/// directory meanwhile.
///
/// Each file is written aside, synced, and renamed over the old one: whenever this is broken off,
/// there is a key that signs, and it is one of the two, and the next rotation goes on from there.
pub(crate) fn rotate(directory: &Path) -> Result<Option<Rotated>, KeyError> {
    let at = |name: &str| directory.join(name);
    let Some(active) = SigningKey::read(&at(ACTIVE))? else { return Ok(None) };
    let before = SigningKey::read(&at(PREVIOUS))?;
    let mut too_soon = None;
    // Else a rotation was broken off after this step.
    if before.as_ref().is_none_or(|before| before.kid() != active.kid()) {
        if before.is_some() {
            too_soon = age(&at(PREVIOUS)).filter(|age| *age < TOKEN_LIFETIME);
        }
        place(&active, directory, PREVIOUS)?;
    }
    let next = SigningKey::generate()?;
    place(&next, directory, ACTIVE)?;
    let [active, previous] = [next, active].map(|key| key.kid().to_owned());
    Ok(Some(Rotated { active, previous, too_soon }))
}

/// How long ago a file was written; nothing when that is unknown or in the future.
fn age(path: &Path) -> Option<Duration> {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
    SystemTime::now().duration_since(written).ok()
}

/// Writes a key to a file, which is whole at any time.
fn place(key: &SigningKey, directory: &Path, name: &str) -> Result<(), KeyError> {
    let path = directory.join(name);
    let aside = directory.join(UNFINISHED);
    let place = || {
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        key.create(&aside)?;
        fs::rename(&aside, &path)?;
        sync(directory)
    };
    place().map_err(|error| KeyError::File(PathBuf::from(&path).display().to_string(), error))
}

/// Makes a rename last through a loss of power, before the next one.
#[cfg(unix)]
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kids(directory: &Path) -> Vec<String> {
        let keys = Keys::open(directory).unwrap().public();
        keys.as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_next_start_finds_the_same_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        // A first start that was broken off while it wrote.
        fs::write(path.join(UNFINISHED), "-----BEGIN").unwrap();
        let first = kids(path);
        assert_eq!(first.len(), 1);
        assert_eq!(kids(path), first);
        assert!(!path.join(UNFINISHED).exists());
    }

    #[test]
    fn the_signing_key_becomes_the_previous_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(rotate(path).unwrap(), None, "no key yet");
        let [first] = kids(path).try_into().unwrap();
        let rotated = rotate(path).unwrap().unwrap();
        assert_eq!((&rotated.previous, rotated.too_soon), (&first, None));
        assert_eq!(kids(path), [&*rotated.active, &*first]);
        assert!(!path.join(UNFINISHED).exists());
    }

    #[test]
    fn a_second_rotation_right_away_is_too_soon() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        kids(path);
        rotate(path).unwrap();
        let second = rotate(path).unwrap().unwrap();
        assert!(second.too_soon.is_some_and(|age| age < TOKEN_LIFETIME));
        // As a quarter of an hour later.
        let file = File::options().write(true).open(path.join(PREVIOUS)).unwrap();
        file.set_modified(SystemTime::now() - TOKEN_LIFETIME).unwrap();
        let third = rotate(path).unwrap().unwrap();
        assert_eq!(third.too_soon, None);
        assert_eq!(kids(path), [third.active, second.active]);
    }

    #[test]
    fn a_rotation_that_was_broken_off_loses_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        kids(path);
        let rotated = rotate(path).unwrap().unwrap();
        // After the first rename, and with a file half written.
        fs::copy(path.join(ACTIVE), path.join(PREVIOUS)).unwrap();
        fs::write(path.join(UNFINISHED), "-----BEGIN").unwrap();
        assert_eq!(kids(path), [&*rotated.active]);
        let again = rotate(path).unwrap().unwrap();
        assert_eq!((&again.previous, again.too_soon), (&rotated.active, None));
        assert_eq!(kids(path), [&*again.active, &*rotated.active]);
    }

    #[cfg(unix)]
    #[test]
    fn both_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        kids(directory.path());
        rotate(directory.path()).unwrap();
        for name in [ACTIVE, PREVIOUS] {
            let metadata = fs::metadata(directory.path().join(name)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
}
