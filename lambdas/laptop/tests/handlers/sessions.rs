use futures_util::future::join_all;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::web::{
    Call, OTHER_PASSWORD, PASSWORD, asked, assert_ended, enter, is_live, log_in, log_in_call,
    log_in_with, pair, refresh_call, session_of, sign_up, socket, ticket,
};

fn log_out_call(cookie: &Value) -> Call<'static> {
    Call::new("DELETE /v1/sessions/current").cookie(cookie)
}

fn end_call(session: &Value, id: &str) -> Call<'static> {
    Call::new("DELETE /v1/sessions/{id}").of(session).id(id)
}

/// Makes the last refresh of every session older than the time for which both secrets are good.
async fn grow_older(stage: &Stage) {
    let earlier = |row: &mut Value| {
        row["rotatedAt"] = json!(row["rotatedAt"].as_i64().unwrap() - 31_000);
    };
    stage.edit_accounts("session", earlier).await;
}

#[tokio::test]
async fn an_access_token_verifies_with_the_published_key() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let token = session["accessToken"].as_str().unwrap();
    assert_eq!(session["expiresIn"], 900);

    let published = Call::new("GET /.well-known/jwks.json").on(&stage).await;
    assert_eq!(published["headers"]["cache-control"], "public, max-age=300");
    let keys: JwkSet = serde_json::from_value(published["body"].clone()).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::ES256, Some("at+jwt")));
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["parley-chat"]);
    rules.set_issuer(&["parley"]);
    let claims = decode::<Value>(token, &key, &rules).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["name"]), (&session["userId"], &json!("ada")));
    assert_eq!(claims["sid"], session["sessionId"]);

    let me = Call::new("GET /v1/me").of(&session).gives(&stage, 200).await;
    assert_eq!(me, json!({ "username": "ada", "userId": session["userId"], "role": "user" }));
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let stage = Stage::new().await;
    log_in_with(&stage, "ada", &["ada@example.com"]).await;
    let mut answers = Vec::new();
    for (login, password) in [
        ("ada", OTHER_PASSWORD),
        ("ada@example.com", OTHER_PASSWORD),
        ("nobody", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("-", PASSWORD),
        ("@", PASSWORD),
        ("", ""),
        (&*"x".repeat(5_000), ""),
    ] {
        let refused = log_in_call(login, password);
        answers.push(refused.refused(&stage, 401, "invalid_credentials", None).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn an_unknown_name_costs_the_same_calls_as_a_wrong_password() {
    let stage = Stage::new().await;
    let session = log_in_with(&stage, "ada", &["ada@example.com"]).await;
    let forged = json!("parley_device=d_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let long = json!(format!("parley_device={}", "x".repeat(100)));
    for cookie in [None, Some(&session["device"]), Some(&forged), Some(&long)] {
        for (known, unknown) in
            [("ada", "eve"), ("ada@example.com", "eve@example.com"), ("ada", "e v e")]
        {
            let call = |login| {
                let call = log_in_call(login, OTHER_PASSWORD);
                if let Some(cookie) = cookie { call.cookie(cookie) } else { call }
            };
            let known = asked(&stage, call(known), 401).await;
            assert_eq!(known.last().unwrap(), "UpdateItem lock", "{known:?}");
            let unknown = asked(&stage, call(unknown), 401).await;
            assert_eq!(known, unknown, "with the cookie {cookie:?}");
            // Only so many wrong passwords are free.
            stage.edit_accounts("lock", |row| row["expiresAt"] = json!(1)).await;
        }
    }
}

#[tokio::test]
async fn a_log_in_is_kept_in_cookies_that_no_script_reads() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    for (cookie, name, age) in
        [("cookie", "parley_session=u_", "2592000"), ("device", "parley_device=d_", "31536000")]
    {
        let cookie = session[cookie].as_str().unwrap();
        let age = format!("Max-Age={age}");
        assert!(cookie.starts_with(name), "{cookie}");
        for part in ["HttpOnly", "SameSite=Strict", "Path=/v1/sessions", &age] {
            assert!(cookie.split("; ").any(|own| own == part), "{part} is not in {cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    }
    let aws = Stage::with(&[("COOKIE_SECURE", "")]).await;
    let session = log_in(&aws, "ada").await;
    for cookie in ["cookie", "device"] {
        assert!(session[cookie].as_str().unwrap().contains("; Secure"), "unless it says off");
    }
}

#[tokio::test]
async fn a_refresh_gives_a_new_cookie_until_the_session_ends() {
    let stage = Stage::new().await;
    let first = log_in(&stage, "ada").await;
    let second = session_of(&refresh_call(&first["cookie"]).on(&stage).await);
    for field in ["userId", "username", "sessionId"] {
        assert_eq!(second[field], first[field], "{field}");
    }
    assert_ne!(pair(&second["cookie"]), pair(&first["cookie"]));
    assert_ne!(second["accessToken"], first["accessToken"]);
    ticket(&stage, &second).await;
    let value = pair(&second["cookie"]);
    let [user, session, family, secret] = value.split('.').collect::<Vec<_>>()[..] else {
        panic!("four parts")
    };
    for bad in [
        "parley_session=".to_owned(),
        "parley_session=x".to_owned(),
        format!("{value}x.y"),
        [user, session, family].join("."),
        [user, session, "f_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", secret].join("."),
        [user, "s_AAAAAAAAAAAAAAAAAAAAAA", family, secret].join("."),
        ["parley_session=u_AAAAAAAAAAAAAAAAAAAAAA", session, family, secret].join("."),
        "other=1".to_owned(),
    ] {
        refresh_call(&json!(bad)).refused(&stage, 401, "unauthorized", None).await;
    }
    assert!(is_live(&stage, &second).await, "who knows no secret of it cannot end it");
    Call::new("POST /v1/sessions/refresh").refused(&stage, 401, "unauthorized", None).await;

    let ended = log_out_call(&second["cookie"]).on(&stage).await;
    assert_eq!(ended["statusCode"], 204);
    let taken = ended["cookies"][0].as_str().unwrap();
    assert!(taken.starts_with("parley_session=;") && taken.contains("Max-Age=0"), "{taken}");
    refresh_call(&second["cookie"]).refused(&stage, 401, "unauthorized", None).await;
    let call = Call::new("POST /v1/tickets").of(&second);
    call.refused(&stage, 401, "unauthorized", None).await;
    log_out_call(&second["cookie"]).gives(&stage, 204).await;
    Call::new("DELETE /v1/sessions/current").gives(&stage, 204).await;
}

#[tokio::test]
async fn a_session_ends_when_nobody_refreshes_it_and_at_the_latest_after_half_a_year() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let day = 24 * 3_600;
    let now = chat::clock::Timestamp::now().seconds();
    let row = stage.accounts_of("session").await.remove(0);
    assert!((row["expiresAt"].as_i64().unwrap() - now - 30 * day).abs() < 5);
    assert!((row["endsBy"].as_i64().unwrap() - now - 180 * day).abs() < 5);

    let end = now + 9 * day;
    stage.edit_accounts("session", |row| row["endsBy"] = json!(end)).await;
    let session = session_of(&refresh_call(&session["cookie"]).on(&stage).await);
    assert_eq!(stage.accounts_of("session").await[0]["expiresAt"], end);

    // DynamoDB deletes in its own time.
    stage.edit_accounts("session", |row| row["expiresAt"] = json!(now - 1)).await;
    assert!(!is_live(&stage, &session).await);
    refresh_call(&session["cookie"]).refused(&stage, 401, "unauthorized", None).await;
}

#[tokio::test]
async fn eight_windows_that_refresh_at_once_keep_their_session() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let refreshes = (0..8).map(|_| refresh_call(&session["cookie"]).on(&stage));
    let answers = join_all(refreshes).await;
    let mut cookies = Vec::new();
    for answer in &answers {
        match answer["statusCode"].as_i64() {
            Some(200) => cookies.push(answer["cookies"][0].clone()),
            // Too many at once; it may be tried again.
            Some(503) => assert_eq!(answer["body"]["code"], "busy"),
            _ => panic!("{answer}"),
        }
    }
    assert!(cookies.len() > 1, "{answers:?}");
    let families = cookies.iter().map(|cookie| pair(cookie).split('.').nth(2).unwrap().to_owned());
    let family = pair(&session["cookie"]).split('.').nth(2).unwrap().to_owned();
    assert!(families.into_iter().all(|other| other == family), "one family");
    assert_eq!(stage.accounts_of("session").await.len(), 1);
    assert!(is_live(&stage, &session).await);
    // Whichever of them the browser kept, goes on.
    session_of(&refresh_call(cookies.last().unwrap()).on(&stage).await);
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_can_be_made_again() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    stage.aws.faults().inject(Rule::on("PutItem").times(1).after().with(Fault::Hang));
    let lost = refresh_call(&session["cookie"]).on(&stage).await;
    session_of(&lost);
    // The browser has not got it either.
    let again = session_of(&refresh_call(&session["cookie"]).on(&stage).await);
    assert!(is_live(&stage, &again).await);

    let rule = stage.aws.faults().inject(Rule::on("Sign").with(Fault::InternalServerError));
    let refusal = refresh_call(&again["cookie"]).refused(&stage, 503, "unavailable", None).await;
    assert!(!refusal.to_string().contains("Sign"), "nothing is said of the inside");
    // The cookie was replaced before: the browser has to have the new one.
    let renewed = json!(pair(&refusal["cookies"][0]));
    rule.remove();
    grow_older(&stage).await;
    session_of(&refresh_call(&renewed).on(&stage).await);
}

#[tokio::test]
async fn a_cookie_that_was_replaced_ends_the_session_and_its_sockets() {
    let stage = Stage::new().await;
    let first = log_in(&stage, "ada").await;
    let elsewhere = enter(&stage, "ada", PASSWORD).await;
    let (mut own, mut other) = (socket(&stage, &first).await, socket(&stage, &elsewhere).await);
    let second = session_of(&refresh_call(&first["cookie"]).on(&stage).await);
    grow_older(&stage).await;
    refresh_call(&first["cookie"]).refused(&stage, 401, "unauthorized", None).await;
    assert_ended(&mut own).await;
    assert!(!is_live(&stage, &second).await, "and the token of the other copy");
    refresh_call(&second["cookie"]).refused(&stage, 401, "unauthorized", None).await;

    assert!(other.posted().is_empty());
    assert!(is_live(&stage, &elsewhere).await, "another session of the same person goes on");
    stage.assert_consistent("accounts", "GetItem", "accounts");
    stage.assert_consistent("accounts", "Query", "connections");
}

#[tokio::test]
async fn a_log_out_closes_its_own_sockets() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let other = enter(&stage, "ada", PASSWORD).await;
    let mut sockets = [socket(&stage, &session).await, socket(&stage, &session).await];
    let mut others = socket(&stage, &other).await;
    log_out_call(&session["cookie"]).gives(&stage, 204).await;
    for socket in &mut sockets {
        assert_ended(socket).await;
    }
    assert!(others.posted().is_empty());
}

#[tokio::test]
async fn my_sessions_are_listed_and_ended() {
    let stage = Stage::new().await;
    let here = log_in(&stage, "ada").await;
    let phone = log_in_call("ada", PASSWORD).header("user-agent", &format!("ü{}", "x".repeat(300)));
    let phone = session_of(&phone.on(&stage).await);
    let bobs = log_in(&stage, "bob").await;

    let list = Call::new("GET /v1/sessions").of(&here).gives(&stage, 200).await;
    let list = list["sessions"].as_array().unwrap().clone();
    assert_eq!(list.len(), 2);
    for session in &list {
        assert_eq!(session["current"], session["id"] == here["sessionId"]);
        for secret in ["family", "current\":[", "hash"] {
            assert!(!session.to_string().to_lowercase().contains(secret), "{session}");
        }
        for time in ["createdAt", "lastUsedAt"] {
            assert!(chat::clock::Timestamp::parse(session[time].as_str().unwrap()).is_some());
        }
    }
    let of_phone = list.iter().find(|session| session["id"] == phone["sessionId"]).unwrap();
    assert!(of_phone["userAgent"].as_str().unwrap().len() <= 256);
    stage.assert_consistent("accounts", "Query", "accounts");

    let (mut phones, mut bobs_socket) = (socket(&stage, &phone).await, socket(&stage, &bobs).await);
    end_call(&here, bobs["sessionId"].as_str().unwrap()).gives(&stage, 204).await;
    assert!(is_live(&stage, &bobs).await, "nobody ends another's");
    assert!(bobs_socket.posted().is_empty());
    for id in ["s_none", "", "../u_1/s_1", &"s_x".repeat(2_000)] {
        end_call(&here, id).gives(&stage, 204).await;
    }
    end_call(&here, phone["sessionId"].as_str().unwrap()).gives(&stage, 204).await;
    assert_ended(&mut phones).await;
    assert!(!is_live(&stage, &phone).await);
    let list = Call::new("GET /v1/sessions").of(&here).gives(&stage, 200).await;
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1, "{list}");
}

#[tokio::test]
async fn all_my_sessions_end_together_and_i_can_come_back() {
    let stage = Stage::new().await;
    let here = log_in(&stage, "ada").await;
    let there = enter(&stage, "ada", PASSWORD).await;
    let mut sockets = [socket(&stage, &here).await, socket(&stage, &there).await];
    let answer = Call::new("DELETE /v1/sessions").of(&here).on(&stage).await;
    assert_eq!(answer["statusCode"], 204);
    assert!(answer["cookies"][0].as_str().unwrap().contains("Max-Age=0"));
    for session in [&here, &there] {
        assert!(!is_live(&stage, session).await);
        refresh_call(&session["cookie"]).refused(&stage, 401, "unauthorized", None).await;
    }
    for socket in &mut sockets {
        assert_ended(socket).await;
    }
    let back = enter(&stage, "ada", PASSWORD).await;
    assert!(is_live(&stage, &back).await);
}

#[tokio::test]
async fn a_socket_that_cannot_be_closed_is_an_error_and_its_session_has_ended_still() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let mut socket = socket(&stage, &session).await;
    let failing =
        stage.aws.faults().inject(Rule::on("DeleteConnection").with(Fault::LimitExceeded));
    log_out_call(&session["cookie"]).refused(&stage, 503, "unavailable", None).await;
    assert!(!is_live(&stage, &session).await);
    assert!(failing.fired() > 5, "it was tried for four seconds");
    assert_eq!(socket.posted().len(), 1, "the bye once");
    failing.remove();
    log_out_call(&session["cookie"]).gives(&stage, 204).await;
    assert_ended(&mut socket).await;
}

#[tokio::test]
async fn without_a_good_bearer_nothing_is_told() {
    let stage = Stage::new().await;
    for route in [
        "GET /v1/me",
        "GET /v1/emails",
        "GET /v1/sessions",
        "POST /v1/emails",
        "POST /v1/emails/unlink",
        "POST /v1/password",
        "POST /v1/tickets",
        "DELETE /v1/sessions",
        "DELETE /v1/sessions/{id}",
    ] {
        for header in ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c"] {
            let call = Call::new(route).id("s_1").header("authorization", header);
            call.refused(&stage, 401, "unauthorized", None).await;
        }
        Call::new(route).refused(&stage, 401, "unauthorized", None).await;
    }
    Call::new("GET /v1/nothing").refused(&stage, 404, "not_found", None).await;
}

#[tokio::test]
async fn a_page_of_another_origin_changes_nothing() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let rows = stage.rows("accounts").await;
    let catalog = stage.aws.catalog();
    let routes: Vec<_> =
        catalog.functions["accounts"].routes.iter().filter(|it| !it.starts_with("GET ")).collect();
    assert_eq!(routes.len(), 14);
    for route in routes {
        for origin in ["https://evil.example", "null", "http://localhost:3000", "\u{fc}"] {
            let call = Call::new(route).id("s_1").of(&session).cookie(&session["cookie"]);
            let call = call.header("host", "localhost:8080").header("origin", origin);
            call.refused(&stage, 403, "foreign_origin", None).await;
        }
    }
    assert_eq!(stage.rows("accounts").await, rows);
    for origin in ["http://localhost:8080", "http://127.0.0.1:8080"] {
        let call = log_in_call("ada", PASSWORD).header("host", "localhost:8080");
        call.header("origin", origin).gives(&stage, 200).await;
    }
    let read = Call::new("GET /v1/me").of(&session).header("origin", "https://evil.example");
    read.gives(&stage, 200).await;

    let listed = Stage::with(&[("ALLOWED_ORIGINS", "https://chat.example")]).await;
    sign_up(&listed, "ada").await;
    let call = |origin| log_in_call("ada", PASSWORD).header("host", "api").header("origin", origin);
    call("https://chat.example").gives(&listed, 200).await;
    call("http://api").refused(&listed, 403, "foreign_origin", None).await;
}

#[tokio::test]
async fn a_fault_says_nothing_of_the_inside() {
    let stage = Stage::new().await;
    sign_up(&stage, "ada").await;
    for operation in ["Sign", "GetItem", "PutItem", "UpdateItem"] {
        let rule = stage.aws.faults().inject(Rule::on(operation).with(Fault::InternalServerError));
        let refusal = log_in_call("ada", PASSWORD).refused(&stage, 503, "unavailable", None).await;
        assert!(!refusal.to_string().contains(operation), "{refusal}");
        assert_eq!(refusal["cookies"], json!([]));
        rule.remove();
    }
}
