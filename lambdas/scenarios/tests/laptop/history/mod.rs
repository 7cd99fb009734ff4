//! The history checker on the laptop in simulated time: what goes wrong, and when, comes from a seed,
//! so that a run that fails can be had again.

mod simulated;
mod storm;

use std::collections::BTreeMap;
use std::env;
use std::io::Write as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use laptop::embedded::Faults;
use laptop::gateway::Limits;
use laptop::simulation::{self, Config, Simulation};
use scenarios::history::{self, Plan, Record, Tally, Weather};
use scenarios::{Failure, Outcome, ensure, ensure_eq};

use crate::support::to_settings;
use storm::{KINDS, Storm};

/// How many changes one seed's run goes on for: a failing one is to be read by people.
const RUN: usize = 200;

/// A run of one seed in a storm: sockets are handed over again and again, and writers race where the
/// room's queue does not hold them back.
fn run(seed: u64, clients: usize, changes: usize) -> Result<(Record, Storm), Failure> {
    let handover = if seed.is_multiple_of(2) { "60000" } else { "20000" };
    let queue = if seed.is_multiple_of(3) { "off" } else { "on" };
    let settings = to_settings(&[("HANDOVER_AFTER_MS", handover), ("ROOM_QUEUE", queue)]);
    let config = Config { settings, ..Config::default() };
    let plan = Plan::simulated(seed, clients, changes);
    simulate(&plan, config, |faults| Storm::new(faults, clients))
}

fn simulate<W: Weather>(
    plan: &Plan,
    config: Config,
    weather: impl FnOnce(&Faults) -> W,
) -> Result<(Record, W), Failure> {
    simulation::run(plan.seed, async {
        let simulation = Arc::new(Simulation::start(config).await?);
        let people: Vec<_> = (0..plan.clients.div_ceil(2) + 1).map(simulated::person).collect();
        let weather = weather(simulation.faults());
        let body = simulated::body(&simulation)?;
        let record = history::play(&body, &people, plan, &weather).await?;
        Ok((record, weather))
    })?
}

/// A setting of `make soak`; nothing when it is not set, or empty.
fn setting<T: FromStr>(name: &str) -> Result<Option<T>, Failure> {
    match env::var(name) {
        Ok(value) if !value.is_empty() => {
            let parsed = value.parse().map(Some);
            parsed.map_err(|_| Failure::new(format!("{name}={value} is no such number")))
        }
        _ => Ok(None),
    }
}

/// Seeds one after another, until so many changes are acknowledged: a few in `make test`, many in
/// `make soak`.
#[test]
fn every_history_keeps_the_rules() -> Outcome {
    let first: u64 = setting("SEED")?.unwrap_or(1);
    let wanted: usize = setting("CHANGES")?.unwrap_or(1_000);
    let (mut all, mut met) = (Tally::default(), BTreeMap::new());
    for seed in first.. {
        let clients = setting("CLIENTS")?.unwrap_or(4 + usize::try_from(seed % 6)?);
        let told = |failure: Failure| {
            failure.during(format!(
                "seed {seed}, which `make soak SEED={seed} CHANGES=1 CLIENTS={clients}` plays again"
            ))
        };
        let (record, storm) = run(seed, clients, RUN).map_err(told)?;
        all += history::judge(&record).map_err(told)?;
        for (kind, fired) in storm.fired() {
            *met.entry(kind).or_insert(0) += fired;
        }
        writeln!(std::io::stderr(), "seed {seed}, {clients} clients: {all}")?;
        if all.total() >= wanted {
            break;
        }
    }
    writeln!(std::io::stderr(), "faults met: {met:?}")?;
    // One seed alone may have been lucky.
    if all.total() >= 1_000 {
        ensure!(
            all.resent > 0 && all.duplicates > 0 && all.refused > 0,
            "little went wrong: {all}"
        );
        ensure_eq!(all.acknowledged.len(), 6, "kinds of changes: {all}");
        for kind in KINDS {
            ensure!(met.get(kind).is_some_and(|fired| *fired > 0), "{kind} was never met: {met:?}");
        }
    }
    Ok(())
}

/// Handover, in time before the cut and in the midst of everything: no socket is lost, no reply either.
#[test]
fn a_handover_keeps_every_pending_reply() -> Outcome {
    let (clients, sockets) = (4, 8);
    let plan = Plan {
        bad_lines: false,
        pause: Duration::from_millis(400),
        ..Plan::simulated(1, clients, 250)
    };
    let settings = [("HANDOVER_AFTER_MS", "5000"), ("RATE_LIMITS", "off")];
    let gateway = Limits { lifetime: Duration::from_secs(7), ..Limits::default() };
    let config = Config { settings: to_settings(&settings), gateway, ..Config::default() };
    let (record, ()) = simulate(&plan, config, |_| ())?;
    let tally = history::judge(&record)?;
    ensure!(tally.sockets > clients * sockets, "sockets lived on: {tally}");
    ensure_eq!((tally.resent, tally.duplicates), (0, 0), "writes made again: {tally}");
    let lost: usize = record.shown.values().map(|shown| shown.losses).sum();
    ensure_eq!(lost, 0, "sockets that were cut");
    Ok(())
}

/// People who write faster than they may are held back, and lose nothing by it.
#[test]
fn a_hurry_is_slowed_and_loses_nothing() -> Outcome {
    let plan =
        Plan { bad_lines: false, pause: Duration::from_millis(10), ..Plan::simulated(1, 4, 400) };
    let (record, ()) = simulate(&plan, Config::default(), |_| ())?;
    let tally = history::judge(&record)?;
    ensure!(tally.limited > 0, "nobody was too fast: {tally}");
    Ok(())
}

/// The same seed, the same run, down to the last frame; another seed, another.
#[test]
fn a_seed_has_one_history() -> Outcome {
    // With writers that race, and handover soon; then with a queue, and handover late.
    for seed in [9, 8] {
        has_one_history(seed)?;
    }
    Ok(())
}

fn has_one_history(seed: u64) -> Outcome {
    let one = run(seed, 5, 60)?.0.trace();
    let again = run(seed, 5, 60)?.0.trace();
    if let Some((line, (one, again))) =
        one.lines().zip(again.lines()).enumerate().find(|(_, (one, again))| one != again)
    {
        return Err(Failure::new(format!("line {line} was\n{one}\nand is\n{again}")));
    }
    ensure!(one.len() == again.len(), "one trace is longer");
    ensure!(one != run(seed + 10, 5, 60)?.0.trace(), "two seeds have one trace");
    Ok(())
}
