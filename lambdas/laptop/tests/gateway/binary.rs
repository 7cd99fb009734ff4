//! The shipped binary.

#![cfg(unix)]

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::support::SOON;

fn parley(data: &std::path::Path, port: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_parley-laptop"))
        .args(["--port", port, "--data", data.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The address of its first line, which it prints once it answers.
async fn address(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(SOON, lines.next_line()).await.unwrap().unwrap().unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn it_says_where_it_is_and_stops_cleanly() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut first = parley(&data, "0");
    let url = address(&mut first).await;
    let pong = reqwest::get(format!("{url}/ping")).await.unwrap();
    assert_eq!(pong.text().await.unwrap(), "PONG!");

    let second = timeout(SOON, parley(&data, "0").wait_with_output()).await.unwrap().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another Parley already uses DATA="), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");

    let pid = first.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    assert_eq!(timeout(SOON, first.wait()).await.unwrap().unwrap().code(), Some(0));
}
