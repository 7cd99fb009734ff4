//! `parley admin`: one command, from the question to the answer.

use std::io::{self, BufReader, IsTerminal as _, Write as _};

use protocol::{AdminAnswer, AdminCommand, AdminDone};

use crate::args::{Action, Admin};
use crate::invoke::{Error, Function};
use crate::{confirm, output};

/// How a command ended that got its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Refused,
}

/// What stands in the way of an erasure, or what it did.
enum Erased {
    Answer(AdminAnswer),
    NotConfirmed,
}

/// Gives the command and prints what became of it.
///
/// # Errors
/// When there is no answer, or it cannot be printed.
pub(crate) async fn run(admin: Admin) -> Result<Outcome, Error> {
    let Admin { place, json, action } = admin;
    if matches!(action, Action::Erase { yes: false, .. }) && !io::stdin().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let function = Function::of(&place).await?;
    let answer = match &action {
        Action::Erase { user, yes } => match erase(&function, user, *yes).await? {
            Erased::Answer(answer) => answer,
            Erased::NotConfirmed => {
                writeln!(io::stderr(), "parley: that was not the name; nothing was erased")?;
                return Ok(Outcome::Refused);
            }
        },
        other => function.ask(&other.command()).await?,
    };
    if json {
        let answer = serde_json::to_string(&answer).map_err(Error::Answer)?;
        writeln!(io::stdout(), "{answer}")?;
    }
    match answer {
        AdminAnswer::Done(done) => {
            if !json {
                io::stdout().write_all(output::lines(&action, &done).as_bytes())?;
            }
            Ok(Outcome::Done)
        }
        AdminAnswer::Refused { error } => {
            writeln!(io::stderr(), "parley: {}", output::refusal(&action, &error))?;
            Ok(Outcome::Refused)
        }
    }
}

/// Erases until there is no more. The id is asked for, which outlives the name.
async fn erase(function: &Function, user: &str, yes: bool) -> Result<Erased, Error> {
    let shown = function.ask(&AdminCommand::Show { user: user.to_owned() }).await?;
    let AdminAnswer::Done(AdminDone { user, .. }) = shown else {
        return Ok(Erased::Answer(shown));
    };
    if !yes && !confirm::erasure(&user, BufReader::new(io::stdin()), io::stderr())? {
        return Ok(Erased::NotConfirmed);
    }
    let command = AdminCommand::Erase { user: user.user_id };
    let mut erased = 0;
    loop {
        match function.ask(&command).await? {
            AdminAnswer::Done(done) => {
                erased += done.erased;
                if !done.more {
                    return Ok(Erased::Answer(AdminAnswer::Done(AdminDone { erased, ..done })));
                }
                drop(writeln!(io::stderr(), "{erased} messages erased, there are more"));
            }
            refused @ AdminAnswer::Refused { .. } => return Ok(Erased::Answer(refused)),
        }
    }
}
