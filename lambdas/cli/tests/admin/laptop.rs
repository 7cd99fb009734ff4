//! A laptop, asked through its socket.

use std::path::{Path, PathBuf};

use laptop::{Config, Data, Laptop};
use serde_json::Value;

use crate::program::{Said, at};

async fn on(directory: &Path) -> (Laptop, PathBuf) {
    let data = directory.join("data");
    let config = Config { data: Data::Directory(data.clone()), ..Config::default() };
    (laptop::start(config).await.unwrap(), data)
}

/// What a command did, which must not be refused.
async fn done(data: &Path, words: &[&str]) -> (Said, Value) {
    let said = at(data, &[words, &["--json"]].concat()).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let answer = said.json();
    (said, answer)
}

#[tokio::test]
async fn a_laptop_answers_for_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let (running, data) = on(directory.path()).await;
    let said = at(&data, &["show", "nobody-of-this-name", "--json"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.json()["error"]["code"].is_string());
    assert!(said.err.starts_with("parley: refused: "), "{said:?}");
    running.stop().await;
    let said = at(&data, &["show", "nobody-of-this-name"]).await;
    assert!(said.err.contains("no laptop serves"), "{said:?}");
}

#[tokio::test]
async fn the_life_of_an_account() {
    let directory = tempfile::tempdir().unwrap();
    let (running, data) = on(directory.path()).await;
    let email = ["create-user", "ada", "--email", "ada@example.com"];
    let (_, made) = done(&data, &email).await;
    let port = running.http_url().rsplit(':').next().unwrap();
    let link = made["link"]["url"].as_str().unwrap();
    assert!(link.starts_with(&format!("http://localhost:{port}/welcome#token=p_")), "{link}");
    assert_eq!(made["user"]["username"], "ada");
    assert_ne!(done(&data, &["new-link", "ada"]).await.1["link"]["url"], *link);

    let again = at(&data, &["create-user", "Ada"]).await;
    assert_eq!((again.code, &*again.out), (Some(1), ""), "{again:?}");

    done(&data, &["set-role", "ada@example.com", "admin"]).await;
    done(&data, &["disable", "ada"]).await;
    let (_, shown) = done(&data, &["show", "ada"]).await;
    assert_eq!(
        (&shown["user"]["role"], &shown["user"]["status"]),
        (&"admin".into(), &"disabled".into())
    );
    done(&data, &["enable", "ada"]).await;
    done(&data, &["end-sessions", "ada"]).await;
    let (_, shown) = done(&data, &["show", "ada"]).await;
    assert_eq!(shown["user"]["status"], "active");

    done(&data, &["erase", "ada", "--yes"]).await;
    let id = shown["user"]["userId"].as_str().unwrap();
    let (_, shown) = done(&data, &["show", id]).await;
    assert_eq!(shown["user"]["status"], "erased");
    assert_eq!(at(&data, &["create-user", "ada"]).await.code, Some(1), "the name stays taken");
    running.stop().await;
}
