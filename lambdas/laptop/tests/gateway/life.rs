use laptop::{Config, Data, StartError};
use serde_json::json;

use crate::support::{Client, rows, start};

#[tokio::test]
async fn messages_and_key_outlive_a_restart_and_sockets_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let data = Data::Directory(directory.path().join("data"));
    let config = Config { data, ..Config::default() };

    let laptop = start(config.clone()).await;
    let kid = laptop.signing_key().kid().to_owned();
    let mut ada = Client::open(&laptop, "ada").await;
    ada.ask(json!({"action": "sendMessage", "id": 1, "content": "hi"})).await;
    assert_eq!(ada.reply(1).await["ok"], true);
    // As if it had been killed: no `$disconnect` runs, and the database is not closed.
    drop(laptop);
    assert_eq!(ada.closed().await, 1006);

    let laptop = start(config).await;
    assert_eq!(laptop.signing_key().kid(), kid);
    assert_eq!(rows(&laptop, "connections").await, 0);
    assert_eq!(rows(&laptop, "subscriptions").await, 0);
    assert_eq!(rows(&laptop, "messages").await, 1);
}

#[tokio::test]
async fn one_process_per_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = Data::Directory(directory.path().to_owned());
    let config = Config { data, ..Config::default() };
    let first = start(config.clone()).await;
    let error = laptop::start(config.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::Lock(_)), "{error}");
    first.stop().await;
    start(config).await;
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let first = start(Config::default()).await;
    let port = first.http_url().rsplit(':').next().unwrap().parse().unwrap();
    let error = laptop::start(Config { port, ..Config::default() }).await.unwrap_err();
    assert!(matches!(error, StartError::PortInUse(taken) if taken == port), "{error}");
    assert!(!error.to_string().contains('\n'));
}

#[tokio::test]
async fn stopping_says_goodbye_to_every_socket() {
    let directory = tempfile::tempdir().unwrap();
    let data = Data::Directory(directory.path().to_owned());
    let laptop = start(Config { data, ..Config::default() }).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let mut bob = Client::open(&laptop, "bob").await;
    let closed = async { (ada.closed().await, bob.closed().await) };
    let ((), codes) = tokio::join!(laptop.stop(), closed);
    assert_eq!(codes, (1001, 1001));
    // Closed properly, the database has no log beside it.
    assert!(!directory.path().join("parley.db-wal").exists());
}
