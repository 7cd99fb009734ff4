//! Somebody with an account.

use protocol::{AdminStatus, Role};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A row of kind `user`. What an older version did not write has a default.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Who it is: `u_...`. For somebody whom an outside issuer vouches for, `x_...`: such a row is
    /// there only to keep them out.
    pub id: String,
    /// The name that others see; empty once erased.
    #[serde(default)]
    pub username: String,
    /// In PHC's form. None before a password was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// What they may do.
    #[serde(default)]
    pub role: Role,
    /// Addresses that they have confirmed.
    #[serde(default)]
    pub emails: Vec<String>,
    /// The address of the sign-up, until it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email: Option<String>,
    /// Grows when all sessions end: those that began under another number have ended.
    #[serde(default)]
    pub epoch: u64,
    /// When the account was made.
    #[serde(default)]
    pub created_at: String,
    /// Kept out by an administrator.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// When their data was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<String>,
    /// Until when an unconfirmed account is kept, in seconds since 1970; also the table's TTL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

// serde wants a reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(value: &bool) -> bool {
    !*value
}

// By hand: it holds a password's hash, and addresses.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

impl User {
    /// Whether they can come in, and why not.
    #[must_use]
    pub fn status(&self) -> AdminStatus {
        if self.erased_at.is_some() {
            AdminStatus::Erased
        } else if self.disabled {
            AdminStatus::Disabled
        } else if self.expires_at.is_some() {
            AdminStatus::Unverified
        } else {
            AdminStatus::Active
        }
    }

    /// Whether the row is there only because DynamoDB's time to live is slow.
    #[must_use]
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now.seconds())
    }
}
