//! The room's log under contention, and under every way in which a write can fail.

use futures_util::future::try_join_all;
use laptop::embedded::{Fault, Rule};
use scenarios::scenarios::sending;
use scenarios::{Client, Outcome, ensure, verify};

use crate::support::{Here, ROOM};

/// Fifty people send ten messages each while 30 % of the transactions are told of a conflict,
/// half of them after they were applied.
async fn fifty_people(here: Here, listeners: usize) -> Outcome {
    let on = || Rule::on("TransactWriteItems").function("send-message");
    let faults = here.laptop.faults();
    let before = faults.inject(on().probability(0.15).before().with(Fault::TransactionConflict));
    let after =
        faults.inject(on().probability(0.15 / 0.85).after().with(Fault::TransactionConflict));
    let deafen = async |clients: &[Client]| {
        for client in clients.iter().skip(listeners) {
            here.delete_subscription(&client.connection_id()?).await?;
        }
        Ok(())
    };
    sending::crowd(&here.body, 50, 10, deafen).await?;
    ensure!(before.fired() > 50 && after.fired() > 50, "{}, {}", before.fired(), after.fired());
    here.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_people_agree_through_conflicts() -> Outcome {
    fifty_people(Here::set(&[("RATE_LIMITS", "off")]).await?, 50).await
}

/// Most of them hear nothing until their next ping: with fewer posts to make, more writers race.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_people_agree_through_conflicts_without_a_queue() -> Outcome {
    fifty_people(Here::set(&[("ROOM_QUEUE", "off"), ("RATE_LIMITS", "off")]).await?, 5).await
}

/// A few people send while the first writes meet a fault.
async fn through(fault: Fault, applied: bool) -> Outcome {
    let here = Here::start().await?;
    let people = here.body.people(3).await?;
    let clients =
        try_join_all(people.iter().map(|person| Client::open(&here.body, person))).await?;
    let rule = Rule::on("TransactWriteItems").function("send-message").times(5);
    let rule = if applied { rule.after() } else { rule.before() };
    let rule = here.laptop.faults().inject(rule.with(fault));
    let texts = || (0..4).map(|number| format!("number {number}"));
    try_join_all(clients.iter().map(|client| client.send_all(ROOM, texts()))).await?;
    ensure!(rule.fired() == 5, "{fault:?} met {} writes", rule.fired());
    let log = verify::settled(&here.body, &people[0], &clients, ROOM, 0).await?;
    ensure!(log.len() == 12, "{} messages are stored", log.len());
    here.stop().await
}

macro_rules! write_faults {
    ($($name:ident: $fault:ident, $applied:expr;)*) => {$(
        #[tokio::test]
        async fn $name() -> Outcome {
            through(Fault::$fault, $applied).await
        }
    )*};
}

write_faults! {
    a_refused_write_that_was_throttled: Throttling, false;
    an_applied_write_that_was_throttled: Throttling, true;
    a_write_before_a_server_error: InternalServerError, false;
    an_applied_write_before_a_server_error: InternalServerError, true;
    a_write_without_an_answer: Hang, false;
    an_applied_write_without_an_answer: Hang, true;
    a_write_in_conflict: TransactionConflict, false;
    an_applied_write_in_conflict: TransactionConflict, true;
    a_write_in_a_crash: Crash, false;
    an_applied_write_in_a_crash: Crash, true;
}
