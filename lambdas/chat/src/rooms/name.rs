use std::fmt;

use protocol::{ErrorCode, GENERAL, limits};

use crate::Error;

/// A room's name: `[a-z0-9][a-z0-9_-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomName(String);

impl RoomName {
    /// The room that everyone is in.
    #[must_use]
    pub fn general() -> Self {
        Self(GENERAL.to_owned())
    }

    /// Reads a request's room, which may not exist; [`GENERAL`] when it names none.
    ///
    /// # Errors
    /// `bad_request` for what is no name.
    pub fn from_request(name: Option<&str>) -> Result<Self, Error> {
        let Some(name) = name else { return Ok(Self::general()) };
        Self::read(name).ok_or_else(|| {
            Error::refused(
                ErrorCode::BadRequest,
                "room: a name has 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit",
            )
        })
    }

    /// Reads a name; nothing for what is none.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        is_name(name).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the room that everyone is in.
    #[must_use]
    pub fn is_general(&self) -> bool {
        self.0 == GENERAL
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= limits::ROOM_MAX
        && name.starts_with(plain)
        && name.chars().all(|c| plain(c) || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["general", "a", "0", "team-42_x", &"a".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "_a", "General", "a b", "a/b", "é", "a\n", &"a".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
