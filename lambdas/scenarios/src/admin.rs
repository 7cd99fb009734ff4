use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use protocol::{AdminAnswer, AdminCommand, AdminDone, ErrorCode, Role};
use tokio::process::Command;

use crate::{Body, Failure, ensure_eq, within};

type Run = dyn Fn(AdminCommand) -> BoxFuture<'static, Result<AdminAnswer, Failure>> + Send + Sync;

/// The way to a body's `admin` function.
#[derive(Clone)]
pub struct Admin(Arc<Run>);

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admin").finish()
    }
}

impl Admin {
    /// By a function that carries out a command.
    pub fn by<F>(run: F) -> Self
    where
        F: Fn(AdminCommand) -> BoxFuture<'static, Result<AdminAnswer, Failure>>
            + Send
            + Sync
            + 'static,
    {
        Self(Arc::new(run))
    }

    /// By a command line, as in `target/debug/parley admin --env dev --json`: its words stand apart
    /// by white space.
    #[must_use]
    pub fn program(command: &str) -> Self {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        Self::by(move |command| Box::pin(run(words.clone(), command)))
    }

    /// By the program `parley` at this path, with the function of this name on AWS.
    #[must_use]
    pub fn function(parley: &Path, name: &str) -> Self {
        let program = parley.to_string_lossy().into_owned();
        let words = [program.as_str(), "admin", "--function", name, "--json"].map(str::to_owned);
        Self::by(move |command| Box::pin(run(words.to_vec(), command)))
    }
}

async fn run(words: Vec<String>, command: AdminCommand) -> Result<AdminAnswer, Failure> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| Failure::new("the admin command is empty"))?;
    let name = command.name();
    let ran = Command::new(program)
        .args(arguments)
        .args(self::arguments(command))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ran = within(format!("end of {program} {name}"), ran).await??;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    let answer: AdminAnswer = serde_json::from_slice(&ran.stdout)
        .map_err(|error| Failure::from(error).during(format!("{program} {name}: {said}")))?;
    let code = i32::from(matches!(answer, AdminAnswer::Refused { .. }));
    ensure_eq!(ran.status.code(), Some(code), "exit code of {name}");
    Ok(answer)
}

/// A command as one writes it.
fn arguments(command: AdminCommand) -> Vec<String> {
    let role = |role| match role {
        Role::User => "user".to_owned(),
        Role::Admin => "admin".to_owned(),
    };
    let words = |name: &str, user| vec![name.to_owned(), user];
    match command {
        AdminCommand::CreateUser { username, email, role: of } => {
            let mut words = words("create-user", username);
            words.extend(email.into_iter().flat_map(|email| ["--email".to_owned(), email]));
            words.extend(["--role".to_owned(), role(of)]);
            words
        }
        AdminCommand::NewLink { user } => words("new-link", user),
        AdminCommand::Show { user } => words("show", user),
        AdminCommand::SetRole { user, role: to } => {
            vec!["set-role".to_owned(), user, role(to)]
        }
        AdminCommand::Disable { user } => words("disable", user),
        AdminCommand::Enable { user } => words("enable", user),
        AdminCommand::EndSessions { user } => words("end-sessions", user),
        AdminCommand::Erase { user } => vec!["erase".to_owned(), user, "--yes".to_owned()],
    }
}

impl Body {
    /// Carries out a command.
    ///
    /// # Errors
    /// When it is refused, or there is no way to the function.
    pub async fn admin(&self, command: AdminCommand) -> Result<AdminDone, Failure> {
        let name = command.name();
        match self.try_admin(command).await? {
            AdminAnswer::Done(done) => Ok(done),
            AdminAnswer::Refused { error } => {
                Err(Failure::new(format!("{name} was refused: {error:?}")))
            }
        }
    }

    /// Gives a command that must be refused with this code.
    ///
    /// # Errors
    /// When it is not.
    pub async fn admin_refused(
        &self,
        command: AdminCommand,
        code: ErrorCode,
    ) -> Result<(), Failure> {
        let name = command.name();
        match self.try_admin(command).await? {
            AdminAnswer::Done(_) => Err(Failure::new(format!("{name} was done"))),
            AdminAnswer::Refused { error } => {
                ensure_eq!(error.code, code, "code of the refusal of {name}");
                Ok(())
            }
        }
    }

    async fn try_admin(&self, command: AdminCommand) -> Result<AdminAnswer, Failure> {
        let admin = self.admin.as_ref().ok_or_else(|| Failure::new("no way to the function"))?;
        (admin.0)(command).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_as_its_usage_says() {
        let create = AdminCommand::CreateUser {
            username: "ada".into(),
            email: Some("ada@example.com".into()),
            role: Role::Admin,
        };
        let line = arguments(create).join(" ");
        assert_eq!(line, "create-user ada --email ada@example.com --role admin");
        let erase = AdminCommand::Erase { user: "ada".into() };
        assert_eq!(arguments(erase).join(" "), "erase ada --yes");
    }
}
