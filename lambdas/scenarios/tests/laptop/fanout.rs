//! Telling a room in which some sockets are dead, deaf, young or unlucky.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use laptop::Config;
use laptop::embedded::{Fault, Rule};
use protocol::{Pong, Stored, limits};
use scenarios::raw::Incoming;
use scenarios::wire::Frame;
use scenarios::{Client, Failure, Outcome, ensure, ensure_eq, verify, within};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{Here, ROOM, connection_id, eventually, grow_older, text, to_settings};

/// How many posts to a socket were repeats: each means that the one before was refused.
fn repeats(here: &Here, connection: &str) -> usize {
    let posts = here.laptop.requests().into_iter().filter(|request| {
        request.operation == "PostToConnection" && request.connection.as_deref() == Some(connection)
    });
    let bodies: Vec<String> = posts.map(|request| request.body.to_string()).collect();
    bodies.len() - bodies.iter().collect::<HashSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_deaf_and_young_sockets_cost_the_others_nothing() -> Outcome {
    // A young socket must stay young for as long as this takes; the dead row is an hour old.
    let settings = to_settings(&[("FANOUT_REAP_GRACE_MS", "1800000")]);
    let here = Here::with(Config { settings, record_requests: true, ..Config::default() }).await?;
    let people = here.body.people(6).await?;
    let [ada, bob, cleo, dead, deaf, young] = people.as_slice() else {
        return Err(Failure::new("six people"));
    };
    let dead = here.leave_dead_row(dead).await?;
    let mut deaf = here.body.mute_socket(deaf).await?;
    let deaf_id = connection_id(&mut deaf).await?;
    let mut young = here.body.socket(young).await?;
    let young_id = connection_id(&mut young).await?;
    // A socket that is still opening has its row already, and answers 410.
    let opening = Rule::on("PostToConnection").connection(young_id.clone()).with(Fault::Gone);
    let opening = here.laptop.faults().inject(opening);

    let open = [ada, bob, cleo].map(|person| Client::open(&here.body, person));
    let clients = try_join_all(open).await?;
    let mut sent = 0;
    let padding = "x".repeat(limits::TEXT_BYTES - 32);
    while repeats(&here, &deaf_id) == 0 {
        ensure!(sent < 3_000, "the deaf socket took {sent} messages without being full");
        let texts = || (0..10).map(|number| format!("{padding} {sent} {number}"));
        try_join_all(clients.iter().map(|client| client.send_all(ROOM, texts()))).await?;
        sent += 30;
    }
    // Full, and it stays so: the others go on.
    for number in 0..20 {
        clients[number % 3].send(ROOM, format!("while it is full, {number}")).await?;
        sent += 1;
    }
    ensure!(opening.fired() > 0, "the young socket was never posted to");
    ensure!(here.subscription(&young_id).await?.is_some(), "the young socket was reaped");
    ensure!(here.subscription(&dead).await?.is_none(), "the dead socket was not reaped");
    opening.remove();
    clients[0].send(ROOM, "now it is open").await?;
    sent += 1;
    // The end of an earlier fan-out may have come through as well.
    while young.messages(1).await?[0].content != "now it is open" {}
    let log = verify::settled(&here.body, ada, &clients, ROOM, 0).await?;
    ensure_eq!(log.len(), sent, "messages stored");

    // What the deaf one was refused is gone for its socket, not for its person.
    // While it is full, answers to it are refused as well: it asks until one comes.
    let mut heard = 0;
    let caught_up = async {
        loop {
            deaf.ask("ping", json!({})).await?;
            while let Ok(incoming) = timeout(Duration::from_millis(300), deaf.incoming()).await {
                match incoming {
                    Incoming::Frame(Frame::Event(_)) => heard += 1,
                    Incoming::Frame(Frame::Reply(_)) => return Ok(()),
                    other => return Err(Failure::new(format!("{other:?} came"))),
                }
            }
        }
    };
    within("answer to the deaf socket", caught_up).await??;
    ensure!(heard < sent, "the deaf socket heard all {heard} messages: it was never full");
    here.stop().await
}

/// The last message of a burst does not reach one socket: nothing follows, so no gap tells.
async fn lost_last(fault: Fault) -> Outcome {
    let here = Here::start().await?;
    let people = here.body.people(3).await?;
    let clients =
        try_join_all(people.iter().map(|person| Client::open(&here.body, person))).await?;
    let [writer, unlucky, other] = clients.as_slice() else {
        return Err(Failure::new("three people"));
    };
    for number in 1..=5 {
        writer.send(ROOM, format!("burst {number}")).await?;
    }
    unlucky.shown_to(ROOM, 5).await?;
    let rule = Rule::on("PostToConnection").connection(unlucky.connection_id()?).with(fault);
    let rule = here.laptop.faults().inject(rule);
    writer.send(ROOM, "the last of the burst").await?;
    other.shown_to(ROOM, 6).await?;
    within("loss", rule.wait_fired(3)).await?;
    rule.remove();
    // The platform frame of a timed-out function would be a second way to find out.
    ensure_eq!(unlucky.look(|view| view.last(ROOM)), 5, "shown before the ping");
    let pong = unlucky.ping().await?;
    ensure!(pong.rooms[ROOM].subscribed && pong.rooms[ROOM].head == 6, "{pong:?}");
    unlucky.shown_to(ROOM, 6).await?;
    verify::settled(&here.body, &people[0], &clients, ROOM, 0).await?;
    here.stop().await
}

#[tokio::test]
async fn the_next_ping_finds_what_a_full_buffer_lost() -> Outcome {
    lost_last(Fault::LimitExceeded).await
}

#[tokio::test]
async fn the_next_ping_finds_what_throttling_lost() -> Outcome {
    lost_last(Fault::Throttling).await
}

#[tokio::test]
async fn the_next_ping_finds_what_a_server_error_lost() -> Outcome {
    lost_last(Fault::InternalServerError).await
}

#[tokio::test]
async fn a_hung_neighbour_slows_nobody() -> Outcome {
    // Limits far above what is waited for below: only a post that waits for another is that late.
    let here =
        Here::set(&[("FANOUT_POST_TIMEOUT_MS", "9000"), ("FANOUT_DEADLINE_MS", "9000")]).await?;
    let people = here.body.people(4).await?;
    let clients =
        try_join_all(people.iter().map(|person| Client::open(&here.body, person))).await?;
    let [writer, hung, others @ ..] = clients.as_slice() else {
        return Err(Failure::new("four people"));
    };
    let rule = Rule::on("PostToConnection").connection(hung.connection_id()?).with(Fault::Hang);
    let rule = here.laptop.faults().inject(rule);
    let begun = Instant::now();
    let acknowledged = writer.send(ROOM, "who hears me?").await?;
    for other in others {
        other.shown_to(ROOM, acknowledged.seq).await?;
    }
    ensure!(begun.elapsed() < Duration::from_secs(7), "it took {:?}", begun.elapsed());
    within("hang", rule.wait_fired(1)).await?;
    rule.remove();
    verify::settled(&here.body, &people[0], &clients, ROOM, 0).await?;
    here.stop().await
}

#[tokio::test]
async fn the_deadline_ends_a_fanout_that_hangs() -> Outcome {
    let here =
        Here::set(&[("FANOUT_POST_TIMEOUT_MS", "150"), ("FANOUT_DEADLINE_MS", "900")]).await?;
    let people = here.body.people(2).await?;
    let mut socket = here.body.socket(&people[0]).await?;
    let mut hung = here.body.socket(&people[1]).await?;
    let rule = Rule::on("PostToConnection").connection(connection_id(&mut hung).await?);
    let rule = here.laptop.faults().inject(rule.with(Fault::Hang));
    // A reply, and no platform frame: the function did not run into its own time limit.
    let stored: Stored = socket.request("sendMessage", json!({ "content": "x" })).await?.ok()?;
    ensure_eq!((stored.seq, stored.duplicate), (1, false), "reply");
    ensure!(rule.fired() > 1, "the post was not tried again");
    here.stop().await
}

#[tokio::test]
async fn a_crash_after_any_post_loses_and_doubles_nothing() -> Outcome {
    let here = Here::start().await?;
    let people = here.body.people(4).await?;
    let clients =
        try_join_all(people.iter().map(|person| Client::open(&here.body, person))).await?;
    let writer = &clients[0];
    let sockets = u64::try_from(clients.len())?;
    for k in 0..sockets {
        let rule = Rule::on("PostToConnection").function("send-message").skip(k).times(1);
        let rule = here.laptop.faults().inject(rule.with(Fault::Crash));
        let told = writer.send(ROOM, format!("crash after {k} posts")).await?;
        within("crash", rule.wait_fired(1)).await?;
        writer.until("platform frame", |view| view.platform_frames as u64 == k + 1).await?;
        if k == 0 {
            // Nobody heard the first attempt; the resend tells all, with nothing new to follow it.
            for client in &clients {
                client.shown_to(ROOM, told.seq).await?;
            }
        }
        rule.remove();
        // The next message's gap tells whoever was missed, without any ping.
        let next = writer.send(ROOM, format!("after crash {k}")).await?;
        for client in &clients {
            client.shown_to(ROOM, next.seq).await?;
        }
    }
    // After the last of them, and before the reply.
    let rule = Rule::on("PostToConnection").function("send-message").skip(sockets - 1).times(1);
    let rule = here.laptop.faults().inject(rule.after().with(Fault::Crash));
    let last = writer.send(ROOM, "everybody has heard this").await?;
    within("crash", rule.wait_fired(1)).await?;
    for client in &clients {
        client.shown_to(ROOM, last.seq).await?;
    }
    // Without a single post nothing but a resend could bring the acknowledgement.
    writer.look(|view| {
        ensure!(view.sent[0].attempts > 1, "the first message was not sent again");
        Ok(())
    })?;
    let log = verify::settled(&here.body, &people[0], &clients, ROOM, 0).await?;
    ensure_eq!(log.len() as u64, 2 * sockets + 1, "messages stored");
    here.stop().await
}

#[tokio::test]
async fn a_crash_is_told_by_a_platform_frame() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let mut socket = here.body.socket(&ada).await?;
    let id = connection_id(&mut socket).await?;
    let rule = Rule::on("TransactWriteItems").times(1).with(Fault::Crash);
    here.laptop.faults().inject(rule);
    socket.ask("sendMessage", json!({ "content": "x" })).await?;
    match socket.frame().await? {
        Frame::Platform(frame) => {
            ensure_eq!(frame["message"], "Internal server error", "message");
            ensure_eq!(frame["connectionId"], id.as_str(), "connection id");
            ensure!(frame["requestId"].is_string(), "no request id: {frame}");
        }
        other => return Err(Failure::new(format!("{other:?} came"))),
    }
    socket.request("ping", json!({})).await?.ok::<Pong>()?;
    here.stop().await
}

#[tokio::test]
async fn a_ping_repairs_a_missing_subscription() -> Outcome {
    let here = Here::start().await?;
    let people = here.body.people(2).await?;
    let clients =
        try_join_all(people.iter().map(|person| Client::open(&here.body, person))).await?;
    let [writer, lost] = clients.as_slice() else { return Err(Failure::new("two people")) };
    here.delete_subscription(&lost.connection_id()?).await?;
    writer.send(ROOM, "unheard").await?;
    let pong = lost.ping().await?;
    ensure!(!pong.rooms[ROOM].subscribed, "subscribed, though the row was gone");
    lost.shown_to(ROOM, 1).await?;
    writer.send(ROOM, "heard again").await?;
    lost.shown_to(ROOM, 2).await?;
    ensure_eq!(lost.look(|view| view.resumes), 1, "resumes: the second message came by itself");
    let pong = lost.ping().await?;
    ensure!(pong.rooms[ROOM].subscribed, "not subscribed, though it was repaired");
    verify::settled(&here.body, &people[0], &clients, ROOM, 0).await?;
    here.stop().await
}

#[tokio::test]
async fn a_room_whose_every_post_fails_is_not_reaped() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let mut socket = here.body.socket(&ada).await?;
    let id = connection_id(&mut socket).await?;
    let mut row = here.subscription(&id).await?.ok_or_else(|| Failure::new("no row"))?;
    grow_older(&mut row, Duration::from_secs(60))?;
    here.put_subscription(row.clone()).await?;
    for number in 0..24 {
        row.insert("connectionId".to_owned(), text(&format!("dead{number:010}=")));
        here.put_subscription(row.clone()).await?;
    }
    let everywhere = here.laptop.faults().inject(Rule::on("PostToConnection").with(Fault::Gone));
    let _: Stored = socket.request("sendMessage", json!({ "content": "x" })).await?.ok()?;
    ensure_eq!(everywhere.fired(), 25, "posts that failed");
    ensure_eq!(here.subscriptions().await?.len(), 25, "rows after all posts answered 410");

    // With one success among the posts, a 410 is believed again.
    everywhere.remove();
    let _: Stored = socket.request("sendMessage", json!({ "content": "y" })).await?.ok()?;
    eventually("reaping", || async { Ok(here.subscriptions().await?.len() == 1) }).await?;
    ensure!(here.subscription(&id).await?.is_some(), "the live socket was reaped");
    here.stop().await
}
