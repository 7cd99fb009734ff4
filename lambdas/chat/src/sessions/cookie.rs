//! What a browser keeps of its session.

use aws_lc_rs::constant_time;

use crate::identity::SecretHash;
use crate::{Error, id};

/// The longest id in a cookie, in bytes: it becomes a key.
const ID_BYTES_MAX: usize = 64;

/// The value of a session's cookie: whose and which session, a secret that stays (the proof that the
/// browser ever had the cookie), and one that every refresh replaces.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCookie {
    pub(super) user_id: String,
    pub(super) session_id: String,
    pub(super) family: String,
    pub(super) secret: String,
}

// By hand: it holds secrets.
impl std::fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionCookie")
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}

impl SessionCookie {
    pub(super) fn new(user_id: &str, session_id: &str) -> Result<Self, Error> {
        Ok(Self {
            user_id: user_id.to_owned(),
            session_id: session_id.to_owned(),
            family: id::secret("f")?,
            secret: id::secret("r")?,
        })
    }

    pub(super) fn renewed(&self) -> Result<Self, Error> {
        Ok(Self { secret: id::secret("r")?, ..self.clone() })
    }

    /// Whose session it says it is.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Which session it says it is.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Reads a cookie's value; none when it has not the form.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split('.');
        let mut part = |prefix: &str| {
            let part = parts.next()?;
            let plain = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            (part.starts_with(prefix) && plain && part.len() <= ID_BYTES_MAX)
                .then(|| part.to_owned())
        };
        let cookie = Self {
            user_id: part("u_")?,
            session_id: part("s_")?,
            family: part("f_")?,
            secret: part("r_")?,
        };
        parts.next().is_none().then_some(cookie)
    }

    /// The cookie's value.
    #[must_use]
    pub fn value(&self) -> String {
        [&*self.user_id, &self.session_id, &self.family, &self.secret].join(".")
    }

    pub(super) fn is_of_family(&self, hash: &str) -> bool {
        let own = SecretHash::of(&self.family).into_string();
        constant_time::verify_slices_are_equal(own.as_bytes(), hash.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let cookie = SessionCookie::new("u_1", "s_1").unwrap();
        assert_eq!(SessionCookie::parse(&cookie.value()), Some(cookie.clone()));
        assert_ne!(cookie.renewed().unwrap(), cookie);
        assert!(!format!("{cookie:?}").contains(&cookie.secret));
    }

    #[test]
    fn what_has_not_the_form_is_none() {
        for value in [
            "",
            "....",
            "u_1.s_1.f_1",
            "u_1.s_1.f_1.r_1.x",
            "s_1.u_1.f_1.r_1",
            "u_1.s_1.f_1.r_ü",
            "u_1/s_2.s_1.f_1.r_1",
            &format!("u_{}.s_1.f_1.r_1", "a".repeat(99)),
        ] {
            assert_eq!(SessionCookie::parse(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_nothing_is_read_in_two_ways(value in "\\PC{0,60}|[ufsr_.a-z0-9]{0,30}") {
            if let Some(cookie) = SessionCookie::parse(&value) {
                prop_assert_eq!(cookie.value(), value);
            }
        }
    }
}
