//! A laptop, asked through its socket.

use laptop::{Config, Data};

use crate::program::at;

#[tokio::test]
async fn a_laptop_answers_for_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let config = Config { data: Data::Directory(data.clone()), ..Config::default() };
    let running = laptop::start(config).await.unwrap();
    let said = at(&data, &["show", "nobody-of-this-name", "--json"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.json()["error"]["code"].is_string());
    assert!(said.err.starts_with("parley: refused: "), "{said:?}");
    running.stop().await;
    let said = at(&data, &["show", "nobody-of-this-name"]).await;
    assert!(said.err.contains("no laptop serves"), "{said:?}");
}
