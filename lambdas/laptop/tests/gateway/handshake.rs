use laptop::Config;
use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};

use crate::support::{Client, refusal, request, rows, start, token};

fn message(text: &str) -> Value {
    json!({"message": text})
}

#[tokio::test]
async fn without_a_token_nobody_is_asked() {
    let laptop = start(Config::default()).await;
    let mut bare = request(&laptop, "");
    assert_eq!(refusal(bare.clone()).await, (401, message("Unauthorized")));
    *bare.uri_mut() = laptop.ws_url().parse().unwrap();
    assert_eq!(refusal(bare).await, (401, message("Unauthorized")));
    assert!(laptop.calls().is_empty());
}

#[tokio::test]
async fn a_token_that_proves_nothing_is_forbidden() {
    let laptop = start(Config::default()).await;
    let forged = token(&start(Config::default()).await, "eve").await;
    for bad in ["nonsense", &forged] {
        assert_eq!(refusal(request(&laptop, bad)).await, (403, message("Forbidden")));
    }
    assert_eq!(rows(&laptop, "connections").await, 0);
}

#[tokio::test]
async fn only_our_own_page_may_open_a_socket() {
    let laptop = start(Config::default()).await;
    let mut request = request(&laptop, &token(&laptop, "ada").await);
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(refusal(request.clone()).await, (403, message("Forbidden")));
    let own = laptop.http_url().replace("127.0.0.1", "localhost").parse().unwrap();
    request.headers_mut().insert("origin", own);
    assert!(tokio_tungstenite::connect_async(request).await.is_ok());
}

#[tokio::test]
async fn an_open_socket_has_its_rows_and_its_identity() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    assert_eq!(rows(&laptop, "connections").await, 1);
    assert_eq!(rows(&laptop, "subscriptions").await, 1);
    ada.ask(json!({"action": "hello", "id": 1})).await;
    let hello = ada.reply(1).await;
    assert_eq!(hello["userId"], "u_ada");
    assert_eq!(hello["username"], "ada");
    let id = hello["connectionId"].as_str().unwrap();
    assert!(id.len() == 16 && id.ends_with('='), "{id}");
}

#[tokio::test]
async fn a_crash_refuses_the_handshake() {
    let laptop = start(Config::default()).await;
    // The authorizer redeems a ticket with a delete.
    let ticket = format!("t_{}", "A".repeat(22));
    laptop.faults().inject(Rule::on("DeleteItem").function("authorizer").with(Fault::Crash));
    assert_eq!(refusal(request(&laptop, &ticket)).await, (500, message("Internal server error")));

    let crash = Rule::on("PutItem").function("connection-manager").times(1).with(Fault::Crash);
    laptop.faults().inject(crash);
    let asked = request(&laptop, &token(&laptop, "ada").await);
    assert_eq!(refusal(asked).await, (502, message("Internal server error")));
    assert_eq!(laptop.aws().connections().count(), 0);
    Client::open(&laptop, "ada").await;
}

#[tokio::test]
async fn a_post_to_a_socket_that_is_still_opening_finds_it_gone() {
    let laptop = start(Config::default()).await;
    let hang = Rule::on("PutItem").function("connection-manager").times(1).with(Fault::Hang);
    let hanging = laptop.faults().inject(hang);
    let asked = request(&laptop, &token(&laptop, "ada").await);
    let opening = tokio::spawn(tokio_tungstenite::connect_async(asked));
    hanging.wait_fired(1).await;
    let put = laptop.requests().into_iter().find(|request| request.operation == "PutItem");
    let id = put.unwrap().body["Item"]["connectionId"]["S"].as_str().unwrap().to_owned();
    let push = crate::connections::push(&laptop);
    let post = push.post_to_connection().connection_id(&id).data(b"x".to_vec().into());
    assert!(post.send().await.unwrap_err().into_service_error().is_gone_exception());
    opening.abort();
}
