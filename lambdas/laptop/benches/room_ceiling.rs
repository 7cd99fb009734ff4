//! How many entries a second one room's log takes, by how many processes append to it: in simulated time,
//! with stated service times, and transactions that conflict as DynamoDB's do. What it prints follows
//! from these and from the code alone, not from the machine.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a report, and a bench fails by panicking"
)]

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use chat::Error;
use chat::log::{Draft, What, Writer};
use chat::rooms::RoomName;
use laptop::embedded::Aws;
use laptop::simulation::{self, Config, ServiceTimes, Simulation};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

/// How long the processes append, in simulated time.
const SPAN: Duration = Duration::from_secs(30);
const PROCESSES: [usize; 5] = [1, 2, 5, 10, 20];

/// What one way of sharing a room came to.
struct Outcome {
    commits: usize,
    transactions: usize,
    /// Appends that were given up after five seconds.
    contended: usize,
    /// How long the appends took that were stored, ascending.
    took: Vec<Duration>,
}

impl Outcome {
    fn per_second(&self) -> f64 {
        count(self.commits) / SPAN.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> Duration {
        let place = self.took.len() * percent / 100;
        self.took.get(place).or(self.took.last()).copied().unwrap_or_default()
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

fn main() {
    let ms = |range: RangeInclusive<u64>| {
        Duration::from_millis(*range.start())..=Duration::from_millis(*range.end())
    };
    println!(
        "one room, {} simulated seconds; each process always has the next message ready",
        SPAN.as_secs()
    );
    for (name, read, transaction) in
        [("quick", ms(2..=4), ms(5..=9)), ("slow", ms(4..=10), ms(10..=30))]
    {
        println!(
            "\n{name}: a read takes {read:?}, a transaction {transaction:?}, each way 0 to 1 ms"
        );
        println!("| processes | entries a second | transactions for each | p50 | p99 | given up |");
        println!("|---|---|---|---|---|---|");
        let mut alone = None;
        for processes in PROCESSES {
            let times = ServiceTimes {
                travel: ms(0..=1),
                read: read.clone(),
                transaction: transaction.clone(),
                ..ServiceTimes::default()
            };
            let outcome = simulation::run(1, share(processes, times)).unwrap();
            println!(
                "| {processes} | {:.0} | {:.2} | {} ms | {} ms | {} |",
                outcome.per_second(),
                count(outcome.transactions) / count(outcome.commits),
                outcome.percentile(50).as_millis(),
                outcome.percentile(99).as_millis(),
                outcome.contended,
            );
            let alone = *alone.get_or_insert(outcome.per_second());
            let kept = outcome.per_second() / alone;
            assert!(kept > 0.5, "{processes} processes get {kept:.2} of what one gets");
        }
    }
}

/// So many processes append to one room, each with a writer, and so a queue, of its own.
async fn share(processes: usize, times: ServiceTimes) -> Outcome {
    let config = Config { services: times, record_requests: true, ..Config::default() };
    let simulation = Simulation::start(config).await.unwrap();
    let took = Rc::new(RefCell::new(Vec::new()));
    let end = Instant::now() + SPAN;
    let mut writers = JoinSet::new();
    let here = LocalSet::new();
    for process in 0..processes {
        let writer = writer(simulation.aws());
        let took = Rc::clone(&took);
        writers.spawn_local_on(append(writer, process, end, took), &here);
    }
    let contended = here.run_until(writers.join_all()).await.into_iter().sum();
    let requests = simulation.aws().requests();
    let transactions =
        requests.iter().filter(|request| request.operation == "TransactWriteItems").count();
    let mut took = took.take();
    took.sort_unstable();
    Outcome { commits: took.len(), transactions, contended, took }
}

fn writer(aws: &Aws) -> Writer {
    let settings = aws.settings("send-message");
    let mut read = settings.read();
    let writer = Writer::new(&aws.sdk_config("send-message"), &mut read);
    read.finish().unwrap();
    writer
}

/// Appends until the end; says how many times the room stayed contended.
async fn append(
    writer: Writer,
    process: usize,
    end: Instant,
    took: Rc<RefCell<Vec<Duration>>>,
) -> usize {
    let mut contended = 0;
    for number in 0.. {
        if Instant::now() >= end {
            break;
        }
        let draft = Draft {
            room: RoomName::general(),
            user_id: format!("u_{process}"),
            username: format!("p{process}"),
            client_id: number.to_string(),
            what: What::Message { content: "hi".to_owned() },
            along: Vec::new(),
        };
        let begun = Instant::now();
        match writer.append(&draft).await {
            Ok(_) => took.borrow_mut().push(begun.elapsed()),
            Err(Error::Contended(_)) => contended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    contended
}
