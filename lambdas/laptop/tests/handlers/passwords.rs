use chat::accounts::Accounts;
use chat::sessions::Sessions;
use laptop::embedded::{Fault, Rule};
use serde_json::json;

use crate::stage::Stage;
use crate::web::{
    Call, OTHER_PASSWORD, PASSWORD, asked, assert_ended, change_call, enter, forgot_call, is_live,
    log_in, log_in_call, log_in_with, refresh_call, reset_call, session_of, socket, token,
};

const EMAIL: &str = "ada@example.com";
const THIRD_PASSWORD: &str = "seven quiet lighthouses";

#[tokio::test]
async fn a_change_ends_every_other_session() {
    let stage = Stage::new().await;
    let here = log_in_with(&stage, "ada", &[EMAIL]).await;
    let there = enter(&stage, "ada", PASSWORD).await;
    let (mut own, mut other) = (socket(&stage, &here).await, socket(&stage, &there).await);
    change_call(&here, PASSWORD, OTHER_PASSWORD).gives(&stage, 204).await;
    assert!(is_live(&stage, &here).await);
    assert!(!is_live(&stage, &there).await);
    assert_ended(&mut other).await;
    assert!(own.posted().is_empty());
    session_of(&refresh_call(&here["cookie"]).on(&stage).await);
    refresh_call(&there["cookie"]).refused(&stage, 401, "unauthorized", None).await;
    log_in_call("ada", PASSWORD).refused(&stage, 401, "invalid_credentials", None).await;
    enter(&stage, "ada", OTHER_PASSWORD).await;

    let mail = stage.aws.mails().pop().unwrap();
    assert_eq!((&*mail.subject, mail.to), ("Your password was changed", vec![EMAIL.to_owned()]));
}

#[tokio::test]
async fn a_change_takes_the_password_of_now_and_a_good_one() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let wrong = change_call(&session, OTHER_PASSWORD, THIRD_PASSWORD);
    wrong.refused(&stage, 400, "bad_request", "current").await;
    for bad in ["short", "password123", &"x".repeat(257)] {
        let call = change_call(&session, PASSWORD, bad);
        call.refused(&stage, 400, "bad_request", "password").await;
    }
    assert!(is_live(&stage, &session).await);
    enter(&stage, "ada", PASSWORD).await;
}

#[tokio::test]
async fn a_change_is_done_though_no_mail_or_answer_arrives() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[EMAIL]).await;
    stage.aws.faults().inject(Rule::on("SendEmail").with(Fault::Throttling));
    let lost = Rule::on("TransactWriteItems").times(1).after();
    stage.aws.faults().inject(lost.with(Fault::TransactionConflict));
    change_call(&session, PASSWORD, OTHER_PASSWORD).gives(&stage, 204).await;
    assert!(is_live(&stage, &session).await);
    enter(&stage, "ada", OTHER_PASSWORD).await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_done() {
    let stage = Stage::new().await;
    let here = log_in(&stage, "ada").await;
    let there = enter(&stage, "ada", PASSWORD).await;
    let both = tokio::join!(
        change_call(&here, PASSWORD, OTHER_PASSWORD).on(&stage),
        change_call(&there, PASSWORD, THIRD_PASSWORD).on(&stage),
    );
    let mut statuses = [&both.0, &both.1].map(|answer| answer["statusCode"].as_i64());
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(204), Some(401)], "{both:?}");
    let (winner, loser) = if both.0["statusCode"] == 204 { (here, there) } else { (there, here) };
    assert!(is_live(&stage, &winner).await && !is_live(&stage, &loser).await);
}

/// Two windows of one browser: one changes the password, the other refreshes.
#[tokio::test]
async fn a_refresh_beside_a_change_goes_on() {
    let stage = Stage::with(&[("RATE_LIMITS", "off")]).await;
    let mut session = log_in(&stage, "ada").await;
    let (mut old, mut new) = (PASSWORD, OTHER_PASSWORD);
    for _ in 0..5 {
        let (changed, refreshed) =
            tokio::join!(change_call(&session, old, new).on(&stage), async {
                // The longer one is the change, by its hashes: meet its end.
                let mut latest = session_of(&refresh_call(&session["cookie"]).on(&stage).await);
                for _ in 0..40 {
                    latest = session_of(&refresh_call(&latest["cookie"]).on(&stage).await);
                }
                latest
            });
        assert_eq!(changed["statusCode"], 204, "{changed}");
        session = refreshed;
        (old, new) = (new, old);
    }
    assert!(is_live(&stage, &session).await);
}

#[tokio::test]
async fn a_reset_sets_the_password_and_ends_all_sessions() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[EMAIL]).await;
    let mut socket = socket(&stage, &session).await;
    forgot_call("ADA").gives(&stage, 202).await;
    let mail = stage.aws.mails().pop().unwrap();
    assert_eq!(mail.to, [EMAIL]);
    assert!(mail.link().unwrap().starts_with("http://localhost:8080/reset#token=p_"));
    let link = token(&stage);
    assert!(is_live(&stage, &session).await, "to have asked changes nothing");

    reset_call(&link, "short").refused(&stage, 400, "bad_request", "password").await;
    reset_call(&link, OTHER_PASSWORD).gives(&stage, 204).await;
    assert!(!is_live(&stage, &session).await);
    refresh_call(&session["cookie"]).refused(&stage, 401, "unauthorized", None).await;
    assert_ended(&mut socket).await;
    log_in_call("ada", PASSWORD).refused(&stage, 401, "invalid_credentials", None).await;
    enter(&stage, EMAIL, OTHER_PASSWORD).await;
    reset_call(&link, THIRD_PASSWORD).refused(&stage, 410, "invalid_link", None).await;
    assert_eq!(stage.aws.mails().pop().unwrap().subject, "Your password was changed");
    stage.assert_consistent("accounts", "GetItem", "accounts");
}

#[tokio::test]
async fn of_two_resets_with_one_link_one_is_done() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    forgot_call(EMAIL).gives(&stage, 202).await;
    let link = token(&stage);
    let both = tokio::join!(
        reset_call(&link, OTHER_PASSWORD).on(&stage),
        reset_call(&link, THIRD_PASSWORD).on(&stage),
    );
    let mut statuses = [&both.0, &both.1].map(|answer| answer["statusCode"].as_i64());
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(204), Some(410)], "{both:?}");
    let won = if both.0["statusCode"] == 204 { OTHER_PASSWORD } else { THIRD_PASSWORD };
    enter(&stage, "ada", won).await;
}

#[tokio::test]
async fn a_reset_ends_the_links_that_were_asked_for_before() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    forgot_call("ada").gives(&stage, 202).await;
    let first = token(&stage);
    forgot_call("ada").gives(&stage, 202).await;
    let lost = Rule::on("TransactWriteItems").times(1).after();
    stage.aws.faults().inject(lost.with(Fault::TransactionConflict));
    reset_call(&token(&stage), OTHER_PASSWORD).gives(&stage, 204).await;
    reset_call(&first, THIRD_PASSWORD).refused(&stage, 410, "invalid_link", None).await;
    enter(&stage, "ada", OTHER_PASSWORD).await;
}

#[tokio::test]
async fn a_reset_link_ends_after_an_hour() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    forgot_call("ada").gives(&stage, 202).await;
    let now = chat::clock::Timestamp::now().seconds();
    let left = stage.accounts_of("link").await[0]["expiresAt"].as_i64().unwrap() - now;
    assert!((3_595..=3_605).contains(&left), "{left}");
    stage.edit_accounts("link", |row| row["expiresAt"] = json!(now - 1)).await;
    reset_call(&token(&stage), OTHER_PASSWORD).refused(&stage, 410, "invalid_link", None).await;
}

/// A log-in read the user before a reset, and writes its session after it.
#[tokio::test]
async fn a_session_that_the_old_password_began_is_dead() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[EMAIL]).await;
    let (aws, settings) = (stage.aws.sdk_config("accounts"), stage.aws.settings("accounts"));
    let mut read = settings.read();
    let accounts = Accounts::new(&aws, &mut read);
    let sessions = Sessions::new(&aws, &mut read);
    let id = session["userId"].as_str().unwrap();
    let user = accounts.user(id).await.unwrap().unwrap();

    forgot_call("ada").gives(&stage, 202).await;
    reset_call(&token(&stage), OTHER_PASSWORD).gives(&stage, 204).await;
    let late = sessions.begin(&user, "").await.unwrap();
    let late_cookie = json!(format!("parley_session={}", late.value()));
    refresh_call(&late_cookie).refused(&stage, 401, "unauthorized", None).await;
    assert!(sessions.user_of(&accounts, id, late.session_id()).await.unwrap().is_none());
}

#[tokio::test]
async fn whether_somebody_forgot_is_told_by_mail_alone() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    log_in(&stage, "bob").await;
    let mut answers = Vec::new();
    for login in ["ada", EMAIL, "bob", "eve", "eve@example.com", "", "@", "-"] {
        answers.push(forgot_call(login).on(&stage).await);
    }
    assert_eq!(answers[0]["statusCode"], 202);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let mails = stage.aws.mails();
    let to: Vec<_> = mails.iter().skip(1).map(|mail| (&*mail.to[0], &*mail.subject)).collect();
    assert_eq!(
        to,
        [
            (EMAIL, "Reset your password, ada"),
            (EMAIL, "Reset your password, ada"),
            ("eve@example.com", "There is no Parley account with this address"),
        ]
    );
    assert!(!mails.last().unwrap().text.contains("token"));
}

#[tokio::test]
async fn a_known_address_costs_the_same_calls_as_an_unknown_one() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    let known = asked(&stage, forgot_call(EMAIL), 202).await;
    let unknown = asked(&stage, forgot_call("eve@example.com"), 202).await;
    assert_eq!(known, unknown);
    assert_eq!(known.last().unwrap(), "SendEmail ");
}

#[tokio::test]
async fn a_reset_whose_sockets_stay_open_is_done_still() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[EMAIL]).await;
    let _socket = socket(&stage, &session).await;
    forgot_call("ada").gives(&stage, 202).await;
    let failing = Rule::on("DeleteConnection").with(Fault::InternalServerError);
    stage.aws.faults().inject(failing);
    reset_call(&token(&stage), OTHER_PASSWORD).refused(&stage, 503, "unavailable", None).await;
    assert!(!is_live(&stage, &session).await);
    enter(&stage, "ada", OTHER_PASSWORD).await;
}

#[tokio::test]
async fn without_mail_nothing_is_sent_and_nobody_learns() {
    let stage = Stage::with(&[("MAIL_FROM", "")]).await;
    log_in(&stage, "ada").await;
    for login in ["ada", "eve", "eve@example.com"] {
        forgot_call(login).gives(&stage, 202).await;
    }
    assert!(stage.accounts_of("link").await.is_empty());
    let call = Call::new("POST /v1/accounts/link").json(&json!({ "login": "ada" }));
    call.gives(&stage, 202).await;
}
