//! What the command line asks of the `admin` function, which only IAM principals may invoke (on a
//! laptop: whoever may open a socket file in its data directory).

use serde::{Deserialize, Serialize};

use crate::{ErrorBody, Role};

/// One command, with who says that they gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdminRequest {
    /// What to do.
    #[serde(flatten)]
    pub command: AdminCommand,
    /// Who asks, as the command line knows them: for the audit record. It is a claim; what IAM let in
    /// stands in CloudTrail.
    #[serde(default)]
    pub actor: String,
}

/// What an administrator may do. A `user` is a user name, an e-mail address or a user id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "camelCase")]
pub enum AdminCommand {
    /// Makes an account. Its password is chosen by whoever opens the answer's link.
    CreateUser {
        /// The name others will see.
        username: String,
        /// An address that the administrator vouches for.
        #[serde(default)]
        email: Option<String>,
        /// What they may do.
        #[serde(default)]
        role: Role,
    },
    /// Makes another link by which somebody chooses a password: for who forgot theirs and gets no mail.
    NewLink {
        /// Who.
        user: String,
    },
    /// Tells what there is to know of somebody.
    Show {
        /// Who.
        user: String,
    },
    /// Gives somebody another role.
    SetRole {
        /// Who.
        user: String,
        /// The role.
        role: Role,
    },
    /// Keeps somebody out until they are enabled, and ends what they have open.
    Disable {
        /// Who.
        user: String,
    },
    /// Lets somebody in again.
    Enable {
        /// Who.
        user: String,
    },
    /// Ends all of somebody's sessions and sockets; they may log in again.
    EndSessions {
        /// Who.
        user: String,
    },
    /// Removes somebody's data for good: asked again and again until the answer says no `more`.
    Erase {
        /// Who.
        user: String,
    },
}

// By hand: it names people's addresses.
impl std::fmt::Debug for AdminCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl AdminCommand {
    /// The command's name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateUser { .. } => "createUser",
            Self::NewLink { .. } => "newLink",
            Self::Show { .. } => "show",
            Self::SetRole { .. } => "setRole",
            Self::Disable { .. } => "disable",
            Self::Enable { .. } => "enable",
            Self::EndSessions { .. } => "endSessions",
            Self::Erase { .. } => "erase",
        }
    }
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AdminAnswer {
    /// It was refused, and nothing was changed; or, if the error is retryable, it was not finished: some
    /// of it may be done, and the same command, given again, does the rest.
    Refused {
        /// Why.
        error: ErrorBody,
    },
    /// It was done.
    Done(AdminDone),
}

/// What a command did.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdminDone {
    /// Whom it was about, as they are now.
    pub user: AdminUser,
    /// A one-time link by which they choose a password, and until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<AdminLink>,
    /// Messages that this call erased.
    #[serde(default)]
    pub erased: u64,
    /// Whether there is more to erase: ask again.
    #[serde(default)]
    pub more: bool,
}

/// A one-time link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdminLink {
    /// Its address.
    pub url: String,
    /// Until when it is good.
    pub expires_at: String,
}

/// Somebody, as an administrator sees them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdminUser {
    /// Who it is: `u_...`, or `x_...` for somebody whom an outside issuer vouches for.
    pub user_id: String,
    /// The name others see; empty once erased, and where only the id is known.
    pub username: String,
    /// What they may do.
    pub role: Role,
    /// Confirmed addresses.
    pub emails: Vec<String>,
    /// `active`, `unverified`, `disabled` or `erased`.
    pub status: AdminStatus,
    /// When the account was made; empty where only the id is known.
    pub created_at: String,
}

/// Whether somebody can come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdminStatus {
    /// They can.
    Active,
    /// Not before they have confirmed their address.
    Unverified,
    /// Not before they are enabled.
    Disabled,
    /// Never again.
    Erased,
}

// By hand: links and addresses stay out of logs.
impl std::fmt::Debug for AdminLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminLink").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for AdminUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminUser").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for AdminDone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminDone").field("user", &self.user.user_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ErrorCode;

    #[test]
    fn a_command_is_flat_json() {
        let request = AdminRequest {
            command: AdminCommand::SetRole { user: "ada".into(), role: Role::Admin },
            actor: "arn:aws:iam::1:user/ops".into(),
        };
        let json = json!({
            "command": "setRole", "user": "ada", "role": "admin", "actor": "arn:aws:iam::1:user/ops",
        });
        assert_eq!(serde_json::to_value(&request).unwrap(), json);
        assert_eq!(serde_json::from_value::<AdminRequest>(json).unwrap(), request);
    }

    #[test]
    fn a_refusal_is_no_success() {
        let refused = AdminAnswer::Refused { error: ErrorBody::new(ErrorCode::NotFound, "no") };
        let json = serde_json::to_string(&refused).unwrap();
        assert_eq!(serde_json::from_str::<AdminAnswer>(&json).unwrap(), refused);
    }
}
