use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::web::{
    Call, OTHER_PASSWORD, PASSWORD, change_call, enter, forgot_call, is_live, link_email_call,
    log_in, log_in_with, reset_call, sign_up_call, token, unlink_call, verify_call,
};

const ONE: &str = "ada@example.com";
const TWO: &str = "ada@example.org";
const THREE: &str = "ada@example.net";

async fn emails(stage: &Stage, session: &Value) -> Value {
    Call::new("GET /v1/emails").of(session).gives(stage, 200).await["emails"].clone()
}

#[tokio::test]
async fn an_address_is_mine_once_its_link_was_opened() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    link_email_call(&session, " Ada@Example.com").gives(&stage, 202).await;
    assert_eq!(emails(&stage, &session).await, json!([]));
    let verified = verify_call(&token(&stage)).gives(&stage, 200).await;
    assert_eq!(verified, json!({ "username": "ada", "email": ONE }));
    assert_eq!(emails(&stage, &session).await, json!([ONE]));
    enter(&stage, "ADA@EXAMPLE.COM", PASSWORD).await;
    link_email_call(&session, ONE).refused(&stage, 400, "bad_request", "email").await;
    stage.assert_consistent("accounts", "GetItem", "accounts");
}

#[tokio::test]
async fn to_add_an_address_takes_the_password() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let wrong = json!({ "email": ONE, "password": OTHER_PASSWORD });
    let call = Call::new("POST /v1/emails").of(&session).json(&wrong);
    call.refused(&stage, 400, "bad_request", "password").await;
    link_email_call(&session, "ada").refused(&stage, 400, "bad_request", "email").await;
    assert!(stage.aws.mails().is_empty());
}

#[tokio::test]
async fn a_link_is_good_for_what_it_was_made_for_alone() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[ONE]).await;
    forgot_call("ada").gives(&stage, 202).await;
    let reset = token(&stage);
    verify_call(&reset).refused(&stage, 410, "invalid_link", None).await;
    link_email_call(&session, TWO).gives(&stage, 202).await;
    let verify = token(&stage);
    reset_call(&verify, OTHER_PASSWORD).refused(&stage, 410, "invalid_link", None).await;
    for text in ["", "v_", "v_AAAA", &"v".repeat(10_000)] {
        verify_call(text).refused(&stage, 410, "invalid_link", None).await;
    }
    let row = stage.accounts_of("link").await;
    assert!(!json!(row).to_string().contains(&verify), "the table holds its hash alone");
    verify_call(&verify).gives(&stage, 200).await;
    reset_call(&reset, OTHER_PASSWORD).gives(&stage, 204).await;
}

#[tokio::test]
async fn a_link_ends_after_a_day() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    link_email_call(&session, ONE).gives(&stage, 202).await;
    let now = chat::clock::Timestamp::now().seconds();
    let left = stage.accounts_of("link").await[0]["expiresAt"].as_i64().unwrap() - now;
    assert!((86_395..=86_405).contains(&left), "{left}");
    stage.edit_accounts("link", |row| row["expiresAt"] = json!(now - 1)).await;
    verify_call(&token(&stage)).refused(&stage, 410, "invalid_link", None).await;
}

#[tokio::test]
async fn of_two_who_confirm_one_address_at_once_one_gets_it() {
    let stage = Stage::new().await;
    let mut links = Vec::new();
    for name in ["ada", "bob"] {
        let session = log_in(&stage, name).await;
        link_email_call(&session, ONE).gives(&stage, 202).await;
        links.push(token(&stage));
    }
    let (ada, bob) =
        tokio::join!(verify_call(&links[0]).on(&stage), verify_call(&links[1]).on(&stage));
    let won = [&ada, &bob].into_iter().filter(|answer| answer["statusCode"] == 200).count();
    let lost = if ada["statusCode"] == 200 { &bob } else { &ada };
    assert_eq!((won, &lost["body"]["code"]), (1, &json!("email_taken")), "{ada} {bob}");
    assert_eq!(lost["statusCode"], 409);
    assert_eq!(stage.accounts_of("email").await.len(), 1);
    let owners = stage.accounts_of("user").await;
    assert_eq!(owners.iter().filter(|user| user["emails"] == json!([ONE])).count(), 1);
}

#[tokio::test]
async fn one_link_opened_twice_at_once_is_good_once() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    link_email_call(&session, ONE).gives(&stage, 202).await;
    let link = token(&stage);
    let both = tokio::join!(verify_call(&link).on(&stage), verify_call(&link).on(&stage));
    let mut statuses = [&both.0, &both.1].map(|answer| answer["statusCode"].as_i64());
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(200), Some(410)]);
    assert_eq!(emails(&stage, &session).await, json!([ONE]));
}

#[tokio::test]
async fn a_lost_answer_is_no_refusal() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let lose = || {
        let lost = Rule::on("TransactWriteItems").times(1).after();
        stage.aws.faults().inject(lost.with(Fault::TransactionConflict));
    };
    for email in [ONE, TWO] {
        link_email_call(&session, email).gives(&stage, 202).await;
        lose();
        verify_call(&token(&stage)).gives(&stage, 200).await;
    }
    lose();
    unlink_call(&session, ONE).gives(&stage, 204).await;
    assert_eq!(emails(&stage, &session).await, json!([TWO]));
}

#[tokio::test]
async fn an_address_is_given_up_but_never_the_last() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[ONE, TWO]).await;
    unlink_call(&session, THREE).refused(&stage, 404, "not_found", "email").await;
    unlink_call(&session, "x").refused(&stage, 400, "bad_request", "email").await;
    unlink_call(&session, "ADA@example.com").gives(&stage, 204).await;
    unlink_call(&session, ONE).refused(&stage, 404, "not_found", "email").await;
    unlink_call(&session, TWO).refused(&stage, 409, "last_email", "email").await;
    assert_eq!(emails(&stage, &session).await, json!([TWO]));
    // It is free for others now.
    log_in_with(&stage, "bob", &[ONE]).await;
    assert_eq!(stage.accounts_of("email").await.len(), 2);
}

/// Whoever reads the mail of an address that was given up has no power over the account any more, and
/// learns that it was.
#[tokio::test]
async fn an_address_that_is_given_up_resets_no_password() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &["ada@example.com", "old@example.com"]).await;
    forgot_call("old@example.com").gives(&stage, 202).await;
    let link = token(&stage);
    unlink_call(&session, "old@example.com").gives(&stage, 204).await;
    let mail = stage.aws.mails().pop().unwrap();
    assert_eq!(mail.to, ["old@example.com"]);
    assert_eq!(mail.subject, "This address was removed from your Parley account");
    reset_call(&link, OTHER_PASSWORD).refused(&stage, 410, "invalid_link", None).await;
    assert!(is_live(&stage, &session).await);
}

#[tokio::test]
async fn two_addresses_given_up_at_once_are_not_both_gone() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[ONE, TWO]).await;
    let both =
        tokio::join!(unlink_call(&session, ONE).on(&stage), unlink_call(&session, TWO).on(&stage),);
    let mut statuses = [&both.0, &both.1].map(|answer| answer["statusCode"].as_i64());
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(204), Some(409)], "{both:?}");
    assert_eq!(emails(&stage, &session).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_three_addresses_two_can_be_given_up_at_once() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[ONE, TWO, THREE]).await;
    // The second address is overtaken by the first, and stands in another place then.
    let conflict = Rule::on("TransactWriteItems").times(1).with(Fault::TransactionConflict);
    stage.aws.faults().inject(conflict);
    let both =
        tokio::join!(unlink_call(&session, TWO).on(&stage), unlink_call(&session, ONE).on(&stage),);
    for answer in [both.0, both.1] {
        assert_eq!(answer["statusCode"], 204, "{answer}");
    }
    assert_eq!(emails(&stage, &session).await, json!([THREE]));
}

#[tokio::test]
async fn an_account_has_ten_addresses_at_the_most() {
    let stage = Stage::with(&[("RATE_LIMITS", "off")]).await;
    let session = log_in(&stage, "ada").await;
    let mut links = Vec::new();
    for number in 0..11 {
        link_email_call(&session, &format!("a{number}@example.com")).gives(&stage, 202).await;
        links.push(token(&stage));
    }
    for link in &links[..10] {
        verify_call(link).gives(&stage, 200).await;
    }
    verify_call(&links[10]).refused(&stage, 410, "invalid_link", None).await;
    link_email_call(&session, ONE).refused(&stage, 400, "bad_request", "email").await;
    assert_eq!(emails(&stage, &session).await.as_array().unwrap().len(), 10);
}

/// Whoever knew the password for a while must not get the account back by an address of theirs.
#[tokio::test]
async fn a_new_password_ends_the_links_to_addresses_too() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[ONE]).await;
    link_email_call(&session, "eve@example.com").gives(&stage, 202).await;
    let eves = token(&stage);
    forgot_call("ada").gives(&stage, 202).await;
    reset_call(&token(&stage), OTHER_PASSWORD).gives(&stage, 204).await;
    verify_call(&eves).refused(&stage, 410, "invalid_link", None).await;

    let session = enter(&stage, "ada", OTHER_PASSWORD).await;
    let body = json!({ "email": "eve@example.com", "password": OTHER_PASSWORD });
    Call::new("POST /v1/emails").of(&session).json(&body).gives(&stage, 202).await;
    let eves = token(&stage);
    change_call(&session, OTHER_PASSWORD, PASSWORD).gives(&stage, 204).await;
    verify_call(&eves).refused(&stage, 410, "invalid_link", None).await;
    assert_eq!(emails(&stage, &session).await, json!([ONE]));
}

/// SES takes no other ("SendEmail": the local part is ASCII, the domain Punycode).
#[tokio::test]
async fn an_address_that_no_mail_can_be_sent_to_is_refused() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    for email in ["zoë@example.com", "zoe@exämple.com"] {
        link_email_call(&session, email).refused(&stage, 400, "bad_request", "email").await;
        let call = sign_up_call("zoe", PASSWORD, Some(email));
        call.refused(&stage, 400, "bad_request", "email").await;
    }
}
