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
async fn a_first_start_that_was_broken_off_is_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let unfinished = directory.path().join("signing-key.new");
    std::fs::write(&unfinished, "-----BEGIN PRIVATE").unwrap();
    let config = Config { data: Data::Directory(directory.path().to_owned()), ..Config::default() };
    let laptop = start(config.clone()).await;
    let kid = laptop.signing_key().kid().to_owned();
    laptop.stop().await;
    assert!(!unfinished.exists(), "a key is written there and then put in its place");
    assert_eq!(start(config).await.signing_key().kid(), kid);
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

#[cfg(unix)]
#[tokio::test]
async fn the_data_is_for_its_owner_alone() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let data = Data::Directory(directory.path().to_owned());
    let config = Config { data, ..Config::default() };
    let mode = |file: &str| {
        let mode = metadata(directory.path().join(file)).unwrap().permissions().mode();
        format!("{file} {:o}", mode & 0o777)
    };
    let files = ["lock", "parley.db", "parley.db-shm", "parley.db-wal", "signing-key.pem"];
    let private = files.map(|file| format!("{file} 600"));

    let laptop = start(config.clone()).await;
    assert_eq!(files.map(mode), private);
    // As after a crash, which leaves the log beside the database.
    drop(laptop);
    for file in files {
        let path = directory.path().join(file);
        if path.exists() {
            set_permissions(path, Permissions::from_mode(0o644)).unwrap();
        }
    }
    let laptop = start(config).await;
    assert_eq!(files.map(mode), private);
    laptop.stop().await;
}

#[tokio::test]
async fn a_spoiled_database_is_one_clear_line_and_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("parley.db");
    let config = Config { data: Data::Directory(directory.path().to_owned()), ..Config::default() };
    start(config.clone()).await.stop().await;
    let sound = std::fs::read(&file).unwrap();
    let (head, body) = sound.split_at(4096);
    let damaged = [head, &vec![0xa5; body.len()]].concat();
    let spoiled = format!(
        "{} is not a Parley database, or is damaged: restore a copy, or choose another DATA",
        file.display()
    );
    let newer = format!(
        "{} was written by a newer Parley: run that version, or choose another DATA",
        file.display()
    );
    let cases = [
        (b"not a database, and long enough to be one".repeat(100), &spoiled),
        (damaged, &spoiled),
        (of_a_newer_build(&sound), &newer),
    ];
    for (bytes, line) in cases {
        std::fs::write(&file, &bytes).unwrap();
        let error = laptop::start(config.clone()).await.unwrap_err();
        assert_eq!(error.to_string(), *line);
        assert!(std::fs::read(&file).unwrap() == bytes, "the file was changed: {line}");
    }
    std::fs::write(&file, sound).unwrap();
    start(config).await;
}

/// The database as a build would leave it whose tables have a later shape.
fn of_a_newer_build(file: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"schema_version";
    let mut file = file.to_vec();
    let names = file.windows(NAME.len() + 2).enumerate();
    let mut row = names.filter(|(_, bytes)| {
        bytes.starts_with(NAME) && bytes[NAME.len()..].iter().all(u8::is_ascii_digit)
    });
    let (place, _) = row.next_back().unwrap();
    file[place + NAME.len()..][..2].copy_from_slice(b"99");
    file
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
