//! Faults of the services, drawn from the seed: now these, now those.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use laptop::embedded::{Fault, Faults, Match, Rule, RuleHandle};
use scenarios::history::Weather;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// A socket that is still opening may answer 410 for so long. Below the grace that keeps its row.
const OPENING: Duration = Duration::from_secs(30);

/// The faults that one simulation meets.
#[derive(Debug, Clone)]
pub(super) struct Storm {
    faults: Faults,
    sockets: u64,
    task: Arc<Mutex<Option<AbortHandle>>>,
    injected: Arc<Mutex<Vec<(&'static str, RuleHandle)>>>,
}

/// What [`Storm::fired`] counts: whatever is never met proves nothing.
pub(super) const KINDS: [&str; 9] = [
    "a conflict of a commit",
    "another fault of a commit",
    "a fault of a post",
    "429 of a post",
    "410 of a young socket",
    "a fault of a read",
    "a fault of another write",
    "a crash before a post",
    "a crash after a post",
];

impl Storm {
    /// One over so many clients: a function crashes after any number of posts up to that.
    pub(super) fn new(faults: &Faults, clients: usize) -> Self {
        let sockets = clients as u64;
        Self { faults: faults.clone(), sockets, task: Arc::default(), injected: Arc::default() }
    }

    /// How often each kind of fault was met.
    pub(super) fn fired(&self) -> BTreeMap<&'static str, u64> {
        let mut fired = BTreeMap::new();
        for (kind, rule) in lock(&self.injected).iter() {
            *fired.entry(*kind).or_default() += rule.fired();
        }
        fired
    }

    fn inject(&self, kind: &'static str, rule: Rule) {
        lock(&self.injected).push((kind, self.faults.inject(rule)));
    }

    async fn rage(self) {
        for posts in (0..self.sockets).cycle() {
            self.faults.clear();
            // First, so that no other rule takes a post from its count.
            let function = if fastrand::u32(..4) == 0 { "rooms" } else { "send-message" };
            let crash = Rule::on("PostToConnection").function(function).skip(posts).times(1);
            let (kind, crash) = if fastrand::bool() {
                ("a crash before a post", crash.before())
            } else {
                ("a crash after a post", crash.after())
            };
            self.inject(kind, crash.with(Fault::Crash));
            for _ in 0..fastrand::u32(0..4) {
                let (kind, rule) = fault();
                self.inject(kind, rule);
            }
            sleep(Duration::from_millis(fastrand::u64(1_000..10_000))).await;
        }
    }
}

impl Weather for Storm {
    fn begin(&self) {
        *lock(&self.task) = Some(tokio::spawn(self.clone().rage()).abort_handle());
    }

    fn end(&self) {
        if let Some(storm) = lock(&self.task).take() {
            storm.abort();
        }
        self.faults.clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

fn fault() -> (&'static str, Rule) {
    let commit = || at(Rule::on("TransactWriteItems"));
    let post = || at(Rule::on("PostToConnection"));
    let reads = ["BatchGetItem", "GetItem", "Query"];
    let writes = ["PutItem", "UpdateItem", "DeleteItem", "$disconnect"];
    match fastrand::u32(..9) {
        0 | 1 => ("a conflict of a commit", commit().with(Fault::TransactionConflict)),
        2 | 3 => ("another fault of a commit", commit().with(any())),
        4 => ("a fault of a post", post().with(any())),
        5 => ("429 of a post", post().with(Fault::LimitExceeded)),
        6 => {
            let young = Rule::on("PostToConnection").younger_than(OPENING);
            ("410 of a young socket", young.with(Fault::Gone))
        }
        7 => ("a fault of a read", at(Rule::on_any(reads)).with(any())),
        _ => ("a fault of another write", at(Rule::on_any(writes)).with(any())),
    }
}
