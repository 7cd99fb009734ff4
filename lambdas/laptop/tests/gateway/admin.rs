//! Lambda's `Invoke` on the administrators' socket.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use laptop::embedded::{Fault, Rule};
use laptop::{Config, Data, Laptop};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::start;

const ADMIN: &str = "/2015-03-31/functions/admin/invocations";

async fn on(directory: &Path) -> (Laptop, PathBuf) {
    let data = directory.join("data");
    let socket = data.join("admin.sock");
    (start(Config { data: Data::Directory(data), ..Config::default() }).await, socket)
}

/// Status, head and body of the answer to a POST.
async fn post(socket: &Path, path: &str, header: &str, body: &str) -> (u16, String, Value) {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: laptop\r\nconnection: close\r\n{header}content-length: \
         {}\r\n\r\n{body}",
        body.len(),
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), serde_json::from_str(body).unwrap())
}

fn show(user: &str) -> String {
    json!({"command": "show", "user": user}).to_string()
}

#[tokio::test]
async fn an_answer_is_the_functions_own() {
    let directory = tempfile::tempdir().unwrap();
    let (laptop, socket) = on(directory.path()).await;
    let (status, head, answer) = post(&socket, ADMIN, "", &show("nobody")).await;
    assert_eq!(status, 200);
    assert!(!head.contains("x-amz-function-error"), "{head}");
    assert!(answer["error"]["code"].is_string(), "{answer}");
    let invoked = laptop.invoke("admin", serde_json::from_str(&show("nobody")).unwrap()).await;
    assert_eq!(invoked.unwrap(), answer);
    laptop.stop().await;
}

#[tokio::test]
async fn a_failed_function_is_told_as_lambda_tells_it() {
    let directory = tempfile::tempdir().unwrap();
    let (laptop, socket) = on(directory.path()).await;
    let (status, head, answer) = post(&socket, ADMIN, "", r#"{"command":"conquer"}"#).await;
    assert_eq!(status, 200);
    assert!(head.contains("x-amz-function-error: Unhandled"), "{head}");
    let expected =
        json!({"errorType": "Error", "errorMessage": "the event does not fit the function's type"});
    assert_eq!(answer, expected);
    laptop.stop().await;
}

#[tokio::test]
async fn no_other_function_and_no_other_event() {
    let directory = tempfile::tempdir().unwrap();
    let (laptop, socket) = on(directory.path()).await;
    let crash = Rule::on("PutItem").with(Fault::Crash);
    let reached = laptop.faults().inject(crash);
    for path in [
        "/2015-03-31/functions/accounts/invocations",
        "/2015-03-31/functions/nobody/invocations",
        "/v1/accounts",
        "/",
    ] {
        let (status, head, _) = post(&socket, path, "", &show("ada")).await;
        assert_eq!(status, 404, "{path}");
        assert!(head.contains("x-amzn-errortype: ResourceNotFoundException"), "{head}");
    }
    assert_eq!(reached.fired(), 0);
    assert_eq!(post(&socket, ADMIN, "", "not json").await.0, 400);
    let later = "x-amz-invocation-type: Event\r\n";
    assert_eq!(post(&socket, ADMIN, later, &show("ada")).await.0, 400);
    laptop.stop().await;
}

#[tokio::test]
async fn the_door_is_its_owners_alone_and_goes_with_the_laptop() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (laptop, socket) = on(directory.path()).await;
    let metadata = fs::metadata(&socket).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o700);
    assert!(!data.join("admin.new").exists());

    // As after a kill: the file stays, and nobody answers.
    drop(laptop);
    assert!(socket.exists());
    let (laptop, socket) = on(directory.path()).await;
    assert_eq!(post(&socket, ADMIN, "", &show("nobody")).await.0, 200);
    laptop.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_stops_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let (laptop, socket) = on(&directory.path().join("d".repeat(120))).await;
    assert!(!socket.exists());
    assert!(
        reqwest::get(format!("{}/ping", laptop.http_url())).await.unwrap().status().is_success()
    );
    laptop.stop().await;
}
