//! `kill -9` while messages flow: what was acknowledged is there afterwards, once.

use std::time::Duration;

use futures_util::future::try_join_all;
use scenarios::client::Options;
use scenarios::{Client, Failure, Outcome, ensure, verify, within};

use crate::shipped::{Shipped, free_port};
use crate::support::ROOM;

const KILLS: usize = 20;

/// Sends until it is told to stop, which it is by being dropped.
async fn talk(client: &Client) -> Result<std::convert::Infallible, Failure> {
    loop {
        client.send(ROOM, "still here").await?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_and_double_nothing_acknowledged() -> Outcome {
    let data = tempfile::tempdir()?;
    let port = free_port()?;
    let mut shipped = Shipped::start(data.path(), port).await?;
    let people = shipped.body.people(3).await?;
    let options = Options { request_timeout: Duration::from_secs(3), ..Options::default() };
    let open =
        people.iter().map(|person| Client::open_with(&shipped.body, person, options.clone()));
    let clients = try_join_all(open).await?;

    let mut acknowledged = 0;
    for round in 0..KILLS {
        let instant = Duration::from_millis(fastrand::u64(30..400));
        let talking = tokio::time::timeout(instant, try_join_all(clients.iter().map(talk))).await;
        if let Ok(Err(failure)) = talking {
            return Err(failure.during(format!("before kill {round}")));
        }
        shipped.kill().await?;
        // While nothing serves, nothing more is acknowledged: later, it might be after the log was
        // read, and would be taken for lost.
        let sent: Vec<_> =
            clients.iter().map(|client| client.look(|view| view.sent.clone())).collect();

        shipped = Shipped::start(data.path(), port).await?;
        // By a socket of its own, and before any resend could have repaired what was lost.
        let mut reader = shipped.body.socket(&people[0]).await?;
        let log = verify::read_log(&mut reader, ROOM, 0).await?;
        verify::each_message_once(&log)?;
        for (client, sent) in clients.iter().zip(&sent) {
            verify::acknowledged_is_stored(&client.person, sent, ROOM, &log)
                .map_err(|failure| failure.during(format!("after kill {round}")))?;
        }
        let so_far = clients.iter().map(acknowledgements).sum();
        ensure!(round == 0 || so_far > 0, "nothing was acknowledged before kill {round}");
        acknowledged = so_far;
        within("reconnection", try_join_all(clients.iter().map(|client| client.ping()))).await??;
    }

    // What was under way goes out again, under the same name.
    let last = clients.iter().map(|client| client.send(ROOM, "after it all"));
    try_join_all(last).await?;
    let log = verify::settled(&shipped.body, &people[0], &clients, ROOM, 0).await?;
    ensure!(log.len() >= acknowledged && acknowledged > KILLS, "only {acknowledged} messages");
    let losses: usize = clients.iter().map(|client| client.look(|view| view.losses)).sum();
    ensure!(losses >= KILLS * clients.len(), "only {losses} sockets were lost");
    shipped.kill().await?;
    Ok(())
}

fn acknowledgements(client: &Client) -> usize {
    client.look(|view| view.sent.iter().filter(|sent| sent.acknowledged.is_some()).count())
}
