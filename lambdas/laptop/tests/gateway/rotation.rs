//! A new signing key between two starts.

use std::path::Path;

use laptop::{Config, Data, Laptop, RotateError, rotate_key};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::start;

async fn on(directory: &Path) -> Laptop {
    start(Config { data: Data::Directory(directory.to_owned()), ..Config::default() }).await
}

async fn post(laptop: &Laptop, path: &str, cookie: &str, body: Value) -> Response {
    let request = Client::new().post(format!("{}{path}", laptop.http_url())).json(&body);
    request.header("cookie", cookie).send().await.unwrap()
}

async fn json_of(response: Response) -> Value {
    assert!(response.status().is_success(), "{}", response.status());
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn is_known(laptop: &Laptop, token: &str) -> bool {
    let me = Client::new().get(format!("{}/v1/me", laptop.http_url())).bearer_auth(token);
    me.send().await.unwrap().status() == StatusCode::OK
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies(response: &Response) -> String {
    let set = response.headers().get_all("set-cookie").iter();
    let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_new_key_signs_and_nobody_is_logged_out() {
    let directory = tempfile::tempdir().unwrap();
    let laptop = on(directory.path()).await;
    let person =
        json!({"username": "ada", "login": "ada", "password": "a cuckoo in the clockwork"});
    post(&laptop, "/v1/accounts", "", person.clone()).await;
    let session = post(&laptop, "/v1/sessions", "", person).await;
    let cookies = cookies(&session);
    let old = json_of(session).await["accessToken"].as_str().unwrap().to_owned();
    let old_kid = laptop.signing_key().kid().to_owned();
    assert_eq!(kid(&old), old_kid);
    assert!(matches!(rotate_key(directory.path()), Err(RotateError::Running(_))));
    laptop.stop().await;

    let rotated = rotate_key(directory.path()).unwrap();
    assert_eq!(rotated.previous, old_kid);

    let laptop = on(directory.path()).await;
    assert_eq!(laptop.signing_key().kid(), rotated.active);
    assert!(is_known(&laptop, &old).await, "a token of the old key");
    let refreshed = post(&laptop, "/v1/sessions/refresh", &cookies, json!({})).await;
    let new = json_of(refreshed).await["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(kid(&new), rotated.active);
    assert!(is_known(&laptop, &new).await, "a token of the new key");
    let keys = reqwest::get(format!("{}/.well-known/jwks.json", laptop.http_url())).await.unwrap();
    let keys = json_of(keys).await;
    let kids: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&*rotated.active, &*old_kid]);
    laptop.stop().await;

    // The one before the previous is gone.
    rotate_key(directory.path()).unwrap();
    let laptop = on(directory.path()).await;
    assert!(!is_known(&laptop, &old).await && is_known(&laptop, &new).await);
    laptop.stop().await;
}

#[test]
fn there_must_be_a_key() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("nothing");
    assert!(matches!(rotate_key(&missing), Err(RotateError::NoKey(_))));
    assert!(!missing.exists());
    assert!(matches!(rotate_key(directory.path()), Err(RotateError::NoKey(_))));
}
