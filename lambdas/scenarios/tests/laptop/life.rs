//! Sockets whose time is up: handed over, cut, or idle.

use std::time::Duration;

use futures_util::future::try_join_all;
use laptop::Config;
use laptop::gateway::Limits;
use protocol::CloseCode;
use scenarios::client::Options;
use scenarios::{Client, Outcome, ensure, ensure_eq, verify};

use crate::support::{Here, ROOM, to_settings};

/// Three people talk until each has gone through four sockets.
async fn through_four_sockets(here: &Here, options: Options) -> Result<usize, scenarios::Failure> {
    let people = here.body.people(3).await?;
    let open = people.iter().map(|person| Client::open_with(&here.body, person, options.clone()));
    let clients = try_join_all(open).await?;
    let talk = clients.iter().map(|client| async {
        while client.look(|view| view.sockets) < 4 {
            client.send(ROOM, "and another thing").await?;
            // A person's pace: sockets are cut while messages flow, not while they flood.
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        Ok::<_, scenarios::Failure>(())
    });
    scenarios::within("fourth socket", try_join_all(talk)).await??;
    let log = verify::settled(&here.body, &people[0], &clients, ROOM, 0).await?;
    ensure!(log.len() > 50, "only {} messages flowed", log.len());
    Ok(clients.iter().map(|client| client.look(|view| view.losses)).sum())
}

/// Handover is due after 1.5 s, and the cut comes after so long.
fn cut_after(lifetime: Duration) -> Config {
    let gateway = Limits { lifetime, ..Limits::default() };
    let settings = to_settings(&[("HANDOVER_AFTER_MS", "1500"), ("RATE_LIMITS", "off")]);
    Config { gateway, settings, ..Config::default() }
}

#[tokio::test]
async fn a_handover_misses_and_doubles_nothing() -> Outcome {
    // Far enough apart that only a client which does not hand over is cut, however busy the machine.
    let here = Here::with(cut_after(Duration::from_secs(6))).await?;
    let losses = through_four_sockets(&here, Options::default()).await?;
    ensure_eq!(losses, 0, "sockets cut in spite of handover");
    here.stop().await
}

#[tokio::test]
async fn a_cut_without_a_handover_misses_and_doubles_nothing() -> Outcome {
    let here = Here::with(cut_after(Duration::from_millis(1_500))).await?;
    let options = Options { handover: false, ..Options::default() };
    let losses = through_four_sockets(&here, options).await?;
    ensure!(losses >= 9, "{losses} sockets were cut");
    here.stop().await
}

#[tokio::test]
async fn time_and_silence_end_a_socket() -> Outcome {
    let gateway = Limits {
        idle: Duration::from_millis(300),
        lifetime: Duration::from_secs(60),
        ..Limits::default()
    };
    let idle = Here::with(Config { gateway, ..Config::default() }).await?;
    let ada = idle.body.person("ada").await?;
    let end = idle.body.socket(&ada).await?.end().await?;
    ensure_eq!(end, Some(CloseCode::GoingAway.number()), "code of the idle limit");

    let old = Here::with(cut_after(Duration::from_millis(500))).await?;
    let ada = old.body.person("ada").await?;
    let end = old.body.socket(&ada).await?.end().await?;
    ensure_eq!(end, Some(CloseCode::GoingAway.number()), "code of the two-hour limit");
    idle.stop().await?;
    old.stop().await
}
