//! The history checker on the laptop in simulated time: what goes wrong, and when, comes from a seed,
//! so that a run that fails can be had again.

mod simulated;
mod storm;

use std::env;
use std::io::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use laptop::simulation::{self, Config, Simulation};
use scenarios::history::{self, Plan, Record, Tally};
use scenarios::{Failure, Outcome, ensure};

use crate::support::to_settings;
use storm::Storm;

/// How many changes one seed's run goes on for: a failing one is to be read by people.
const RUN: usize = 200;

/// A run of one seed.
fn run(seed: u64, clients: usize, changes: usize) -> Result<Record, Failure> {
    simulation::run(seed, async {
        // Sockets are handed over again and again; every other run has what a deploy has, too.
        let handover = ["60000", "20000"][usize::from(seed % 2 == 1)];
        let settings = to_settings(&[("HANDOVER_AFTER_MS", handover)]);
        let simulation = Simulation::start(Config { settings, ..Config::default() }).await?;
        let simulation = Arc::new(simulation);
        let people: Vec<_> = (0..clients.div_ceil(2) + 1).map(simulated::person).collect();
        let storm = Storm::new(simulation.faults(), clients);
        let plan = Plan::simulated(seed, clients, changes);
        history::play(&simulated::body(&simulation)?, &people, &plan, &storm).await
    })?
}

/// A setting of `make soak`.
fn setting<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Seeds one after another, until so many changes are acknowledged: a few in `make test`, many in
/// `make soak`.
#[test]
fn every_history_keeps_the_rules() -> Outcome {
    let first: u64 = setting("SEED").unwrap_or(1);
    let wanted: usize = setting("CHANGES").unwrap_or(1_000);
    let mut all = Tally::default();
    for seed in first.. {
        let clients = setting("CLIENTS").unwrap_or(4 + usize::try_from(seed % 6)?);
        let told = |failure: Failure| {
            failure.during(format!(
                "seed {seed}; to have it again: make soak SEED={seed} CHANGES=1 CLIENTS={clients}"
            ))
        };
        let record = run(seed, clients, RUN).map_err(told)?;
        all += history::judge(&record).map_err(told)?;
        writeln!(std::io::stderr(), "seed {seed}, {clients} clients: {all}")?;
        if all.total() >= wanted {
            break;
        }
    }
    ensure!(all.resent > 0 && all.duplicates > 0 && all.refused > 0, "little went wrong: {all}");
    Ok(())
}

/// The same seed, the same run, down to the last frame; another seed, another.
#[test]
fn a_seed_has_one_history() -> Outcome {
    let one = run(7, 5, 60)?.trace();
    let again = run(7, 5, 60)?.trace();
    if let Some((line, (one, again))) =
        one.lines().zip(again.lines()).enumerate().find(|(_, (one, again))| one != again)
    {
        return Err(Failure::new(format!("line {line} was\n{one}\nand is\n{again}")));
    }
    ensure!(one.len() == again.len(), "one trace is longer");
    ensure!(one != run(8, 5, 60)?.trace(), "two seeds have one trace");
    Ok(())
}
