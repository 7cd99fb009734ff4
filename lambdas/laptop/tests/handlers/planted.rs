//! Cookies that somebody else gave to a browser, as a page of a sibling subdomain can.

use serde_json::{Value, json};

use crate::stage::Stage;
use crate::web::{
    Call, PASSWORD, asked, enter, is_live, log_in, log_in_call, pair, refresh_call, session_of,
};

/// Of the form of ours, but for a session that never was.
fn well_formed(session: &Value) -> Value {
    let own = pair(&session["cookie"]);
    let mut parts: Vec<_> = own.split('.').collect();
    parts[1] = "s_AAAAAAAAAAAAAAAAAAAAAA";
    json!(parts.join("."))
}

#[tokio::test]
async fn a_planted_cookie_does_not_hide_the_session() {
    let stage = Stage::new().await;
    let mut session = log_in(&stage, "ada").await;
    let ended = enter(&stage, "ada", PASSWORD).await;
    Call::new("DELETE /v1/sessions/current").cookie(&ended["cookie"]).gives(&stage, 204).await;
    for planted in [
        json!("parley_session=x"),
        json!("parley_session="),
        well_formed(&session),
        ended["cookie"].clone(),
    ] {
        let browser = refresh_call(&planted).cookie(&session["cookie"]);
        session = session_of(&browser.on(&stage).await);
    }
    let out = Call::new("DELETE /v1/sessions/current").cookie(&well_formed(&session));
    out.cookie(&session["cookie"]).gives(&stage, 204).await;
    assert!(!is_live(&stage, &session).await, "and it can be logged out of");
    let none = refresh_call(&well_formed(&session)).cookie(&session["cookie"]);
    none.refused(&stage, 401, "unauthorized", None).await;
}

#[tokio::test]
async fn one_cookie_costs_no_more_reads_and_many_do_not_cost_many() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let one = asked(&stage, refresh_call(&session["cookie"]), 200).await;
    assert_eq!(one.iter().filter(|call| call.starts_with("GetItem")).count(), 2, "{one:?}");
    let mut many = refresh_call(&well_formed(&session));
    for _ in 0..50 {
        many = many.cookie(&well_formed(&session));
    }
    assert!(asked(&stage, many, 401).await.len() < 25);
}

#[tokio::test]
async fn a_browser_is_known_by_no_cookie_that_was_planted() {
    let stage = Stage::new().await;
    let known = log_in(&stage, "ada").await["device"].clone();
    let planted = json!(format!("parley_device=d_{}", "A".repeat(43)));
    let answer = log_in_call("ada", PASSWORD).cookie(&planted).on(&stage).await;
    assert_ne!(pair(&answer["cookies"][1]), pair(&planted));
    assert_eq!(stage.accounts_of("device").await.len(), 2);
    let again = log_in_call("ada", PASSWORD).cookie(&known).on(&stage).await;
    assert_eq!(pair(&again["cookies"][1]), pair(&known), "its own it keeps");
    // Another person's, who has logged in at this browser or planted it.
    log_in(&stage, "bob").await;
    let answer = log_in_call("bob", PASSWORD).cookie(&known).on(&stage).await;
    assert_ne!(pair(&answer["cookies"][1]), pair(&known));
}
