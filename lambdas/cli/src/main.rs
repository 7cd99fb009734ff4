//! `parley`: the command line of whoever runs a Parley.

mod actor;
mod admin;
mod args;
mod confirm;
mod invoke;
mod output;
#[cfg(unix)]
mod unix;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use crate::admin::Outcome;
use crate::args::{Command, Program};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Program { command: Command::Admin(admin) } = Program::parse();
    match admin::run(admin).await {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Err(error) => {
            // The line is for a person; nothing is left to do if stderr is closed.
            drop(writeln!(io::stderr(), "parley: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
