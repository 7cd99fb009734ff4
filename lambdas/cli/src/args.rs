//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::{AdminCommand, Role};

/// The command line of whoever runs a Parley.
#[derive(Debug, Parser)]
#[command(name = "parley", version, about)]
pub(crate) struct Program {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, look up, restrict and erase accounts
    Admin(Admin),
}

const EXAMPLES: &str = "\
Examples:
  parley admin create-user ada --email ada@example.com
                                        on the laptop that serves .parley
  parley admin --data /srv/chat show ada
                                        on the laptop that serves /srv/chat
  parley admin --env prod disable mallory
                                        on AWS: the function parley-prod-admin
  parley admin --env dev erase u_5fQ2 --yes --json

USER is a user name, a confirmed e-mail address or a user id.

On a laptop whoever may open DIR/admin.sock may give these commands. On AWS it takes the right
lambda:InvokeFunction; Region and credentials come from the environment or a profile, as for the AWS
CLI (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL). For a profile of IAM Identity Center, first:
  eval \"$(aws configure export-credentials --format env)\"

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Admin {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print the answer as JSON, refusals too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// Which Parley.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The data directory of the laptop [env: DATA] [default: .parley]
    #[arg(long, value_name = "DIR", global = true, conflicts_with_all = ["env", "function"])]
    pub(crate) data: Option<PathBuf>,
    /// The environment on AWS
    #[arg(long, value_name = "ENV", global = true, value_enum)]
    pub(crate) env: Option<Environment>,
    /// The function on AWS, when it is not parley-ENV-admin
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) function: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Environment {
    Dev,
    Staging,
    Prod,
}

impl Place {
    /// The function on AWS; none when a laptop is meant.
    pub(crate) fn function(&self) -> Option<String> {
        let named = self.env.map(|env| {
            let env = match env {
                Environment::Dev => "dev",
                Environment::Staging => "staging",
                Environment::Prod => "prod",
            };
            format!("parley-{env}-admin")
        });
        self.function.clone().or(named)
    }

    /// The data directory of the laptop.
    pub(crate) fn data(&self) -> PathBuf {
        let variable = || std::env::var_os("DATA").filter(|data| !data.is_empty());
        self.data.clone().or_else(|| variable().map(PathBuf::from)).unwrap_or(".parley".into())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Make an account; prints a link by which its owner chooses a password
    CreateUser {
        /// The name others will see
        name: String,
        /// An address that is known to be theirs: it needs no confirmation
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// What they may do
        #[arg(long, default_value = "user")]
        role: RoleName,
    },
    /// Make another link by which somebody chooses a password: for who forgot theirs and gets no mail
    NewLink {
        /// A user name, a confirmed e-mail address or a user id
        user: String,
    },
    /// Tell what there is to know of somebody
    Show {
        /// A user name, a confirmed e-mail address or a user id
        user: String,
    },
    /// Give somebody another role
    SetRole {
        /// A user name, a confirmed e-mail address or a user id
        user: String,
        /// What they may do
        role: RoleName,
    },
    /// Keep somebody out until they are enabled, and end their sessions and sockets
    Disable {
        /// A user name, a confirmed e-mail address or a user id
        user: String,
    },
    /// Let somebody in again
    Enable {
        /// A user name, a confirmed e-mail address or a user id
        user: String,
    },
    /// End all of somebody's sessions and sockets; they may log in again
    EndSessions {
        /// A user name, a confirmed e-mail address or a user id
        user: String,
    },
    /// Remove somebody's data for good, after a question
    #[command(long_about = "Remove somebody's data for good.\n\nTheir account, addresses and \
        sessions go, and the text of all their messages. What stays: in the rooms, the places where \
        the messages were; and the name, so that nobody can take it and pass for them. It cannot be \
        undone. When it was broken off, the same command goes on.")]
    Erase {
        /// A user name, a confirmed e-mail address or a user id
        user: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleName {
    User,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Admin => Self::Admin,
        }
    }
}

impl Action {
    /// What is asked of the function.
    pub(crate) fn command(&self) -> AdminCommand {
        match self {
            Self::CreateUser { name, email, role } => {
                let (username, email) = (name.clone(), email.clone());
                AdminCommand::CreateUser { username, email, role: (*role).into() }
            }
            Self::NewLink { user } => AdminCommand::NewLink { user: user.clone() },
            Self::Show { user } => AdminCommand::Show { user: user.clone() },
            Self::SetRole { user, role } => {
                AdminCommand::SetRole { user: user.clone(), role: (*role).into() }
            }
            Self::Disable { user } => AdminCommand::Disable { user: user.clone() },
            Self::Enable { user } => AdminCommand::Enable { user: user.clone() },
            Self::EndSessions { user } => AdminCommand::EndSessions { user: user.clone() },
            Self::Erase { user, .. } => AdminCommand::Erase { user: user.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Admin, clap::Error> {
        let words = ["parley", "admin"].into_iter().chain(line.split(' '));
        Program::try_parse_from(words).map(|Program { command: Command::Admin(admin) }| admin)
    }

    fn command(line: &str) -> AdminCommand {
        parse(line).unwrap().action.command()
    }

    fn user() -> String {
        "ada".to_owned()
    }

    // Their Debug shows no field.
    fn assert_same(actual: &AdminCommand, expected: &AdminCommand) {
        let json = |command| serde_json::to_value(command).unwrap();
        assert_eq!(json(actual), json(expected));
    }

    #[test]
    fn each_command_is_one_of_the_functions() {
        let plain = AdminCommand::CreateUser { username: user(), email: None, role: Role::User };
        assert_same(&command("create-user ada"), &plain);
        let email = Some("ada@example.com".to_owned());
        let full = AdminCommand::CreateUser { username: user(), email, role: Role::Admin };
        assert_same(&command("create-user ada --email ada@example.com --role admin"), &full);
        assert_same(&command("new-link ada"), &AdminCommand::NewLink { user: user() });
        assert_same(&command("show ada"), &AdminCommand::Show { user: user() });
        let set = AdminCommand::SetRole { user: user(), role: Role::Admin };
        assert_same(&command("set-role ada admin"), &set);
        assert_same(&command("disable ada"), &AdminCommand::Disable { user: user() });
        assert_same(&command("enable ada"), &AdminCommand::Enable { user: user() });
        assert_same(&command("end-sessions ada"), &AdminCommand::EndSessions { user: user() });
        assert_same(&command("erase ada --yes"), &AdminCommand::Erase { user: user() });
    }

    #[test]
    fn the_place_stands_before_or_after_the_command() {
        let function = |line| parse(line).unwrap().place.function();
        assert_eq!(function("show ada"), None);
        assert_eq!(function("--env dev show ada").as_deref(), Some("parley-dev-admin"));
        assert_eq!(function("show ada --env prod").as_deref(), Some("parley-prod-admin"));
        assert_eq!(function("show ada --function other").as_deref(), Some("other"));
        assert_eq!(function("--env dev --function other show ada").as_deref(), Some("other"));
        assert_eq!(
            parse("show ada --data /srv/chat").unwrap().place.data().to_str(),
            Some("/srv/chat")
        );
    }

    #[test]
    fn wrong_usage() {
        let kind = |line| parse(line).unwrap_err().kind();
        for (line, expected) in [
            ("show", ErrorKind::MissingRequiredArgument),
            ("set-role ada emperor", ErrorKind::InvalidValue),
            ("--env moon show ada", ErrorKind::InvalidValue),
            ("--data here --env dev show ada", ErrorKind::ArgumentConflict),
            ("show ada --data here --function f", ErrorKind::ArgumentConflict),
            ("conquer", ErrorKind::InvalidSubcommand),
        ] {
            assert_eq!(kind(line), expected, "{line}");
        }
    }
}
