//! What must be in no row and in no line of the log.

use std::io;
use std::sync::{Arc, Mutex};

use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::stage::{Caller, Stage};
use crate::web::{
    Call, OTHER_PASSWORD, PASSWORD, change_call, enter, forgot_call, link_email_call, log_in_call,
    pair, refresh_call, reset_call, session_of, sign_up_call, ticket, token, token_of, unlink_call,
    verify_call,
};

const NETWORK_ADDRESS: &str = "203.0.113.77";
const USER_AGENT: &str = "test/1";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is secret, with what it is.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() > 7, "{what}");
        self.0.push((what, secret.to_owned()));
    }

    fn add_session(&mut self, session: &Value) {
        self.add("access token", session["accessToken"].as_str().unwrap());
        for part in pair(&session["cookie"]).split('.').skip(2) {
            self.add("part of a cookie", part);
        }
        if !session["device"].is_null() {
            self.add("device", pair(&session["device"]).split_once('=').unwrap().1);
        }
    }
}

/// Every route, in good and in bad turns; what was secret in it.
async fn walk(stage: &Stage) -> Secrets {
    let mut secrets = Secrets::default();
    for password in [PASSWORD, OTHER_PASSWORD, "a wrong password"] {
        secrets.add("password", password);
    }
    for email in ["ada@example.com", "ada@example.org", "eve@example.com"] {
        secrets.add("address", email);
    }
    secrets.add("network address", NETWORK_ADDRESS);
    let from = |call: Call<'static>| call.header("x-forwarded-for", NETWORK_ADDRESS);

    Call::new("GET /v1/sign-up").gives(stage, 200).await;
    Call::new("GET /.well-known/jwks.json").gives(stage, 200).await;
    from(sign_up_call("ada", PASSWORD, Some("ada@example.com"))).gives(stage, 201).await;
    secrets.add("link", &token(stage));
    from(sign_up_call("ada", PASSWORD, Some("eve@example.com"))).on(stage).await;
    let again = Call::new("POST /v1/accounts/link").json(&json!({ "login": "ada" }));
    again.gives(stage, 202).await;
    secrets.add("link", &token(stage));
    from(log_in_call("ada", PASSWORD)).refused(stage, 403, "not_verified", None).await;
    verify_call(&token(stage)).gives(stage, 200).await;
    verify_call(&token(stage)).refused(stage, 410, "invalid_link", None).await;

    for login in ["ada", "ada@example.com", "eve@example.com"] {
        let call = log_in_call(login, "a wrong password");
        from(call).refused(stage, 401, "invalid_credentials", None).await;
    }
    let call = from(log_in_call("ada@example.com", PASSWORD)).header("user-agent", USER_AGENT);
    let mut session = session_of(&call.on(stage).await);
    secrets.add_session(&session);
    let old = session["cookie"].clone();
    session = session_of(&refresh_call(&session["cookie"]).on(stage).await);
    secrets.add_session(&session);
    Call::new("GET /v1/me").of(&session).gives(stage, 200).await;
    Call::new("GET /v1/sessions").of(&session).gives(stage, 200).await;
    Call::new("GET /v1/emails").of(&session).gives(stage, 200).await;
    let token_with_an_end = format!("{}x", session["accessToken"].as_str().unwrap());
    let changed = json!({ "accessToken": token_with_an_end });
    Call::new("GET /v1/me").of(&changed).refused(stage, 401, "unauthorized", None).await;

    link_email_call(&session, "ada@example.org").gives(stage, 202).await;
    secrets.add("link", &token(stage));
    verify_call(&token(stage)).gives(stage, 200).await;
    unlink_call(&session, "ada@example.org").gives(stage, 204).await;
    unlink_call(&session, "ada@example.com").refused(stage, 409, "last_email", "email").await;
    let page = log_in_call("ada", PASSWORD).header("origin", "https://evil.example");
    page.refused(stage, 403, "foreign_origin", None).await;

    let opened = ticket(stage, &session).await;
    secrets.add("ticket", &opened);
    let socket = stage.aws.connections().open_fake();
    let caller = Caller::of_session(&session, socket.id());
    stage.life(&caller, "$connect").await;
    secrets.add("ticket", &ticket(stage, &session).await);

    for operation in ["SendEmail", "Sign", "PutItem", "UpdateItem", "TransactWriteItems"] {
        let fault = Fault::InternalServerError;
        let rule = stage.aws.faults().inject(Rule::on(operation).with(fault));
        forgot_call("ada@example.com").on(stage).await;
        from(log_in_call("ada", PASSWORD)).on(stage).await;
        from(sign_up_call("eve", PASSWORD, Some("eve@example.com"))).on(stage).await;
        rule.remove();
    }
    stage.edit_accounts("rate", |row| row["times"] = json!(0)).await;
    stage.edit_accounts("lock", |row| row["waitUntil"] = json!(0)).await;
    forgot_call("ada@example.com").gives(stage, 202).await;
    let reset = token(stage);
    secrets.add("link", &reset);
    forgot_call("eve@example.com").gives(stage, 202).await;
    change_call(&session, "a wrong password", OTHER_PASSWORD).on(stage).await;
    change_call(&session, PASSWORD, OTHER_PASSWORD).gives(stage, 204).await;
    reset_call(&reset, PASSWORD).refused(stage, 410, "invalid_link", None).await;
    forgot_call("ada").on(stage).await;
    secrets.add("link", &token(stage));
    reset_call(&token(stage), PASSWORD).gives(stage, 204).await;
    session = enter(stage, "ada", PASSWORD).await;
    secrets.add_session(&session);

    let earlier = |row: &mut Value| row["rotatedAt"] = json!(1);
    let first = session["cookie"].clone();
    secrets.add_session(&session_of(&refresh_call(&first).on(stage).await));
    stage.edit_accounts("session", earlier).await;
    for reused in [&first, &old] {
        refresh_call(reused).refused(stage, 401, "unauthorized", None).await;
    }
    session = enter(stage, "ada", PASSWORD).await;
    secrets.add_session(&session);
    let id = session["sessionId"].as_str().unwrap().to_owned();
    Call::new("DELETE /v1/sessions/{id}").of(&session).id(&id).gives(stage, 204).await;
    session = enter(stage, "ada", PASSWORD).await;
    secrets.add_session(&session);
    Call::new("DELETE /v1/sessions").of(&session).gives(stage, 204).await;
    session = enter(stage, "ada", PASSWORD).await;
    secrets.add_session(&session);
    Call::new("DELETE /v1/sessions/current").cookie(&session["cookie"]).gives(stage, 204).await;

    let made = json!({
        "command": "createUser", "username": "zoe", "email": "zoe@example.com", "actor": "root",
    });
    let made = stage.admin(made).await;
    let link = token_of(made["link"]["url"].as_str().unwrap());
    secrets.add("link", &link);
    secrets.add("address", "zoe@example.com");
    for command in ["show", "newLink", "disable", "enable", "endSessions"] {
        stage.admin(json!({ "command": command, "user": "zoe@example.com", "actor": "x" })).await;
    }
    secrets
}

#[tokio::test]
async fn nothing_secret_is_in_a_row_or_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    // Ours whatever the level; of others what the laptop lets through (see `laptop::logging`).
    let ours = ["accounts", "admin", "authorizer", "chat", "connection_manager", "laptop"];
    let filter = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_targets(ours.map(|name| (name, LevelFilter::TRACE)));
    let layer =
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter));
    // While there is one subscriber alone, a line that another test writes first, on a thread without
    // any, is switched off for all threads.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);

    let stage = Stage::with(&[("VERIFY_EMAIL", "on")]).await;
    let secrets = walk(&stage).await;
    drop(guard);

    let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for line in ["A replaced cookie was used", "SendEmail of mail failed", "An administrator's"] {
        assert!(lines.contains(line), "{line} is not in the log: {lines}");
    }
    let rows = stage.rows("accounts").await;
    for (what, secret) in &secrets.0 {
        let of_line = lines.lines().find(|line| line.contains(&**secret));
        assert_eq!(of_line, None, "{what}");
        for row in &rows {
            // The addresses of an account are what these rows are for.
            let may_stand = *what == "address"
                && ["user", "email", "link"].contains(&row["kind"].as_str().unwrap());
            assert!(may_stand || !row.to_string().contains(&**secret), "{what}: {row}");
        }
    }
    for route in &stage.aws.catalog().functions["accounts"].routes {
        assert!(
            include_str!("web.rs").contains(&**route)
                || include_str!("discretion.rs").contains(&**route),
            "{route} was not walked"
        );
    }
}
