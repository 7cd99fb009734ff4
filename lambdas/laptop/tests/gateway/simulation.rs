use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use chat::identity::Identity;
use laptop::embedded::{Fault, Rule};
use laptop::simulation::{self, Config, Received, Simulation, Socket};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Somebody whom an outside issuer vouches for.
fn identity(name: &str) -> Identity {
    Identity {
        user_id: format!("u_{name}"),
        username: name.to_owned(),
        session_id: None,
        expires_at: None,
    }
}

pub(crate) async fn open(simulation: &Simulation, name: &str) -> Socket {
    simulation.open(identity(name).into_context()).await.unwrap()
}

pub(crate) async fn frame(socket: &mut Socket) -> Value {
    match timeout(Duration::from_secs(60), socket.recv()).await.unwrap() {
        Some(Received::Text(text)) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn frames(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    for _ in 0..count {
        frames.push(frame(socket).await);
    }
    frames
}

#[test]
fn a_socket_speaks_with_the_functions() {
    simulation::run(1, async {
        let simulation = Simulation::start(Config::default()).await.unwrap();
        let mut ada = open(&simulation, "ada").await;
        ada.send(json!({"action": "hello", "id": 1}).to_string());
        assert_eq!(frame(&mut ada).await["connectionId"], ada.id());
        ada.send(json!({"action": "sendMessage", "id": 2, "content": "hi"}).to_string());
        let frames = frames(&mut ada, 2).await;
        assert!(frames.iter().any(|frame| frame["event"] == "messages"), "{frames:?}");
        assert!(frames.iter().any(|frame| frame["reply"] == 2 && frame["seq"] == 1), "{frames:?}");
    })
    .unwrap();
}

#[test]
fn time_passes_when_all_wait() {
    simulation::run(1, async {
        let simulation = Simulation::start(Config::default()).await.unwrap();
        let mut ada = open(&simulation, "ada").await;
        let begun = Instant::now();
        assert_eq!(ada.recv().await, Some(Received::Close(1001)), "idle for ten minutes");
        assert!(begun.elapsed() >= Duration::from_secs(600), "{:?}", begun.elapsed());
        assert_eq!(ada.recv().await, None);
    })
    .unwrap();
}

async fn ask(socket: &mut Socket, mut request: Value) -> Value {
    request["id"] = json!(7);
    socket.send(request.to_string());
    loop {
        let frame = frame(socket).await;
        if frame["reply"] == 7 {
            return frame;
        }
    }
}

/// Whoever was away for two weeks asks by number, in pages, and misses nothing; a resend is as old.
#[test]
fn two_weeks_later_a_resume_is_whole_and_a_resend_is_known() {
    simulation::run(1, async {
        let settings = [("RATE_LIMITS".to_owned(), "off".to_owned())].into();
        let config = Config { settings, ..Config::default() };
        let simulation = Simulation::start(config).await.unwrap();
        let mut ada = open(&simulation, "ada").await;
        let write = |number: u64| {
            let text = format!("{number} {}", "x".repeat(700));
            json!({"action": "sendMessage", "content": text, "clientId": number.to_string()})
        };
        for number in 1..=150 {
            assert_eq!(ask(&mut ada, write(number)).await["seq"], number);
        }
        let delete = json!({"action": "deleteMessage", "seq": 7, "clientId": "gone"});
        ask(&mut ada, delete.clone()).await;
        drop(ada);
        sleep(Duration::from_secs(14 * 24 * 3_600)).await;
        simulation.aws().sweep().await.unwrap();

        let mut ada = open(&simulation, "ada").await;
        let (mut after, mut came, mut pages) = (3, Vec::new(), 0);
        loop {
            let request = json!({"action": "getRecentMessages", "after": after, "limit": 100});
            let page = ask(&mut ada, request).await;
            assert_eq!(page["recovered"], true);
            came.extend(page["changes"].as_array().unwrap().iter().map(|c| c["seq"].clone()));
            after = page["through"].as_u64().unwrap();
            pages += 1;
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(came, (4..=151).map(|seq| json!(seq)).collect::<Vec<_>>());
        assert!(pages > 2, "{pages} pages");
        for (request, field, number) in
            [(write(1), "seq", 1), (write(7), "seq", 7), (delete, "ver", 151)]
        {
            let again = ask(&mut ada, request).await;
            assert_eq!(again["duplicate"], true, "{again}");
            assert_eq!(again[field], number, "{again}");
        }
        let other = json!({"action": "sendMessage", "content": "another", "clientId": "1"});
        assert_eq!(ask(&mut ada, other).await["error"]["code"], "client_id_reused");
    })
    .unwrap();
}

#[test]
fn rows_age_in_simulated_time() {
    simulation::run(1, async {
        let simulation = Simulation::start(Config::default()).await.unwrap();
        let loses_disconnect = Rule::on("$disconnect").with(Fault::Hang);
        simulation.faults().inject(loses_disconnect);
        drop(open(&simulation, "eve").await);
        let mut ada = open(&simulation, "ada").await;
        for (wait, rows) in [(1, 2), (60, 1)] {
            sleep(Duration::from_secs(wait)).await;
            ada.send(json!({"action": "sendMessage", "id": 1, "content": "hi"}).to_string());
            frames(&mut ada, 2).await;
            let table = simulation.aws().table("subscriptions");
            let scan = simulation.aws().database().scan().table_name(table).send().await.unwrap();
            assert_eq!(scan.count, rows, "a row of 35 s is old enough to be reaped");
        }
    })
    .unwrap();
}

#[test]
fn a_request_is_carried_out_though_its_caller_gave_up() {
    simulation::run(1, async {
        let simulation = Simulation::start(Config::default()).await.unwrap();
        let mut ada = open(&simulation, "ada").await;
        let late =
            Rule::on("TransactWriteItems").times(1).with(Fault::Delay(Duration::from_secs(30)));
        simulation.faults().inject(late);
        let send = |id| json!({"action": "sendMessage", "id": id, "clientId": id, "content": "hi"});
        ada.send(send("a").to_string());
        frames(&mut ada, 2).await;
        sleep(Duration::from_secs(60)).await;
        let table = simulation.aws().table("messages");
        let scan = simulation.aws().database().scan().table_name(table).send().await.unwrap();
        assert_eq!(scan.count, 1, "the late one found its number and its clientId taken");
    })
    .unwrap();
}

#[test]
fn transactions_that_meet_conflict() {
    simulation::run(1, async {
        let settings = [("ROOM_QUEUE".to_owned(), "off".to_owned())].into();
        let config = Config { settings, record_requests: true, ..Config::default() };
        let simulation = Simulation::start(config).await.unwrap();
        let mut sockets = Vec::new();
        for name in ["ada", "bob", "cyd"] {
            sockets.push(open(&simulation, name).await);
        }
        for socket in &mut sockets {
            socket.send(json!({"action": "sendMessage", "id": 1, "content": "hi"}).to_string());
        }
        let mut numbers = Vec::new();
        for socket in &mut sockets {
            let frames = frames(socket, 4).await;
            numbers.extend(frames.iter().filter_map(|frame| frame["seq"].as_u64()));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3]);
        let requests = simulation.aws().requests();
        let tries = requests.iter().filter(|request| request.operation == "TransactWriteItems");
        assert!(tries.count() > 3, "three at the same time collide");
    })
    .unwrap();
}

/// What five people see who talk through faults, frame by frame.
fn trace(seed: u64) -> Vec<String> {
    let trace = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&trace);
    simulation::run(seed, async move {
        let simulation = Rc::new(Simulation::start(Config::default()).await.unwrap());
        let seconds = Duration::from_secs;
        let writes = ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"];
        for rule in [
            Rule::on_any(["BatchGetItem", "GetItem", "Query"])
                .probability(0.03)
                .with(Fault::Throttling),
            Rule::on_any(writes).probability(0.1).with(Fault::TransactionConflict),
            Rule::on_any(writes).probability(0.05).after().with(Fault::InternalServerError),
            Rule::on("TransactWriteItems").probability(0.03).with(Fault::Delay(seconds(2))),
            Rule::on("PostToConnection").younger_than(seconds(1)).with(Fault::Gone),
            Rule::on("PostToConnection").probability(0.05).with(Fault::LimitExceeded),
            Rule::on("PostToConnection").probability(0.01).after().with(Fault::Crash),
            Rule::on("PostToConnection").probability(0.02).with(Fault::Hang),
            Rule::on("$disconnect").probability(0.5).with(Fault::Hang),
        ] {
            simulation.faults().inject(rule);
        }
        let begun = Instant::now();
        let people = ["ada", "bob", "cyd", "dan", "eve"].map(|name| {
            let (simulation, seen) = (Rc::clone(&simulation), Rc::clone(&seen));
            let note = move |what: String| {
                let at = begun.elapsed().as_millis();
                seen.borrow_mut().push(format!("{at} {name} {}", masked(&what)));
            };
            tokio::task::spawn_local(async move { talk(&simulation, name, note).await })
        });
        for person in people {
            person.await.unwrap();
        }
    })
    .unwrap();
    trace.take()
}

async fn talk(simulation: &Simulation, name: &str, note: impl Fn(String)) {
    let mut socket = None;
    let mut sent = 0;
    while sent < 15 {
        let mut open = match socket.take() {
            Some(open) => open,
            None => match simulation.open(identity(name).into_context()).await {
                Ok(open) => open,
                Err(status) => {
                    note(status.to_string());
                    continue;
                }
            },
        };
        sent += 1;
        let send = json!({
            "action": "sendMessage", "id": sent, "clientId": sent.to_string(), "content": "hi",
        });
        open.send(send.to_string());
        let until = Instant::now() + Duration::from_millis(fastrand::u64(0..2_000));
        while let Ok(received) = timeout_at(until, open.recv()).await {
            note(format!("{received:?}"));
            if received.is_none() {
                break;
            }
        }
        match fastrand::u8(0..8) {
            0 => open.cut(),
            1 => drop(open),
            _ => socket = Some(open),
        }
    }
}

/// The trace without the names of messages, which are the system's random numbers.
fn masked(frame: &str) -> String {
    const NAME: usize = 22;
    let mut parts = frame.split("\"m_");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |masked, part| masked + "\"m_*" + &part[NAME..])
}

#[test]
fn a_seed_replays_exactly() {
    let first = trace(7);
    assert!(first.len() > 200, "{} frames", first.len());
    assert!(first.iter().any(|line| line.contains("Internal server error")), "a crash was seen");
    let again = trace(7);
    for (number, (one, other)) in first.iter().zip(&again).enumerate() {
        assert_eq!(one, other, "frame {number}");
    }
    assert_eq!(first.len(), again.len());
    assert_ne!(first, trace(8));
}
