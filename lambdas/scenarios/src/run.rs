//! The scenarios, one after another, on a body that outlives them.

use std::io::{self, Write};
use std::time::Duration;

use crate::report::Report;
use crate::{ALL, Body, Call, Capability, Failure, Scenario};

/// The longest that a scenario may take on the slowest of bodies.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs these scenarios, or all that the body can do when none is named, and says whether all
/// passed.
///
/// # Errors
/// When nothing answers at the body's address, when a named scenario needs what the body lacks, or
/// when the report cannot be written.
pub async fn run(body: &Body, only: &[Scenario], out: impl Write) -> Result<bool, Failure> {
    for scenario in only {
        let lacking = body.lacks(scenario.needs);
        if !lacking.is_empty() {
            return Err(Failure::new(why_left_out(&lacking)).during(scenario.name));
        }
    }
    body.call(Call::get("/ping")).await?;

    let mut report = Report::new(out);
    for scenario in if only.is_empty() { ALL } else { only } {
        let lacking = body.lacks(scenario.needs);
        if lacking.is_empty() {
            report.check(scenario.name, LIMIT, scenario.run(body)).await?;
        } else {
            report.leave_out(scenario.name, why_left_out(&lacking))?;
        }
    }
    Ok(report.end()?)
}

/// Writes the name of each scenario, and what it needs.
///
/// # Errors
/// When they cannot be written.
pub fn list(mut out: impl Write) -> io::Result<()> {
    for scenario in ALL {
        let line = format!("{} {}", scenario.name, names(scenario.needs));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn why_left_out(lacking: &[Capability]) -> String {
    format!("the body lacks {}", names(lacking))
}

fn names(capabilities: &[Capability]) -> String {
    let names: Vec<String> = capabilities.iter().map(ToString::to_string).collect();
    names.join(",")
}
