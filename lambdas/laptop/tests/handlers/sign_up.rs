use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::web::{
    Call, OTHER_PASSWORD, PASSWORD, asked, change_call, enter, is_live, link_email_call,
    log_in_call, log_in_with, sign_up, sign_up_call, token, verify_call,
};

const EMAIL: &str = "ada@example.com";

fn strict() -> [(&'static str, &'static str); 1] {
    [("VERIFY_EMAIL", "on")]
}

fn link_call(login: &str) -> Call<'static> {
    Call::new("POST /v1/accounts/link").json(&json!({ "login": login }))
}

#[tokio::test]
async fn a_sign_up_makes_an_account_and_keeps_no_password() {
    let stage = Stage::new().await;
    let answer = sign_up(&stage, "Ada").await;
    assert_eq!((&answer["username"], &answer["status"]), (&json!("Ada"), &json!("active")));
    assert!(answer["userId"].as_str().unwrap().starts_with("u_"));
    let rows = json!(stage.rows("accounts").await).to_string();
    assert!(!rows.contains(PASSWORD));
    assert!(rows.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "OWASP's parameters");
}

#[tokio::test]
async fn a_name_is_taken_in_every_case_and_by_what_looks_like_it() {
    let stage = Stage::new().await;
    sign_up(&stage, "paypal").await;
    for name in ["paypal", "PAYPAL", "paypa1", "PaypaI"] {
        sign_up_call(name, PASSWORD, None).refused(&stage, 409, "name_taken", "username").await;
    }
    sign_up(&stage, "paypals").await;
}

#[tokio::test]
async fn of_two_sign_ups_at_once_one_wins() {
    let stage = Stage::new().await;
    for (one, other) in [("ada", "Ada"), ("bob", "b0b")] {
        let both = tokio::join!(
            sign_up_call(one, PASSWORD, None).on(&stage),
            sign_up_call(other, PASSWORD, None).on(&stage),
        );
        let mut statuses = [&both.0, &both.1].map(|answer| answer["statusCode"].as_i64());
        statuses.sort_unstable();
        assert_eq!(statuses, [Some(201), Some(409)], "{one} {other}");
    }
    assert_eq!(stage.accounts_of("user").await.len(), 2);
}

#[tokio::test]
async fn a_sign_up_whose_answer_is_lost_is_not_told_that_its_name_is_taken() {
    let stage = Stage::new().await;
    for (name, fault) in [
        ("ada", Fault::TransactionConflict),
        ("bob", Fault::InternalServerError),
        ("eve", Fault::Hang),
    ] {
        stage.aws.faults().inject(Rule::on("TransactWriteItems").times(1).after().with(fault));
        sign_up(&stage, name).await;
    }
    assert_eq!(stage.accounts_of("user").await.len(), 3);
}

#[tokio::test]
async fn bad_input_is_a_problem_that_names_its_field() {
    let stage = Stage::new().await;
    for (name, password, email, field) in [
        ("a", PASSWORD, None, "username"),
        ("", PASSWORD, None, "username"),
        (&*"a".repeat(33), PASSWORD, None, "username"),
        ("-ada", PASSWORD, None, "username"),
        ("ada lovelace", PASSWORD, None, "username"),
        ("intranet/ada", PASSWORD, None, "username"),
        ("ada@example.com", PASSWORD, None, "username"),
        ("аda", PASSWORD, None, "username"), // its first letter is Cyrillic
        ("ada\u{202e}", PASSWORD, None, "username"),
        ("ada", "short", None, "password"),
        ("ada", "password123", None, "password"),
        ("ada", &*"x".repeat(257), None, "password"),
        ("ada.lovelace", "ada.lovelace1", None, "password"),
        ("ada", PASSWORD, Some("ada"), "email"),
        ("ada", PASSWORD, Some("ada@example.com\r\nBcc: eve@example.com"), "email"),
        ("ada", PASSWORD, Some("Ada <ada@example.com>"), "email"),
    ] {
        let refusal = sign_up_call(name, password, email);
        let refusal = refusal.refused(&stage, 400, "bad_request", field).await;
        assert!(password.is_empty() || !refusal.to_string().contains(password), "{refusal}");
    }
    assert!(stage.accounts_of("user").await.is_empty());
}

#[tokio::test]
async fn a_body_of_another_form_is_refused_and_not_repeated() {
    let stage = Stage::new().await;
    let mut form = sign_up_call("ada", PASSWORD, None);
    form.headers = json!({});
    form.refused(&stage, 400, "bad_request", None).await;
    for body in
        ["", "{", "[]", r#"{"username":7,"password":"secret secret"}"#, r#"{"username":"ada"}"#]
    {
        let mut call = sign_up_call("ada", PASSWORD, None);
        call.body = Some(body.to_owned());
        let refusal = call.refused(&stage, 400, "bad_request", None).await;
        assert!(!refusal.to_string().contains("secret secret"));
    }
    assert!(stage.rows("accounts").await.is_empty());
}

#[tokio::test]
async fn the_form_is_told_what_to_ask_for() {
    for (settings, policy) in [
        (&[][..], json!({ "signUp": "open", "domains": [], "verifyEmail": false, "mail": true })),
        (
            &[("SIGNUP", "closed"), ("MAIL_FROM", ""), ("VERIFY_EMAIL", "")],
            json!({ "signUp": "closed", "domains": [], "verifyEmail": true, "mail": false }),
        ),
        (
            &[
                ("SIGNUP", "domain"),
                ("SIGNUP_DOMAINS", "Example.com example.org"),
                ("VERIFY_EMAIL", "on"),
            ],
            json!({
                "signUp": "domain", "domains": ["example.com", "example.org"],
                "verifyEmail": true, "mail": true,
            }),
        ),
    ] {
        let stage = Stage::with(settings).await;
        assert_eq!(Call::new("GET /v1/sign-up").gives(&stage, 200).await, policy);
    }
}

#[tokio::test]
async fn who_may_not_sign_up_is_refused() {
    let stage = Stage::with(&[("SIGNUP", "closed")]).await;
    sign_up_call("ada", PASSWORD, None).refused(&stage, 403, "sign_up_closed", None).await;
    assert!(stage.rows("accounts").await.is_empty());

    let domain = [("SIGNUP", "domain"), ("SIGNUP_DOMAINS", "example.com"), ("VERIFY_EMAIL", "on")];
    let stage = Stage::with(&domain).await;
    for email in ["ada@example.org", "ada@sub.example.com", "ada@example.com.evil.org"] {
        let call = sign_up_call("ada", PASSWORD, Some(email));
        call.refused(&stage, 403, "sign_up_closed", "email").await;
    }
    sign_up_call("ada", PASSWORD, None).refused(&stage, 400, "bad_request", "email").await;
    sign_up_call("ada", PASSWORD, Some("Ada@EXAMPLE.com")).gives(&stage, 201).await;

    let stage = Stage::with(&[("MAIL_FROM", "")]).await;
    let call = sign_up_call("ada", PASSWORD, Some(EMAIL));
    call.refused(&stage, 400, "bad_request", "email").await;
    sign_up(&stage, "ada").await;
}

#[tokio::test]
async fn nobody_comes_in_before_their_address_is_confirmed() {
    let stage = Stage::with(&strict()).await;
    let answer = sign_up_call("Ada", PASSWORD, Some(" Ada@Example.com ")).gives(&stage, 201).await;
    assert_eq!(answer["status"], "unverified");
    log_in_call("ada", PASSWORD).refused(&stage, 403, "not_verified", None).await;
    log_in_call("ada", OTHER_PASSWORD).refused(&stage, 401, "invalid_credentials", None).await;
    log_in_call(EMAIL, PASSWORD).refused(&stage, 401, "invalid_credentials", None).await;

    let mail = stage.aws.mails().pop().unwrap();
    assert_eq!((mail.to, &*mail.from), (vec![EMAIL.to_owned()], "parley@localhost"));
    let link = "http://localhost:8080/verify#token=v_";
    assert!(mail.text.contains(link) && mail.html.contains(link), "both parts hold the link");
    assert!(mail.text.contains("&name=Ada\n") && mail.html.contains("&amp;name=Ada\""));
    let verified = verify_call(&token(&stage)).gives(&stage, 200).await;
    assert_eq!(verified, json!({ "username": "Ada", "email": EMAIL }));
    verify_call(&token(&stage)).refused(&stage, 410, "invalid_link", None).await;

    enter(&stage, "ADA", PASSWORD).await;
    enter(&stage, "ADA@example.com", PASSWORD).await;
    for kind in ["user", "name", "lookalike", "email"] {
        for row in stage.accounts_of(kind).await {
            assert!(row["expiresAt"].is_null(), "{row} is there to stay");
        }
    }
    for kind in ["link", "user", "email"] {
        assert!(!stage.aws.requests().is_empty());
        let reads = stage.requests("accounts", "GetItem", "accounts");
        let mut of_kind = reads.iter().filter(|read| read.body["Key"]["kind"]["S"] == kind);
        assert!(of_kind.next().is_some(), "{kind}");
    }
    stage.assert_consistent("accounts", "GetItem", "accounts");
}

#[tokio::test]
async fn an_account_that_nobody_confirms_ends_after_a_day() {
    let stage = Stage::with(&strict()).await;
    sign_up_call("ada", PASSWORD, Some(EMAIL)).gives(&stage, 201).await;
    let old = token(&stage);
    let now = chat::clock::Timestamp::now().seconds();
    for kind in ["user", "name", "lookalike", "link"] {
        for row in stage.accounts_of(kind).await {
            let left = row["expiresAt"].as_i64().unwrap() - now;
            assert!((86_395..=86_405).contains(&left), "{kind} {left}");
        }
        stage.edit_accounts(kind, |row| row["expiresAt"] = json!(now - 1)).await;
    }
    // DynamoDB deletes in its own time; the rows are still there.
    log_in_call("ada", PASSWORD).refused(&stage, 401, "invalid_credentials", None).await;
    verify_call(&old).refused(&stage, 410, "invalid_link", None).await;
    sign_up_call("ADA", OTHER_PASSWORD, Some(EMAIL)).gives(&stage, 201).await;
    verify_call(&old).refused(&stage, 410, "invalid_link", None).await;
    verify_call(&token(&stage)).gives(&stage, 200).await;
    enter(&stage, "ada", OTHER_PASSWORD).await;
}

#[tokio::test]
async fn whether_an_address_is_known_only_its_owner_learns() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    let new = sign_up_call("bob", PASSWORD, Some("bob@example.com")).on(&stage).await;
    let known = sign_up_call("eve", PASSWORD, Some(EMAIL)).on(&stage).await;
    for field in ["statusCode", "headers", "cookies"] {
        assert_eq!(new[field], known[field], "{field}");
    }
    assert_eq!(new["body"]["status"], known["body"]["status"]);

    let mail = stage.aws.mails().pop().unwrap();
    assert_eq!(mail.to, [EMAIL]);
    assert!(mail.text.contains("Hello ada,") && !mail.text.contains("token"), "{}", mail.text);
}

#[tokio::test]
async fn a_known_address_costs_the_same_calls_as_a_new_one() {
    for settings in [&[][..], &strict()] {
        let stage = Stage::with(settings).await;
        sign_up_call("ada", PASSWORD, Some(EMAIL)).gives(&stage, 201).await;
        verify_call(&token(&stage)).gives(&stage, 200).await;
        let new = sign_up_call("bob", PASSWORD, Some("bob@example.com"));
        let known = sign_up_call("rob", PASSWORD, Some(EMAIL));
        let (new, known) = (asked(&stage, new, 201).await, asked(&stage, known, 201).await);
        assert_eq!(new, known);
        assert_eq!(new.last().unwrap(), "SendEmail ");
    }
}

#[tokio::test]
async fn the_link_is_sent_once_more_to_whoever_waits_for_it() {
    let stage = Stage::with(&strict()).await;
    sign_up_call("ada", PASSWORD, Some(EMAIL)).gives(&stage, 201).await;
    let first = token(&stage);
    link_call("Ada").gives(&stage, 202).await;
    assert_ne!(first, token(&stage));
    assert_eq!(stage.aws.mails().len(), 2);
    for nobody in ["eve", EMAIL, "", "-", "\u{202e}"] {
        assert!(link_call(nobody).gives(&stage, 202).await.is_null());
    }
    assert_eq!(stage.aws.mails().len(), 2, "nobody else gets one");
    verify_call(&first).gives(&stage, 200).await;
    verify_call(&token(&stage)).refused(&stage, 410, "invalid_link", None).await;
    link_call("ada").gives(&stage, 202).await;
    assert_eq!(stage.aws.mails().len(), 2, "nor who has confirmed");
}

#[tokio::test]
async fn mail_that_is_not_taken_can_be_asked_for_again() {
    let stage = Stage::with(&strict()).await;
    stage.aws.faults().inject(Rule::on("SendEmail").times(2).with(Fault::Throttling));
    sign_up_call("ada", PASSWORD, Some(EMAIL)).gives(&stage, 201).await;
    assert_eq!(stage.aws.mails().len(), 1, "the third try was taken");

    let rule = stage.aws.faults().inject(Rule::on("SendEmail").with(Fault::Throttling));
    let call = sign_up_call("bob", PASSWORD, Some("bob@example.com"));
    let refusal = call.refused(&stage, 503, "unavailable", None).await;
    assert_eq!(refusal["body"]["retryAfter"], 1);
    rule.remove();
    link_call("bob").gives(&stage, 202).await;
    verify_call(&token(&stage)).gives(&stage, 200).await;
    enter(&stage, "bob", PASSWORD).await;
}

/// Rows as the version before wrote them.
#[tokio::test]
async fn an_account_of_the_version_before_logs_in_and_gets_an_address() {
    let stage = Stage::new().await;
    // Of `PASSWORD`.
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$cGFybGV5IGdvbGRlbiAwMQ$aYt7uytdK5p3+ngLeE4a3ZFxiaFraqzNG34ErAuxQN8";
    let golden: [Value; 2] = [
        json!({
            "kind": "user", "id": "u_AAAAAAAAAAAAAAAAAAAAAA", "username": "Ada",
            "passwordHash": hash, "createdAt": "2026-11-20T09:00:00.000Z",
        }),
        json!({ "kind": "name", "id": "ada", "userId": "u_AAAAAAAAAAAAAAAAAAAAAA" }),
    ];
    for row in &golden {
        stage.put_account(row).await;
    }
    sign_up_call("ADA", PASSWORD, None).refused(&stage, 409, "name_taken", "username").await;
    let session = enter(&stage, "ada", PASSWORD).await;
    assert_eq!(session["userId"], "u_AAAAAAAAAAAAAAAAAAAAAA");
    let me = Call::new("GET /v1/me").of(&session).gives(&stage, 200).await;
    assert_eq!((&me["username"], &me["role"]), (&json!("Ada"), &json!("user")));
    link_email_call(&session, EMAIL).gives(&stage, 202).await;
    verify_call(&token(&stage)).gives(&stage, 200).await;
    change_call(&session, PASSWORD, OTHER_PASSWORD).gives(&stage, 204).await;
    assert!(is_live(&stage, &session).await);
    enter(&stage, EMAIL, OTHER_PASSWORD).await;
}
