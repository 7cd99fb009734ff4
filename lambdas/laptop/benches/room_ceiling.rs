//! How many entries a second one room's log takes: in simulated time, with stated service times, and
//! transactions that conflict as DynamoDB's do. What it prints follows from these and from the code
//! alone, not from the machine. Fails when processes that share a room get much less than one alone.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark says its figures, and fails by panicking"
)]

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use chat::Error;
use chat::log::{Draft, What, Writer};
use chat::rooms::RoomName;
use laptop::simulation::{self, Config, ServiceTimes, Simulation};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

/// How long entries are appended, in simulated time.
const SPAN: Duration = Duration::from_secs(20);
/// Processes that always have the next message ready.
const PROCESSES: [usize; 4] = [1, 2, 5, 20];
/// Messages a second of a room, each in a process of its own.
const RATES: [u32; 4] = [5, 10, 20, 40];
/// What processes together get of what one gets alone, at the least.
const KEPT: f64 = 0.8;

/// What became of the appends to one room.
#[derive(Default)]
struct Outcome {
    /// How long those took that were stored.
    took: Vec<Duration>,
    /// Those that were given up after five seconds.
    given_up: usize,
    /// The transactions of all.
    transactions: usize,
}

impl Outcome {
    fn per_second(&self) -> f64 {
        count(self.took.len()) / SPAN.as_secs_f64()
    }

    fn row(mut self) -> String {
        self.took.sort_unstable();
        let percentile = |percent: usize| {
            let place = self.took.len() * percent / 100;
            self.took.get(place).map_or(0, Duration::as_millis)
        };
        format!(
            "{:.0} | {:.2} | {} ms | {} ms | {} |",
            self.per_second(),
            count(self.transactions) / count(self.took.len()),
            percentile(50),
            percentile(99),
            self.given_up
        )
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

fn ms(range: RangeInclusive<u64>) -> RangeInclusive<Duration> {
    Duration::from_millis(*range.start())..=Duration::from_millis(*range.end())
}

const COLUMNS: &str =
    "entries a second | transactions for each | p50 | p99 | given up |\n|---|---|---|---|---|---|";

fn main() {
    for (read, transaction) in [(2..=4, 5..=9), (4..=10, 10..=30)] {
        let times = ServiceTimes {
            travel: ms(0..=1),
            read: ms(read.clone()),
            transaction: ms(transaction.clone()),
            ..ServiceTimes::default()
        };
        println!(
            "\nA read takes {read:?} ms, a transaction {transaction:?} ms, each way 0 to 1 ms."
        );

        println!("\n| processes that always have the next message | {COLUMNS}");
        let mut alone = None;
        for processes in PROCESSES {
            let outcome = simulation::run(1, saturated(processes, times.clone())).unwrap();
            let got = outcome.per_second();
            println!("| {processes} | {}", outcome.row());
            let kept = got / *alone.get_or_insert(got);
            assert!(kept >= KEPT, "{processes} processes get {kept:.2} of what one gets");
        }

        println!("\n| messages a second, each in a process of its own | {COLUMNS}");
        for rate in RATES {
            let outcome = simulation::run(1, offered(rate, times.clone())).unwrap();
            println!("| {rate} | {}", outcome.row());
        }
    }
}

/// One room, and what is appended to it.
struct Room {
    simulation: Simulation,
    outcome: RefCell<Outcome>,
}

impl Room {
    async fn new(services: ServiceTimes, queue: &str) -> Rc<Self> {
        let settings = [("ROOM_QUEUE".to_owned(), queue.to_owned())].into();
        let config = Config { settings, services, record_requests: true, ..Config::default() };
        let simulation = Simulation::start(config).await.unwrap();
        Rc::new(Self { simulation, outcome: RefCell::default() })
    }

    fn writer(&self) -> Writer {
        let settings = self.simulation.aws().settings("send-message");
        let mut read = settings.read();
        let aws = self.simulation.aws().sdk_config("send-message");
        let writer = Writer::new(&aws, &mut read);
        read.finish().unwrap();
        writer
    }

    async fn append(&self, writer: &Writer, user_id: String, number: u32) {
        let draft = Draft {
            room: RoomName::general(),
            user_id,
            username: "ada".to_owned(),
            client_id: number.to_string(),
            what: What::Message { content: "hi".to_owned() },
            along: Vec::new(),
        };
        let begun = Instant::now();
        let appended = writer.append(&draft).await;
        let mut outcome = self.outcome.borrow_mut();
        match appended {
            Ok(_) => outcome.took.push(begun.elapsed()),
            Err(Error::Contended(_)) => outcome.given_up += 1,
            Err(error) => panic!("{error}"),
        }
    }

    fn outcome(&self) -> Outcome {
        let requests = self.simulation.aws().requests();
        let transactions =
            requests.iter().filter(|request| request.operation == "TransactWriteItems").count();
        Outcome { transactions, ..self.outcome.take() }
    }
}

/// So many processes, each with a queue of its own, append one message after the other.
async fn saturated(processes: usize, times: ServiceTimes) -> Outcome {
    let room = Room::new(times, "on").await;
    let end = Instant::now() + SPAN;
    let processes: Vec<_> = (0..processes)
        .map(|process| {
            let room = Rc::clone(&room);
            spawn_local(async move {
                let writer = room.writer();
                for number in 0.. {
                    if Instant::now() >= end {
                        return;
                    }
                    room.append(&writer, format!("u_{process}"), number).await;
                }
            })
        })
        .collect();
    for process in processes {
        process.await.unwrap();
    }
    room.outcome()
}

/// So many messages a second, at random times, none of which waits in a queue for another: as Lambda
/// gives each one that comes while others are handled a process of its own.
async fn offered(rate: u32, times: ServiceTimes) -> Outcome {
    let room = Room::new(times, "off").await;
    let writer = Rc::new(room.writer());
    let end = Instant::now() + SPAN;
    let mut messages = Vec::new();
    for number in 0.. {
        let pause = -(1.0 - fastrand::f64()).ln() / f64::from(rate);
        sleep(Duration::from_secs_f64(pause)).await;
        if Instant::now() >= end {
            break;
        }
        let (room, writer) = (Rc::clone(&room), Rc::clone(&writer));
        messages.push(spawn_local(async move {
            room.append(&writer, "u_ada".to_owned(), number).await;
        }));
    }
    for message in messages {
        message.await.unwrap();
    }
    room.outcome()
}
