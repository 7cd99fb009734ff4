use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};

use crate::stage::{Caller, Stage};
use crate::web::{
    Call, OTHER_PASSWORD, PASSWORD, assert_ended, enter, forgot_call, is_live, link_email_call,
    log_in, log_in_call, log_in_with, refresh_call, reset_call, sign_up_call, socket, token,
    token_of, verify_call,
};

const EMAIL: &str = "ada@example.com";
/// An id as the authorizer makes it: `x_` and 43 characters.
const OUTSIDER: &str = "x_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a command about somebody is answered with.
async fn ask(stage: &Stage, command: &str, user: &str) -> Value {
    stage.admin(json!({ "command": command, "user": user, "actor": "root@desk" })).await
}

async fn done(stage: &Stage, command: &str, user: &str) -> Value {
    let answer = ask(stage, command, user).await;
    assert!(answer["error"].is_null(), "{command} {user}: {answer}");
    answer
}

async fn refused(stage: &Stage, command: &str, user: &str, code: &str) {
    let answer = ask(stage, command, user).await;
    assert_eq!(answer["error"]["code"], code, "{command} {user}: {answer}");
}

fn link(answer: &Value, page: &str) -> String {
    let url = answer["link"]["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("http://localhost:8080/{page}#token=p_")), "{url}");
    token_of(url)
}

#[tokio::test]
async fn a_new_user_chooses_a_password_by_a_link() {
    let stage =
        Stage::with(&[("SIGNUP", "closed"), ("MAIL_FROM", ""), ("VERIFY_EMAIL", "on")]).await;
    let command = json!({
        "command": "createUser", "username": "Ada", "email": EMAIL, "role": "admin", "actor": "root",
    });
    let answer = stage.admin(command.clone()).await;
    assert_eq!(answer["user"]["status"], "active");
    assert_eq!(answer["user"]["emails"], json!([EMAIL]));
    log_in_call("ada", "").refused(&stage, 401, "invalid_credentials", None).await;
    let link = link(&answer, "welcome");
    let end = chat::clock::Timestamp::parse(answer["link"]["expiresAt"].as_str().unwrap()).unwrap();
    let days = (end.seconds() - chat::clock::Timestamp::now().seconds()) as f64 / 86_400.0;
    assert!((6.9..=7.0).contains(&days), "{days}");
    reset_call(&link, PASSWORD).gives(&stage, 204).await;
    reset_call(&link, OTHER_PASSWORD).refused(&stage, 410, "invalid_link", None).await;
    let session = enter(&stage, EMAIL, PASSWORD).await;
    let me = Call::new("GET /v1/me").of(&session).gives(&stage, 200).await;
    assert_eq!(me["role"], "admin");
    assert!(stage.aws.mails().is_empty());

    assert_eq!(stage.admin(command).await["error"]["code"], "name_taken");
    for (name, email, code) in [
        ("ADA", None, "name_taken"),
        ("bob", Some(EMAIL), "email_taken"),
        ("b", None, "bad_request"),
        ("bob", Some("bob"), "bad_request"),
    ] {
        let command = json!({ "command": "createUser", "username": name, "email": email });
        let answer = stage.admin(command).await;
        assert_eq!(answer["error"]["code"], code, "{name}: {answer}");
    }
    assert_eq!(stage.accounts_of("user").await.len(), 1);
}

#[tokio::test]
async fn another_link_ends_with_the_first_that_is_used() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    let first = link(&done(&stage, "newLink", "ada").await, "reset");
    let second = link(&done(&stage, "newLink", EMAIL).await, "reset");
    reset_call(&second, OTHER_PASSWORD).gives(&stage, 204).await;
    reset_call(&first, PASSWORD).refused(&stage, 410, "invalid_link", None).await;
    done(&stage, "disable", "ada").await;
    refused(&stage, "newLink", "ada", "account_disabled").await;
    refused(&stage, "newLink", OUTSIDER, "bad_request").await;
}

#[tokio::test]
async fn somebody_is_found_by_name_address_and_id() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "Ada", &[EMAIL]).await;
    let id = session["userId"].as_str().unwrap();
    for who in ["ada", " ADA ", EMAIL, id] {
        let user = done(&stage, "show", who).await["user"].clone();
        assert_eq!((&user["userId"], &user["username"]), (&json!(id), &json!("Ada")));
        assert_eq!(user["role"], "user");
    }
    for nobody in ["eve", "eve@example.com", "u_nobody", "", "-", &"u_".repeat(2_000)] {
        refused(&stage, "show", nobody, "not_found").await;
    }
    stage.assert_consistent("admin", "GetItem", "accounts");
}

/// Ids and names share their letters.
#[tokio::test]
async fn nobody_hides_behind_a_name_that_looks_like_an_id() {
    let stage = Stage::new().await;
    let victim = log_in(&stage, "ada").await;
    let id = victim["userId"].as_str().unwrap();
    let outside = format!("X_{}", "a".repeat(30));
    for name in [id, &id.to_uppercase(), &outside] {
        sign_up_call(name, PASSWORD, None).refused(&stage, 400, "bad_request", "username").await;
        let command = json!({ "command": "createUser", "username": name });
        assert_eq!(stage.admin(command).await["error"]["code"], "bad_request", "{name}");
    }
    assert_eq!(done(&stage, "show", id).await["user"]["username"], "ada");
}

/// Such a name could be had once.
#[tokio::test]
async fn an_id_that_is_a_name_too_names_nobody() {
    let stage = Stage::new().await;
    let victim = log_in(&stage, "ada").await;
    let namesake = log_in(&stage, "eve").await;
    let ids = [&victim, &namesake].map(|session| session["userId"].as_str().unwrap());
    let old_name = async |name: &str| {
        let claim = json!({ "kind": "name", "id": name.to_lowercase(), "userId": ids[1] });
        stage.put_account(&claim).await;
    };
    old_name(ids[0]).await;
    for command in ["show", "disable", "endSessions", "erase"] {
        refused(&stage, command, ids[0], "bad_request").await;
    }
    assert!(is_live(&stage, &victim).await && is_live(&stage, &namesake).await);
    done(&stage, "disable", ids[1]).await;
    assert!(is_live(&stage, &victim).await && !is_live(&stage, &namesake).await);
    done(&stage, "show", "ada").await;

    // One that is nobody's id, and one of the other forms that could be had.
    for name in [&format!("x_{}", "a".repeat(30)), "eve__1."] {
        old_name(name).await;
        assert_eq!(done(&stage, "show", name).await["user"]["userId"], ids[1], "{name}");
    }
}

#[tokio::test]
async fn a_role_is_given() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let command = json!({ "command": "setRole", "user": "ada", "role": "admin" });
    assert_eq!(stage.admin(command).await["user"]["role"], "admin");
    let me = Call::new("GET /v1/me").of(&session).gives(&stage, 200).await;
    assert_eq!(me["role"], "admin", "at once");
    let command = json!({ "command": "setRole", "user": OUTSIDER, "role": "admin" });
    assert_eq!(stage.admin(command).await["error"]["code"], "bad_request");
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_until_they_are_enabled() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[EMAIL]).await;
    let mut open = socket(&stage, &session).await;
    forgot_call("ada").gives(&stage, 202).await;
    let reset = token(&stage);
    assert_eq!(done(&stage, "disable", "ada").await["user"]["status"], "disabled");
    assert_ended(&mut open).await;
    assert!(!is_live(&stage, &session).await);
    refresh_call(&session["cookie"]).refused(&stage, 401, "unauthorized", None).await;
    log_in_call("ada", PASSWORD).refused(&stage, 403, "account_disabled", None).await;
    log_in_call("ada", OTHER_PASSWORD).refused(&stage, 401, "invalid_credentials", None).await;
    reset_call(&reset, OTHER_PASSWORD).refused(&stage, 410, "invalid_link", None).await;
    let socket = Caller::of_session(&session, "c1=");
    assert_eq!(stage.life(&socket, "$connect").await, 401);
    forgot_call("ada").gives(&stage, 202).await;
    let mail = stage.aws.mails().pop().unwrap();
    assert_eq!((&*mail.subject, mail.link()), ("Your Parley account has been disabled", None));

    assert_eq!(done(&stage, "enable", "ada").await["user"]["status"], "active");
    assert!(!is_live(&stage, &session).await, "what ended stays so");
    enter(&stage, "ada", PASSWORD).await;
}

#[tokio::test]
async fn sessions_are_ended() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let mut open = socket(&stage, &session).await;
    done(&stage, "endSessions", "ada").await;
    assert_ended(&mut open).await;
    assert!(!is_live(&stage, &session).await);
    enter(&stage, "ada", PASSWORD).await;
    stage.assert_consistent("admin", "Query", "connections");
}

#[tokio::test]
async fn an_outside_person_is_kept_out_by_their_id() {
    let stage = Stage::new().await;
    let fake = stage.aws.connections().open_fake();
    let mut open = fake;
    let outsider =
        Caller { user_id: OUTSIDER.to_owned(), ..Caller::new("intranet/ada", open.id()) };
    assert_eq!(stage.life(&outsider, "$connect").await, 200);
    assert_eq!(done(&stage, "show", OUTSIDER).await["user"]["status"], "active");
    done(&stage, "endSessions", OUTSIDER).await;
    assert_ended(&mut open).await;
    assert!(stage.accounts_of("user").await.is_empty());

    assert_eq!(done(&stage, "disable", OUTSIDER).await["user"]["status"], "disabled");
    assert_eq!(stage.life(&outsider, "$connect").await, 401);
    done(&stage, "enable", OUTSIDER).await;
    assert_eq!(stage.life(&outsider, "$connect").await, 200);
}

#[tokio::test]
async fn erasing_leaves_tombstones_and_keeps_the_name() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &[EMAIL]).await;
    let mut open = socket(&stage, &session).await;
    let caller = Caller::of_session(&session, open.id());
    let bob = Caller::of_session(&log_in(&stage, "bob").await, "c2=");
    stage.fill(&caller, 3, 5).await;
    stage.fill(&bob, 1, 5).await;
    open.posted();
    link_email_call(&session, "another@example.com").gives(&stage, 202).await;
    let answer = done(&stage, "erase", "ada").await;
    assert_eq!((&answer["erased"], &answer["more"]), (&json!(3), &json!(false)));
    assert_eq!(answer["user"]["status"], "erased");
    assert_ended(&mut open).await;

    for row in stage.rows("messages").await {
        let erased = row["userId"] == session["userId"];
        assert_eq!(row["kind"], if erased { "tombstone" } else { "message" });
        for field in ["content", "username", "clientId"] {
            assert_eq!(row[field].is_null(), erased, "{row}");
        }
    }
    let rows = stage.rows("accounts").await;
    for kind in ["email", "link", "session"] {
        let own = |row: &&Value| row["kind"] == kind && row.to_string().contains(&caller.user_id);
        assert_eq!(rows.iter().find(own), None);
    }
    assert!(stage.items("sends").await.iter().all(|row| row["userId"].as_s() == Ok(&bob.user_id)));
    assert!(!json!(stage.accounts_of("user").await).to_string().contains("ada"));
    sign_up_call("Ada", PASSWORD, None).refused(&stage, 409, "name_taken", "username").await;
    sign_up_call("eve", PASSWORD, Some(EMAIL)).gives(&stage, 201).await;
    verify_call(&token(&stage)).gives(&stage, 200).await;
    log_in_call("ada", PASSWORD).refused(&stage, 401, "invalid_credentials", None).await;

    assert_eq!(done(&stage, "erase", "ada").await["erased"], 0, "it may be asked again");
    for command in ["enable", "disable"] {
        refused(&stage, command, "ada", "not_found").await;
    }
    refused(&stage, "newLink", "ada", "account_disabled").await;
    stage.assert_consistent("admin", "Query", "sends");
}

#[tokio::test]
async fn what_is_asked_and_what_became_of_it_is_recorded() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &[EMAIL]).await;
    done(&stage, "show", EMAIL).await;
    refused(&stage, "disable", "nobody", "not_found").await;
    let mut records = stage.accounts_of("audit").await;
    records.sort_by_key(|record| record["id"].as_str().unwrap().to_owned());
    let [shown, disabled] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&shown["actor"], &shown["command"]), (&json!("root@desk"), &json!("show")));
    assert_eq!(
        (&shown["target"], &shown["outcome"]),
        (&json!("an e-mail address"), &json!("done"))
    );
    assert_eq!((&disabled["target"], &disabled["outcome"]), (&json!("nobody"), &json!("NotFound")));
    assert!(records.iter().all(|record| record["expiresAt"].is_null()), "nothing deletes them");
    let long = json!({ "command": "show", "user": "ü".repeat(200), "actor": "ü".repeat(1_000) });
    stage.admin(long).await;
    for record in stage.accounts_of("audit").await {
        assert!(record["actor"].as_str().unwrap().len() <= 256);
        assert!(record["target"].as_str().unwrap().chars().count() <= 64);
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    stage
        .aws
        .faults()
        .inject(Rule::on("PutItem").function("admin").with(Fault::InternalServerError));
    refused(&stage, "disable", "ada", "unavailable").await;
    assert!(is_live(&stage, &session).await);
}
