//! The shipped binary.

#![cfg(unix)]

use std::path::Path;
use std::process::{Output, Stdio};

use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::{SOON, refusal};

fn parley(data: &Path, environment: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_parley-laptop"))
        .args(["--port", "0", "--data", data.to_str().unwrap()])
        .envs(environment.iter().copied())
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

async fn end(child: Child) -> Output {
    timeout(SOON, child.wait_with_output()).await.unwrap().unwrap()
}

/// Ends it as Ctrl-C does; returns what it logged.
async fn interrupt(child: Child) -> String {
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let output = end(child).await;
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stderr).unwrap()
}

/// What it says when it does not start.
async fn complaint(data: &Path, environment: &[(&str, &str)]) -> String {
    let output = end(parley(data, environment)).await;
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn it_says_where_it_is_and_stops_cleanly() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut first = parley(&data, &[]);
    let url = address(&mut first).await;
    let pong = reqwest::get(format!("{url}/ping")).await.unwrap();
    assert_eq!(pong.text().await.unwrap(), "PONG!");

    let said = complaint(&data, &[]).await;
    assert!(said.contains("another Parley already uses DATA="), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");

    interrupt(first).await;
}

#[tokio::test]
async fn it_listens_on_an_address_and_on_localhost() {
    let directory = tempfile::tempdir().unwrap();
    for bind in ["localhost", "LocalHost", "127.0.0.1"] {
        let mut parley = parley(directory.path(), &[("BIND", bind)]);
        let url = address(&mut parley).await;
        assert!(url.starts_with("http://localhost:"), "{url}");
        interrupt(parley).await;
    }
    let said = complaint(directory.path(), &[("BIND", "chat.example")]).await;
    assert!(said.contains("an IP address is expected, as 127.0.0.1 or 0.0.0.0"), "{said}");
}

#[tokio::test]
async fn its_key_is_rotated_while_it_is_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let rotate = async || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parley-laptop"));
        command.args(["rotate-key", "--data", data]).output().await.unwrap()
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut parley = parley(directory.path(), &[]);
    address(&mut parley).await;
    let refused = rotate().await;
    assert_eq!(refused.status.code(), Some(1));
    let said = text(refused.stderr);
    assert!(said.starts_with("a Parley serves DATA=") && said.lines().count() == 1, "{said}");
    interrupt(parley).await;
    let done = rotate().await;
    assert!(done.status.success() && done.stderr.is_empty(), "{}", text(done.stderr));
    assert!(text(done.stdout).contains("signs from the next start"));
    assert!(text(rotate().await.stderr).contains("warning: the key was rotated only 0 minutes"));
}

#[tokio::test]
async fn its_functions_hear_of_these_settings_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let complains = async |name: &str, environment: &[(&str, &str)]| {
        let said = complaint(directory.path(), environment).await;
        assert!(said.starts_with("function ") && said.contains(name), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    };
    // A value that the functions refuse shows that it came to them.
    for name in [
        "ADDRESS_LIMITS",
        "ALLOWED_ORIGINS",
        "ALLOW_URL_TOKEN",
        "COOKIE_SECURE",
        "HANDOVER_AFTER_MS",
        "RATE_LIMITS",
        "SIGNUP",
        "SITE_URL",
        "TRUSTED_ISSUERS",
        "TRUSTED_PROXIES",
        "VERIFY_EMAIL",
    ] {
        complains(name, &[(name, "perhaps")]).await;
    }
    // These are wrong together only.
    complains("MAIL_FROM", &[("VERIFY_EMAIL", "on"), ("MAIL_FROM", "")]).await;
    let by_domain = [("SIGNUP", "domain"), ("VERIFY_EMAIL", "on")];
    complains("SIGNUP_DOMAINS", &by_domain).await;
    let stray =
        [("SIGNUP_DOMAINS", "example.com"), ("PUBLIC_KEYS", "perhaps"), ("SIGNING_KEY_ID", "x")];
    let mut parley = parley(directory.path(), &[&by_domain[..], &stray].concat());
    address(&mut parley).await;
    interrupt(parley).await;
}

/// Where nobody can read the mailbox, nobody is told that a mail is on its way.
#[tokio::test]
async fn away_from_the_loopback_no_mail_is_promised() {
    let directory = tempfile::tempdir().unwrap();
    for (settings, mail) in [
        (&[("BIND", "127.0.0.1")][..], true),
        (&[("BIND", "0.0.0.0")], false),
        (&[("BIND", "0.0.0.0"), ("MAIL_FROM", "parley@chat.example")], true),
    ] {
        let mut parley = parley(directory.path(), settings);
        let url = address(&mut parley).await.replace("0.0.0.0", "127.0.0.1");
        let policy = reqwest::get(format!("{url}/v1/sign-up")).await.unwrap();
        let policy: Value = serde_json::from_str(&policy.text().await.unwrap()).unwrap();
        assert_eq!(policy["mail"], mail, "{settings:?}");
        interrupt(parley).await;
    }
}

#[tokio::test]
async fn it_prints_the_links_of_mails() {
    let directory = tempfile::tempdir().unwrap();
    let mut parley = parley(directory.path(), &[]);
    let mut lines = BufReader::new(parley.stdout.take().unwrap()).lines();
    let mut next = async || timeout(SOON, lines.next_line()).await.unwrap().unwrap().unwrap();
    let url = next().await.rsplit(' ').next().unwrap().to_owned();
    let person = json!({
        "username": "ada", "email": "ada@example.com", "password": "a cuckoo in the clockwork",
    });
    let post = Client::new().post(format!("{url}/v1/accounts")).json(&person);
    assert!(post.send().await.unwrap().status().is_success());
    let line = loop {
        let line = next().await;
        if line.starts_with("Mail ") {
            break line;
        }
    };
    assert!(line.starts_with("Mail for ada@example.com: "), "{line}");
    assert!(line.contains(&format!(": {url}/verify#token=v_")), "{line}");
    let log = interrupt(parley).await;
    assert!(!log.contains("v_") && !log.contains("ada@example.com"), "{log}");
}

#[tokio::test]
async fn its_log_tells_a_refused_page_and_no_text_at_any_level() {
    const TEXT: &str = "zanzibar";
    let directory = tempfile::tempdir().unwrap();
    let levels = "trace,tungstenite::protocol=trace,hyper::proto=trace,aws_smithy_runtime=trace";
    let mut parley = parley(directory.path(), &[("RUST_LOG", levels)]);
    let url = address(&mut parley).await;
    // The log is long: unread, it would fill its pipe and hold everything up.
    let mut lines = BufReader::new(parley.stderr.take().unwrap()).lines();
    let log = tokio::spawn(async move {
        let mut log = String::new();
        while let Ok(Some(line)) = lines.next_line().await {
            log.push_str(&line);
            log.push('\n');
        }
        log
    });

    let person = json!({
        "username": "ada", "login": "ada", "email": "ada@example.com",
        "password": format!("a cuckoo in the {TEXT} clockwork"),
    });
    let mut session = Value::Null;
    for path in ["/v1/accounts", "/v1/sessions"] {
        let answer = Client::new().post(format!("{url}{path}")).json(&person).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        session = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    }
    let token = session["accessToken"].as_str().unwrap();
    let socket = format!("{}/ws?token={token}", url.replace("http", "ws"));
    let mut foreign = socket.as_str().into_client_request().unwrap();
    foreign.headers_mut().insert("origin", "https://chat.example".parse().unwrap());
    assert_eq!(refusal(foreign).await.0, 403);
    let (mut socket, _) = connect_async(socket).await.unwrap();
    let frame = json!({"action": "sendMessage", "id": 1, "content": TEXT}).to_string();
    socket.send(frame.into()).await.unwrap();
    // The reply and the event, in either order.
    for _ in 0..2 {
        timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap();
    }
    interrupt(parley).await;

    let log = log.await.unwrap();
    for secret in [TEXT, token] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
    let refused = log.lines().find(|line| line.contains("a socket was refused")).unwrap();
    let host = url.trim_start_matches("http://");
    assert!(refused.contains(r#"origin="https://chat.example""#), "{refused}");
    assert!(refused.contains("WARN") && refused.contains(&format!("host={host:?}")), "{refused}");
}
