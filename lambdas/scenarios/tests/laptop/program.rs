//! `parley-scenarios`, as a person or a deploy starts it.

use std::path::Path;
use std::process::Output;

use laptop::Config;
use scenarios::{ALL, Failure, Outcome, Person, ensure, ensure_eq, within};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_tungstenite::accept_async;

use crate::shipped::{Shipped, binary, free_port};
use crate::support::{Here, OUTSIDE_SECRET};

struct Ended {
    code: Option<i32>,
    said: String,
}

/// Runs it with these arguments on the body at these addresses.
async fn program(
    command: &str,
    addresses: (&str, &str),
    arguments: &[&str],
    account: Option<&Person>,
) -> Result<Ended, Failure> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_parley-scenarios"));
    let (http, socket) = addresses;
    program.args([command, "--http-url", http, "--websocket-url", socket]).args(arguments);
    program.env_clear().env("PARLEY_OUTSIDE_SECRET", OUTSIDE_SECRET);
    if let Some(person) = account {
        program.env("SMOKE_USER", &*person.username).env("SMOKE_PASSWORD", &*person.password);
    }
    let Output { status, stdout, stderr } = program.kill_on_drop(true).output().await?;
    let said = String::from_utf8(stdout)? + &String::from_utf8(stderr)?;
    Ok(Ended { code: status.code(), said })
}

async fn on(here: &Here, command: &str, arguments: &[&str]) -> Result<Ended, Failure> {
    let addresses = (&*here.body.http_url, &*here.body.ws_url);
    within("end of the program", program(command, addresses, arguments, None)).await?
}

fn expect(ended: &Ended, code: i32, words: &str) -> Outcome {
    ensure_eq!(ended.code, Some(code), "exit code, after {}", ended.said);
    ensure!(ended.said.contains(words), "no {words:?} in {}", ended.said);
    Ok(())
}

#[tokio::test]
async fn every_scenario_passes_on_one_laptop_over_tcp() -> Outcome {
    let data = tempfile::tempdir()?;
    let shipped = Shipped::start(data.path(), free_port()?).await?;
    let addresses = (&*shipped.body.http_url, &*shipped.body.ws_url);
    // The whole suite takes longer than one thing may.
    let mailbox = format!("{}/_mailbox/messages", shipped.body.http_url);
    let (parley, data) = (binary("parley")?, data.path().display());
    let admin = format!("{} admin --data {data} --json", parley.display());
    let rest = ["--body", "laptop", "--mailbox-url", &mailbox, "--admin", &admin];
    let ended = program("run", addresses, &rest, None).await?;
    expect(&ended, 0, &format!("{} passed, 0 failed, 0 left out", ALL.len()))?;
    shipped.kill().await?;
    Ok(())
}

#[tokio::test]
async fn a_failed_scenario_is_told_and_fails_the_run() -> Outcome {
    let here = Here::set(&[("ALLOW_URL_TOKEN", "off")]).await?;
    let [tutorial, ping] = ["tutorial::its_frames_work_as_they_stand", "accounts::ping_pongs"];
    let only = ["--body", "laptop", "--only", tutorial, ping];
    let ended = on(&here, "run", &only).await?;
    expect(&ended, 1, "1 passed, 1 failed, 0 left out")?;
    let failed = ended.said.lines().find(|line| line.starts_with("FAILED"));
    ensure!(
        failed.is_some_and(|line| line.contains(tutorial) && line.contains("status 403")),
        "{}",
        ended.said
    );
    // What was asked for by name, and cannot be done, is no success.
    let lacking = on(&here, "run", &["--lacks", "url-token", "--only", tutorial]).await?;
    expect(&lacking, 1, "the body lacks url-token")?;
    here.stop().await
}

#[tokio::test]
async fn what_cannot_be_run_is_refused() -> Outcome {
    let here = Here::start().await?;
    expect(
        &on(&here, "run", &["--only", "accounts::pong"]).await?,
        2,
        "no scenario has this name",
    )?;
    expect(&on(&here, "run", &["--lacks", "patience"]).await?, 2, "url-token")?;
    expect(&on(&here, "run", &["--body", "desktop"]).await?, 2, "emulated")?;
    expect(&on(&here, "run", &["--writers", "0"]).await?, 2, "a number from 1")?;
    expect(&on(&here, "run", &[]).await?, 2, "give --admin, or say --lacks admin")?;
    let nowhere = format!("http://127.0.0.1:{}", free_port()?);
    let only = ["--only", "accounts::ping_pongs"];
    let dead = program("run", (&nowhere, "ws://127.0.0.1:1"), &only, None).await?;
    expect(&dead, 1, "Connection refused")?;
    ensure_eq!(dead.said.lines().count(), 1, "lines of {}", dead.said);
    let wrong = program("run", ("ftp://x", "ws://127.0.0.1:1"), &[], None).await?;
    expect(&wrong, 2, "https://host/path")?;
    here.stop().await
}

/// A laptop that serves a page, whose configuration names this socket.
async fn with_site(directory: &Path, socket: Option<&str>) -> Result<Here, Failure> {
    std::fs::write(directory.join("index.html"), "<!doctype html>")?;
    let site = Some(directory.to_owned());
    let here = Here::with(Config { site, ..Config::default() }).await?;
    let socket = socket.unwrap_or(&here.body.ws_url);
    let config = serde_json::json!({ "websocketUrl": socket }).to_string();
    std::fs::write(directory.join("config.json"), config)?;
    Ok(here)
}

#[tokio::test]
async fn the_smoke_test_passes_on_a_chat_that_serves() -> Outcome {
    let directory = tempfile::tempdir()?;
    let here = with_site(directory.path(), None).await?;
    let site = ["--site-url", &*here.body.http_url];
    let all = [site.as_slice(), &["--throw-away"]].concat();
    expect(&on(&here, "smoke", &all).await?, 0, "10 passed, 0 failed, 0 left out")?;
    let without = on(&here, "smoke", &[]).await?;
    expect(&without, 0, "3 passed, 0 failed, 2 left out")?;

    let addresses = (&*here.body.http_url, &*here.body.ws_url);
    let mut ada = here.body.person("ada").await?;
    let ended = program("smoke", addresses, &site, Some(&ada)).await?;
    expect(&ended, 0, "10 passed, 0 failed, 0 left out")?;
    ada.password = "not-the-password".into();
    let ended = program("smoke", addresses, &site, Some(&ada)).await?;
    expect(&ended, 1, "log in: ")?;
    ensure!(!ended.said.contains(&*ada.password), "it shows a password: {}", ended.said);
    ada.password = "".into();
    expect(&program("smoke", addresses, &[], Some(&ada)).await?, 2, "set both, or neither")?;
    here.stop().await
}

#[tokio::test]
async fn the_smoke_test_fails_on_a_page_that_does_not_find_its_socket() -> Outcome {
    let directory = tempfile::tempdir()?;
    let here = with_site(directory.path(), Some("wss://elsewhere.example/v1")).await?;
    let ended = on(&here, "smoke", &["--site-url", &here.body.http_url]).await?;
    expect(&ended, 1, "5 passed, 1 failed, 1 left out")?;
    ensure!(ended.said.contains("websocketUrl of config.json: expected"), "{}", ended.said);
    here.stop().await
}

#[tokio::test]
async fn the_smoke_test_fails_where_a_socket_opens_without_a_token() -> Outcome {
    let here = Here::start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let socket = format!("ws://{}/", listener.local_addr()?);
    let open_door = tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            drop(accept_async(tcp).await);
        }
    });
    let ended = program("smoke", (&here.body.http_url, &socket), &[], None).await?;
    expect(&ended, 1, "1 passed, 2 failed, 2 left out")?;
    ensure!(ended.said.contains("no socket without a token: the socket opened"), "{}", ended.said);
    open_door.abort();
    here.stop().await
}
