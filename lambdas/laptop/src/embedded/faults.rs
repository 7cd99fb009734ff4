//! Faults that tests inject into the calls which the functions make.
//!
//! Only the handle that [`start`](crate::start) returns reaches this; the shipped binary never
//! touches it. Without a rule a call costs one uncontended lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// What a call meets instead of its normal answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Another transaction holds one of the items. A transaction is cancelled with the reason
    /// `TransactionConflict` for one item and `None` for the others; any other write answers
    /// `TransactionConflictException`.
    TransactionConflict,
    /// The service's own throttling error.
    Throttling,
    /// The service's own 500.
    InternalServerError,
    /// No answer at all: the caller must give up by itself.
    Hang,
    /// 410, as `PostToConnection` to a socket that is gone.
    Gone,
    /// 429, as `PostToConnection` to a socket whose buffer is full.
    LimitExceeded,
    /// The calling function's task unwinds, as if the function had crashed in this call.
    Crash,
    /// The call's own answer, but late: [`before`](Match::before) for a request that is long under way,
    /// [`after`](Match::after) for such an answer. A caller that gives up meanwhile does not keep the
    /// request from being carried out.
    Delay(Duration),
}

/// Whether a faulty call has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// The fault comes first: nothing is applied.
    #[default]
    Before,
    /// The call is applied, and then the fault is answered.
    After,
}

/// Which calls a rule is for. Finish it with [`with`](Match::with).
#[derive(Debug, Clone)]
pub struct Match {
    operations: Vec<String>,
    function: Option<String>,
    connection: Option<String>,
    younger_than: Option<Duration>,
    probability: f64,
    skip: u64,
    times: Option<u64>,
    when: When,
}

impl Match {
    /// Only calls of this function.
    #[must_use]
    pub fn function(mut self, name: impl Into<String>) -> Self {
        self.function = Some(name.into());
        self
    }

    /// Only `@connections` calls for this connection id.
    #[must_use]
    pub fn connection(mut self, id: impl Into<String>) -> Self {
        self.connection = Some(id.into());
        self
    }

    /// Only `@connections` calls for sockets that have been open for less: API Gateway may answer 410
    /// for a socket that is still opening.
    #[must_use]
    pub fn younger_than(mut self, age: Duration) -> Self {
        self.younger_than = Some(age);
        self
    }

    /// Each matching call fails with this probability, between 0 and 1; always when not said.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// The first `calls` matching calls pass: "crash after the k-th post".
    #[must_use]
    pub fn skip(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// The rule ends after it fired so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// The call is not applied; so it is when nothing is said.
    #[must_use]
    pub fn before(mut self) -> Self {
        self.when = When::Before;
        self
    }

    /// The call is applied, and then answered with the fault.
    #[must_use]
    pub fn after(mut self) -> Self {
        self.when = When::After;
        self
    }

    /// The rule: these calls meet `fault`.
    #[must_use]
    pub fn with(self, fault: Fault) -> Rule {
        Rule { matches: self, fault }
    }

    fn takes(&self, function: &str, operation: &str, socket: Option<Socket<'_>>) -> bool {
        let id = socket.map(|socket| socket.id);
        let age = socket.and_then(|socket| socket.age);
        self.operations.iter().any(|wanted| wanted == operation)
            && self.function.as_deref().is_none_or(|wanted| wanted == function)
            && self.connection.as_deref().is_none_or(|wanted| Some(wanted) == id)
            && self.younger_than.is_none_or(|limit| age.is_some_and(|age| age < limit))
    }
}

/// A fault and the calls it is for.
#[derive(Debug, Clone)]
pub struct Rule {
    matches: Match,
    fault: Fault,
}

impl Rule {
    /// Begins a rule for an API operation: `TransactWriteItems`, `Query`, `PostToConnection`,
    /// `Sign`; or for `$disconnect`, which API Gateway does not promise to run: whatever the fault, it
    /// does not.
    #[must_use]
    pub fn on(operation: impl Into<String>) -> Match {
        Self::on_any([operation])
    }

    /// Begins a rule for several of them.
    #[must_use]
    pub fn on_any(operations: impl IntoIterator<Item = impl Into<String>>) -> Match {
        Match {
            operations: operations.into_iter().map(Into::into).collect(),
            function: None,
            connection: None,
            younger_than: None,
            probability: 1.0,
            skip: 0,
            times: None,
            when: When::Before,
        }
    }
}

/// The rules in force. Clones share them.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    rules: Vec<Active>,
    next_id: u64,
    random: fastrand::Rng,
}

#[derive(Debug)]
struct Active {
    id: u64,
    rule: Rule,
    seen: u64,
    fired: watch::Sender<u64>,
}

/// The socket that an `@connections` call is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Socket<'a> {
    pub(crate) id: &'a str,
    /// How long it has been open; nothing for one that is not.
    pub(crate) age: Option<Duration>,
}

/// A decision about one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) fault: Fault,
    pub(crate) when: When,
    /// A number for choices inside the fault, from the same seed.
    pub(crate) draw: usize,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self(Arc::new(Mutex::new(State { rules: Vec::new(), next_id: 0, random })))
    }

    // The state is valid after every statement, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule. When several take a call, the oldest that fires wins.
    pub fn inject(&self, rule: Rule) -> RuleHandle {
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        let (fired, watch) = watch::channel(0);
        state.rules.push(Active { id, rule, seen: 0, fired });
        RuleHandle { id, fired: watch, faults: self.clone() }
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.state().rules.clear();
    }

    pub(crate) fn decide(
        &self,
        function: &str,
        operation: &str,
        socket: Option<Socket<'_>>,
    ) -> Option<Verdict> {
        let mut state = self.state();
        let State { rules, random, .. } = &mut *state;
        for active in rules {
            let matches = &active.rule.matches;
            if !matches.takes(function, operation, socket) {
                continue;
            }
            active.seen += 1;
            let spent = matches.times.is_some_and(|times| *active.fired.borrow() >= times);
            if active.seen <= matches.skip || spent {
                continue;
            }
            if matches.probability < 1.0 && random.f64() >= matches.probability {
                continue;
            }
            active.fired.send_modify(|fired| *fired += 1);
            let draw = random.usize(..);
            return Some(Verdict { fault: active.rule.fault, when: matches.when, draw });
        }
        None
    }
}

/// An injected rule. It stays in force when this is dropped.
#[derive(Debug, Clone)]
pub struct RuleHandle {
    id: u64,
    fired: watch::Receiver<u64>,
    faults: Faults,
}

impl RuleHandle {
    /// How often the rule fired.
    #[must_use]
    pub fn fired(&self) -> u64 {
        *self.fired.borrow()
    }

    /// Waits until the rule has fired `times` times; returns how often it fired, which is less when
    /// the rule was removed meanwhile.
    pub async fn wait_fired(&self, times: u64) -> u64 {
        let mut fired = self.fired.clone();
        match fired.wait_for(|fired| *fired >= times).await {
            Ok(fired) => *fired,
            Err(_) => self.fired(),
        }
    }

    /// Takes the rule out of force.
    pub fn remove(&self) {
        self.faults.state().rules.retain(|active| active.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(faults: &Faults, calls: usize) -> Vec<bool> {
        (0..calls).map(|_| faults.decide("f", "Query", None).is_some()).collect()
    }

    #[test]
    fn skips_then_fires_a_number_of_times() {
        let faults = Faults::new(1);
        let handle = faults.inject(Rule::on("Query").skip(2).times(1).with(Fault::Crash));
        assert_eq!(fires(&faults, 4), [false, false, true, false]);
        assert_eq!(handle.fired(), 1);
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let draw = |seed| {
            let faults = Faults::new(seed);
            faults.inject(Rule::on("Query").probability(0.5).with(Fault::Throttling));
            fires(&faults, 64)
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).contains(&true) && draw(7).contains(&false));
    }

    #[test]
    fn matches_function_operation_and_connection() {
        let faults = Faults::new(1);
        let rule = Rule::on("PostToConnection").function("send-message").connection("a=");
        faults.inject(rule.with(Fault::Gone));
        let socket = |id| Some(Socket { id, age: None });
        assert!(faults.decide("send-message", "PostToConnection", socket("a=")).is_some());
        assert!(faults.decide("send-message", "PostToConnection", socket("b=")).is_none());
        assert!(faults.decide("accounts", "PostToConnection", socket("a=")).is_none());
        assert!(faults.decide("send-message", "GetConnection", socket("a=")).is_none());
    }

    #[test]
    fn matches_any_of_its_operations() {
        let faults = Faults::new(1);
        faults.inject(Rule::on_any(["Query", "GetItem"]).with(Fault::Throttling));
        let fires = |operation| faults.decide("f", operation, None).is_some();
        assert_eq!(["Query", "GetItem", "PutItem"].map(fires), [true, true, false]);
    }

    #[test]
    fn matches_young_sockets() {
        let faults = Faults::new(1);
        let second = Duration::from_secs(1);
        faults.inject(Rule::on("PostToConnection").younger_than(second).with(Fault::Gone));
        let fires = |age| {
            let socket = Some(Socket { id: "a=", age });
            faults.decide("f", "PostToConnection", socket).is_some()
        };
        assert_eq!([None, Some(Duration::ZERO), Some(second)].map(fires), [false, true, false]);
        assert!(faults.decide("f", "PostToConnection", None).is_none());
    }

    #[test]
    fn a_removed_rule_is_silent() {
        let faults = Faults::new(1);
        let handle = faults.inject(Rule::on("Query").with(Fault::Gone));
        handle.remove();
        assert_eq!(fires(&faults, 2), [false, false]);
    }
}
