//! Faults of the services, drawn from the seed: now these, now those.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use laptop::embedded::{Fault, Faults, Match, Rule};
use scenarios::history::Weather;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// A socket that is still opening may answer 410 for so long. Below the grace that keeps its row.
const OPENING: Duration = Duration::from_secs(30);

/// The faults that one simulation meets.
#[derive(Debug)]
pub(super) struct Storm {
    faults: Faults,
    sockets: u64,
    task: Mutex<Option<AbortHandle>>,
}

impl Storm {
    /// One over so many clients: a function crashes after any number of posts up to that.
    pub(super) fn new(faults: &Faults, clients: usize) -> Self {
        Self { faults: faults.clone(), sockets: clients as u64, task: Mutex::new(None) }
    }
}

impl Weather for Storm {
    fn begin(&self) {
        let (faults, sockets) = (self.faults.clone(), self.sockets);
        let storm = tokio::spawn(async move {
            for crash_after in (0..sockets).cycle() {
                faults.clear();
                for _ in 0..fastrand::u32(0..4) {
                    faults.inject(fault());
                }
                let function = if fastrand::u32(..4) == 0 { "rooms" } else { "send-message" };
                let crash = Rule::on("PostToConnection").function(function).skip(crash_after);
                faults.inject(crash.times(1).with(Fault::Crash));
                sleep(Duration::from_millis(fastrand::u64(1_000..10_000))).await;
            }
        });
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(storm.abort_handle());
    }

    fn end(&self) {
        if let Some(storm) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            storm.abort();
        }
        self.faults.clear();
    }
}

fn at(matches: Match) -> Match {
    let matches = matches.probability(fastrand::f64() * 0.3);
    if fastrand::bool() { matches.before() } else { matches.after() }
}

/// A service's own fault, or none at all.
fn any() -> Fault {
    match fastrand::u32(..5) {
        0 => Fault::Throttling,
        1 => Fault::InternalServerError,
        2 => Fault::Hang,
        3 => Fault::Crash,
        _ => Fault::Delay(Duration::from_millis(fastrand::u64(..3_000))),
    }
}

fn fault() -> Rule {
    let commit = || at(Rule::on("TransactWriteItems"));
    let post = || at(Rule::on("PostToConnection"));
    match fastrand::u32(..9) {
        0 | 1 => commit().with(Fault::TransactionConflict),
        2 | 3 => commit().with(any()),
        4 => post().with(any()),
        5 => post().with(Fault::LimitExceeded),
        6 => Rule::on("PostToConnection").younger_than(OPENING).with(Fault::Gone),
        7 => at(Rule::on_any(["Query", "GetItem"])).with(any()),
        _ => at(Rule::on_any(["PutItem", "UpdateItem", "DeleteItem", "$disconnect"])).with(any()),
    }
}
