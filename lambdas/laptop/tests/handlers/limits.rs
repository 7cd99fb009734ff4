use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::web::{
    Call, OTHER_PASSWORD, PASSWORD, change_call, enter, forgot_call, link_email_call, log_in,
    log_in_call, log_in_with, pair, reset_call, session_of, sign_up, sign_up_call, token,
};

async fn wrong_passwords(stage: &Stage, login: &str, count: usize) {
    for _ in 0..count {
        let call = log_in_call(login, OTHER_PASSWORD);
        call.refused(stage, 401, "invalid_credentials", None).await;
    }
}

/// Wrong passwords until the next try has to wait, for longer than a test lasts.
async fn lock(stage: &Stage, login: &str) {
    wrong_passwords(stage, login, 6).await;
    let later = chat::clock::Timestamp::now().0 + 60_000;
    stage.edit_accounts("lock", |row| row["waitUntil"] = json!(later)).await;
}

/// Asserts that a call has to wait, and says how many seconds.
async fn limited(stage: &Stage, call: Call<'_>) -> u64 {
    let refusal = call.refused(stage, 429, "rate_limited", None).await;
    refusal["body"]["retryAfter"].as_u64().unwrap()
}

#[tokio::test]
async fn wrong_passwords_cost_a_wait_that_doubles_and_stays_short() {
    let stage = Stage::new().await;
    sign_up(&stage, "ada").await;
    for login in ["ada", "nobody"] {
        lock(&stage, login).await;
        for login in [login, &login.to_uppercase()] {
            limited(&stage, log_in_call(login, PASSWORD)).await;
        }
    }
    for (failures, wait) in [(9, 16), (10, 32), (1_000, 60)] {
        stage
            .edit_accounts("lock", |row| {
                row["failures"] = json!(failures);
                row["waitUntil"] = json!(0);
            })
            .await;
        wrong_passwords(&stage, "ada", 1).await;
        let waits = limited(&stage, log_in_call("ada", PASSWORD)).await;
        assert!((wait - 1..=wait).contains(&waits), "{waits}");
    }
    stage.edit_accounts("lock", |row| row["waitUntil"] = json!(0)).await;
    enter(&stage, "ada", PASSWORD).await;
    wrong_passwords(&stage, "ada", 5).await;
    stage.assert_consistent("accounts", "GetItem", "accounts");
}

#[tokio::test]
async fn who_waits_is_not_kept_waiting_by_more_guesses() {
    let stage = Stage::new().await;
    sign_up(&stage, "ada").await;
    lock(&stage, "ada").await;
    let row = stage.accounts_of("lock").await;
    for _ in 0..10 {
        limited(&stage, log_in_call("ada", OTHER_PASSWORD)).await;
    }
    assert_eq!(stage.accounts_of("lock").await, row);
}

#[tokio::test]
async fn many_guesses_at_once_are_counted_each() {
    let stage = Stage::new().await;
    sign_up(&stage, "ada").await;
    let guesses = (0..40).map(|_| log_in_call("ada", OTHER_PASSWORD).on(&stage));
    let answers = join_all(guesses).await;
    let tried = answers.iter().filter(|answer| answer["statusCode"] == 401).count();
    let counted = stage.accounts_of("lock").await[0]["failures"].clone();
    assert_eq!(counted, tried, "each that was tried");
    // A slow machine has a second or two pass meanwhile, and so one or two tries more.
    assert!(tried < 12, "{tried} guesses were tried");
}

#[tokio::test]
async fn a_browser_that_was_here_before_is_not_locked_out_by_strangers() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    lock(&stage, "ada").await;
    limited(&stage, log_in_call("ada", PASSWORD)).await;
    let wrong = log_in_call("ada", OTHER_PASSWORD).cookie(&session["device"]);
    wrong.refused(&stage, 401, "invalid_credentials", None).await;
    let known = log_in_call("ada", PASSWORD).cookie(&session["device"]);
    let again = known.on(&stage).await;
    assert_eq!(again["statusCode"], 200, "{again}");
    assert!(again["cookies"][1].as_str().unwrap().starts_with("parley_device=d_"));

    let forged = json!("parley_device=d_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    limited(&stage, log_in_call("ada", PASSWORD).cookie(&forged)).await;
    stage.edit_accounts("device", |row| row["expiresAt"] = json!(1)).await;
    let forgotten = log_in_call("ada", PASSWORD).cookie(&session["device"]);
    limited(&stage, forgotten).await;
}

#[tokio::test]
async fn a_device_is_known_to_its_own_accounts_only() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    sign_up(&stage, "bob").await;
    lock(&stage, "bob").await;
    limited(&stage, log_in_call("bob", PASSWORD).cookie(&session["device"])).await;
}

#[tokio::test]
async fn ones_own_password_is_counted_apart() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    lock(&stage, "ada").await;
    for _ in 0..6 {
        let call = change_call(&session, "a wrong password", OTHER_PASSWORD);
        call.refused(&stage, 400, "bad_request", "current").await;
    }
    let later = chat::clock::Timestamp::now().0 + 60_000;
    stage.edit_accounts("lock", |row| row["waitUntil"] = json!(later)).await;
    limited(&stage, change_call(&session, PASSWORD, OTHER_PASSWORD)).await;
    limited(&stage, link_email_call(&session, "ada@example.com")).await;
}

/// Sets the counts of all windows of now.
async fn count_to(stage: &Stage, times: u64) {
    stage.edit_accounts("rate", |row| row["times"] = json!(times)).await;
}

#[tokio::test]
async fn what_sends_mail_is_limited_by_what_is_typed() {
    let stage = Stage::with(&[("ADDRESS_LIMITS", "off")]).await;
    log_in_with(&stage, "ada", &["ada@example.com"]).await;
    for login in ["bob", "ada@example.com", "eve@example.com", "eve"] {
        for _ in 0..5 {
            forgot_call(login).gives(&stage, 202).await;
        }
        let wait = limited(&stage, forgot_call(&login.to_uppercase())).await;
        assert!((1..=3_600).contains(&wait), "{wait}");
    }
    for number in 0..5 {
        let name = format!("person{number}");
        sign_up_call(&name, PASSWORD, Some("zoe@example.com")).gives(&stage, 201).await;
    }
    let call = sign_up_call("another", PASSWORD, Some("Zoe@example.com"));
    limited(&stage, call).await;
    assert_eq!(stage.aws.mails().len(), 1 + 5 + 5 + 5);
}

/// A name that has had too many tries does not tell which address is its owner's.
#[tokio::test]
async fn what_has_to_wait_tells_of_no_address() {
    let stage = Stage::with(&[("ADDRESS_LIMITS", "off")]).await;
    log_in_with(&stage, "ada", &["ada@example.com"]).await;
    lock(&stage, "ada").await;
    for _ in 0..5 {
        forgot_call("ada").gives(&stage, 202).await;
    }
    limited(&stage, log_in_call("ada", PASSWORD)).await;
    limited(&stage, forgot_call("ada")).await;
    for address in ["ada@example.com", "eve@example.com"] {
        wrong_passwords(&stage, address, 1).await;
        forgot_call(address).gives(&stage, 202).await;
    }
}

#[tokio::test]
async fn an_account_asks_for_few_mails_and_an_address_gets_few() {
    let stage = Stage::with(&[("ADDRESS_LIMITS", "off")]).await;
    let mut sessions = Vec::new();
    for name in ["ada", "bob", "eve"] {
        sessions.push(log_in(&stage, name).await);
    }
    for session in &sessions {
        for _ in 0..5 {
            link_email_call(session, "zoe@example.com").gives(&stage, 202).await;
        }
        limited(&stage, link_email_call(session, "zoe@example.com")).await;
    }
    // The third asked in vain, and has not learned it.
    assert_eq!(stage.aws.mails().len(), 10);
}

/// Whoever proved whose account it is by mail is not kept waiting by those who guess at it.
#[tokio::test]
async fn a_reset_lets_its_browser_in_past_a_lock() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &["ada@example.com"]).await;
    forgot_call("ada").gives(&stage, 202).await;
    lock(&stage, "ada").await;
    let reset = reset_call(&token(&stage), OTHER_PASSWORD).on(&stage).await;
    assert_eq!(reset["statusCode"], 204, "{reset}");
    limited(&stage, log_in_call("ada", OTHER_PASSWORD)).await;
    let device = json!(pair(&reset["cookies"][0]));
    let call = log_in_call("ada", OTHER_PASSWORD).cookie(&device);
    session_of(&call.on(&stage).await);
}

#[tokio::test]
async fn each_address_has_limits_of_its_own() {
    let stage = Stage::with(&[("TRUSTED_PROXIES", "1")]).await;
    // Another person each time: accounts have limits of their own.
    let mut sessions = Vec::new();
    for name in ["ada", "bob", "eve"] {
        sessions.push(log_in(&stage, name).await);
    }
    type Make<'a> = Box<dyn Fn(usize) -> Call<'static> + 'a>;
    let link = "POST /v1/accounts/link";
    let calls: [(Make<'_>, u64, i64); 5] = [
        (Box::new(|turn| sign_up_call(&format!("person{turn}"), PASSWORD, None)), 30, 201),
        (Box::new(|_| log_in_call("ada", PASSWORD)), 100, 200),
        (Box::new(|turn| forgot_call(&format!("nobody{turn}"))), 30, 202),
        (
            Box::new(|turn| Call::new(link).json(&json!({ "login": format!("noone{turn}") }))),
            30,
            202,
        ),
        (Box::new(|turn| Call::new("POST /v1/tickets").of(&sessions[turn])), 3_000, 200),
    ];
    for (number, (call, most, status)) in calls.into_iter().enumerate() {
        let from = |turn, address: &str| {
            call(turn).header("x-forwarded-for", &format!("6.6.6.6, {address}, 10.0.0.1"))
        };
        from(0, "1.2.3.4").gives(&stage, status).await;
        count_to(&stage, most).await;
        limited(&stage, from(1, "1.2.3.4")).await;
        from(2, &format!("1.2.3.{}", 5 + number)).gives(&stage, status).await;
        count_to(&stage, 0).await;
    }
    let rows = json!(stage.accounts_of("rate").await).to_string();
    assert!(!rows.contains("1.2.3"), "whose address it is, a copy of the table does not tell");
}

#[tokio::test]
async fn tickets_are_limited_per_account() {
    let stage = Stage::new().await;
    let (session, other) = (log_in(&stage, "ada").await, log_in(&stage, "bob").await);
    let ticket = || Call::new("POST /v1/tickets").of(&session);
    ticket().gives(&stage, 200).await;
    count_to(&stage, 300).await;
    let wait = limited(&stage, ticket()).await;
    assert!((1..=60).contains(&wait), "{wait}");
    Call::new("POST /v1/tickets").of(&other).gives(&stage, 200).await;
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let off: Value = json!([]);
    let stage = Stage::with(&[("RATE_LIMITS", "off")]).await;
    sign_up(&stage, "ada").await;
    wrong_passwords(&stage, "ada", 10).await;
    for _ in 0..8 {
        forgot_call("eve@example.com").gives(&stage, 202).await;
    }
    enter(&stage, "ada", PASSWORD).await;
    for kind in ["rate", "lock"] {
        assert_eq!(json!(stage.accounts_of(kind).await), off, "{kind}");
    }
    let stage = Stage::with(&[("ADDRESS_LIMITS", "off")]).await;
    sign_up(&stage, "ada").await;
    enter(&stage, "ada", PASSWORD).await;
    assert_eq!(json!(stage.accounts_of("rate").await), off, "only accounts are counted");
}
