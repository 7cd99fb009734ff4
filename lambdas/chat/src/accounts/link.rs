//! One-time links: the proof that somebody reads the mail of an address, or was told by an
//! administrator. The table holds only their hashes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Email;
use crate::clock::Timestamp;
use crate::identity::SecretHash;
use crate::{Error, id};

/// How long the link that confirms an address is good for; an account that waits for it ends with it.
pub const VERIFY_LIFE: Duration = Duration::from_secs(24 * 3_600);
/// How long the link that resets a password is good for.
pub const RESET_LIFE: Duration = Duration::from_secs(3_600);
/// How long the link of an account that an administrator made is good for.
pub const WELCOME_LIFE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Makes an address one of the account's.
    Email,
    /// Sets a password.
    Password,
}

/// A row of kind `link`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) purpose: Purpose,
    pub(super) user_id: String,
    /// The address that [`Purpose::Email`] is about, or that [`Purpose::Password`] was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    /// The user's epoch when the link was made: a new password, or the end of all sessions, ends the
    /// link too. Else whoever knew the old password for a while could come back by an address.
    pub(super) epoch: u64,
    /// Seconds since 1970; also the table's TTL.
    pub expires_at: i64,
}

// By hand: it names an address.
impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl Link {
    /// The partition key of links.
    pub(super) const KIND: &'static str = "link";

    /// A link that makes an address one of the account's, and the secret that it is opened with.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn to_verify(user_id: &str, epoch: u64, email: &Email) -> Result<(Self, String), Error> {
        Self::new(Purpose::Email, "v", user_id, Some(email.as_str().to_owned()), epoch, VERIFY_LIFE)
    }

    /// A link that sets a password, and the secret that it is opened with. One that is sent to an
    /// address is good for as long as that is the user's.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn to_set_password(
        user_id: &str,
        epoch: u64,
        sent_to: Option<&Email>,
        life: Duration,
    ) -> Result<(Self, String), Error> {
        let sent_to = sent_to.map(|email| email.as_str().to_owned());
        Self::new(Purpose::Password, "p", user_id, sent_to, epoch, life)
    }

    fn new(
        purpose: Purpose,
        prefix: &str,
        user_id: &str,
        email: Option<String>,
        epoch: u64,
        life: Duration,
    ) -> Result<(Self, String), Error> {
        let secret = id::secret(prefix)?;
        let link = Self {
            kind: Self::KIND.to_owned(),
            id: SecretHash::of(&secret).into_string(),
            purpose,
            user_id: user_id.to_owned(),
            email,
            epoch,
            expires_at: Timestamp::now().plus(life).seconds(),
        };
        Ok((link, secret))
    }

    /// The address that it makes one of the account's.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Whose account it is for.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }
}
