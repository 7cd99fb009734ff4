use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use laptop::embedded::{Fault, Rule};
use serde_json::{Value, json};

use crate::stage::{Stage, json_of};

const PASSWORD: &str = "correct horse battery";

/// An HTTP call as API Gateway makes it (payload format 2.0).
struct Call<'a> {
    route: &'a str,
    body: Option<String>,
    headers: Value,
    cookies: Vec<String>,
}

impl<'a> Call<'a> {
    fn new(route: &'a str) -> Self {
        Self { route, body: None, headers: json!({}), cookies: Vec::new() }
    }

    fn json(mut self, body: &Value) -> Self {
        self.headers["content-type"] = json!("application/json");
        self.body = Some(body.to_string());
        self
    }

    fn bearer(mut self, token: &Value) -> Self {
        self.headers["authorization"] = json!(format!("Bearer {}", token.as_str().unwrap()));
        self
    }

    fn cookie(mut self, cookie: &str) -> Self {
        self.cookies = vec![cookie.to_owned()];
        self
    }

    /// The response, with its body read as JSON.
    async fn on(self, stage: &Stage) -> Value {
        let (method, path) = self.route.split_once(' ').unwrap();
        let event = json!({
            "version": "2.0", "routeKey": self.route, "rawPath": path, "rawQueryString": "",
            "cookies": self.cookies, "headers": self.headers, "body": self.body,
            "isBase64Encoded": false,
            "requestContext": {
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1",
                          "sourceIp": "127.0.0.1", "userAgent": "test" },
                "requestId": "r1", "apiId": "api", "stage": "$default", "timeEpoch": 1,
            },
        });
        let event = serde_json::from_value(event).unwrap();
        let mut response = json_of(&accounts::handle(&stage.accounts, event).await.unwrap());
        if let Some(body) = response["body"].as_str() {
            response["body"] = serde_json::from_str(body).unwrap();
        }
        response
    }
}

async fn sign_up(stage: &Stage, name: &str) -> Value {
    let body = json!({ "username": name, "password": PASSWORD });
    Call::new("POST /v1/accounts").json(&body).on(stage).await
}

/// Signs somebody up and in; the session, with its cookie as `cookie`.
pub(crate) async fn log_in(stage: &Stage, name: &str) -> Value {
    assert_eq!(sign_up(stage, name).await["statusCode"], 201);
    let body = json!({ "login": name, "password": PASSWORD });
    let response = Call::new("POST /v1/sessions").json(&body).on(stage).await;
    assert_eq!(response["statusCode"], 200, "{response}");
    let mut session = response["body"].clone();
    session["cookie"] = response["cookies"][0].clone();
    session
}

/// A ticket of a session.
pub(crate) async fn ticket(stage: &Stage, session: &Value) -> String {
    let call = Call::new("POST /v1/tickets").bearer(&session["accessToken"]);
    let response = call.on(stage).await;
    assert_eq!(response["body"]["expiresIn"], 30, "{response}");
    response["body"]["ticket"].as_str().unwrap().to_owned()
}

/// What a browser sends back of a Set-Cookie header.
fn pair(session: &Value) -> String {
    session["cookie"].as_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_sign_up_makes_an_account_and_keeps_no_password() {
    let stage = Stage::new().await;
    let response = sign_up(&stage, "Ada").await;
    assert_eq!(response["statusCode"], 201);
    assert_eq!(response["body"]["username"], "Ada");
    assert!(response["body"]["userId"].as_str().unwrap().starts_with("u_"));
    let rows = json!(stage.rows("accounts").await).to_string();
    assert!(!rows.contains(PASSWORD));
    assert!(rows.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "OWASP's parameters");
}

#[tokio::test]
async fn a_name_is_taken_in_every_case() {
    let stage = Stage::new().await;
    sign_up(&stage, "ada").await;
    let refusal = sign_up(&stage, "ADA").await;
    assert_eq!(refusal["statusCode"], 409);
    assert_eq!(refusal["headers"]["content-type"], "application/problem+json");
    assert_eq!(
        (&refusal["body"]["code"], &refusal["body"]["field"]),
        (&json!("name_taken"), &json!("username"))
    );
    assert_eq!(refusal["body"]["title"], "Conflict");
}

#[tokio::test]
async fn of_two_sign_ups_at_once_one_wins() {
    let stage = Stage::new().await;
    let both = tokio::join!(sign_up(&stage, "ada"), sign_up(&stage, "Ada"));
    let mut statuses =
        [both.0["statusCode"].as_i64().unwrap(), both.1["statusCode"].as_i64().unwrap()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn a_sign_up_whose_answer_is_lost_is_not_told_that_its_name_is_taken() {
    let stage = Stage::new().await;
    let lost = Rule::on("TransactWriteItems").times(1).after().with(Fault::TransactionConflict);
    stage.aws.faults().inject(lost);
    assert_eq!(sign_up(&stage, "ada").await["statusCode"], 201);
}

#[tokio::test]
async fn an_access_token_verifies_with_the_published_key() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let token = session["accessToken"].as_str().unwrap();
    assert_eq!(session["expiresIn"], 900);

    let published = Call::new("GET /.well-known/jwks.json").on(&stage).await["body"].clone();
    let keys: JwkSet = serde_json::from_value(published).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::ES256, Some("at+jwt")));
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["parley-chat"]);
    rules.set_issuer(&["parley"]);
    let claims = decode::<Value>(token, &key, &rules).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["name"]), (&session["userId"], &json!("ada")));

    let me = Call::new("GET /v1/me").bearer(&session["accessToken"]).on(&stage).await;
    assert_eq!(
        me["body"],
        json!({ "username": "ada", "userId": session["userId"], "role": "user" })
    );
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let stage = Stage::new().await;
    sign_up(&stage, "ada").await;
    let mut answers = Vec::new();
    for (login, password) in [
        ("ada", "wrong password"),
        ("nobody", PASSWORD),
        ("", ""),
        ("x".repeat(5_000).as_str(), ""),
    ] {
        let body = json!({ "login": login, "password": password });
        answers.push(Call::new("POST /v1/sessions").json(&body).on(&stage).await);
    }
    assert_eq!(answers[0]["statusCode"], 401);
    assert_eq!(answers[0]["body"]["code"], "invalid_credentials");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn the_cookie_refreshes_until_the_session_ends() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let cookie = session["cookie"].as_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/v1/sessions", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    let secret = pair(&session);
    assert!(
        !json!(stage.rows("accounts").await)
            .to_string()
            .contains(secret.rsplit_once('.').unwrap().1)
    );

    let refresh = |cookie: &str| Call::new("POST /v1/sessions/refresh").cookie(cookie);
    let refreshed = refresh(&secret).on(&stage).await;
    assert_eq!(refreshed["statusCode"], 200);
    assert_eq!(refreshed["body"]["userId"], session["userId"]);
    ticket(&stage, &refreshed["body"]).await;
    for bad in ["parley_session=", "parley_session=x", &format!("{secret}x"), "other=1"] {
        assert_eq!(refresh(bad).on(&stage).await["statusCode"], 401, "{bad}");
    }

    let ended = Call::new("DELETE /v1/sessions/current").cookie(&secret).on(&stage).await;
    assert_eq!(ended["statusCode"], 204);
    assert!(ended["cookies"][0].as_str().unwrap().contains("Max-Age=0"));
    assert_eq!(refresh(&secret).on(&stage).await["statusCode"], 401);
    let call = Call::new("POST /v1/tickets").bearer(&refreshed["body"]["accessToken"]);
    assert_eq!(call.on(&stage).await["statusCode"], 401, "and opens no new socket");
    let again = Call::new("DELETE /v1/sessions/current").cookie(&secret).on(&stage).await;
    assert_eq!(again["statusCode"], 204);
}

#[tokio::test]
async fn bad_input_is_a_problem_that_names_its_field() {
    let stage = Stage::new().await;
    for (name, password, field) in [
        ("a", PASSWORD, "username"),
        ("", PASSWORD, "username"),
        (&*"a".repeat(33), PASSWORD, "username"),
        ("-ada", PASSWORD, "username"),
        ("ada lovelace", PASSWORD, "username"),
        ("аda", PASSWORD, "username"), // Cyrillic
        ("ada\u{202e}", PASSWORD, "username"),
        ("ada", "short", "password"),
        ("ada", &*"x".repeat(257), "password"),
    ] {
        let body = json!({ "username": name, "password": password });
        let refusal = Call::new("POST /v1/accounts").json(&body).on(&stage).await;
        assert_eq!(
            (&refusal["statusCode"], &refusal["body"]["field"]),
            (&json!(400), &json!(field)),
            "{name}"
        );
    }
    let mut form = Call::new("POST /v1/accounts");
    form.body = Some(json!({ "username": "ada", "password": PASSWORD }).to_string());
    assert_eq!(form.on(&stage).await["statusCode"], 400, "without its Content-Type");
    for body in
        ["", "{", "[]", r#"{"username":7,"password":"secret secret"}"#, r#"{"username":"ada"}"#]
    {
        let mut call = Call::new("POST /v1/accounts").json(&json!({}));
        call.body = Some(body.to_owned());
        let refusal = call.on(&stage).await;
        assert_eq!(refusal["body"]["code"], "bad_request", "{body}");
        assert!(!refusal.to_string().contains("secret secret"));
    }
    assert!(stage.rows("accounts").await.is_empty());
}

#[tokio::test]
async fn without_a_good_bearer_nothing_is_told() {
    let stage = Stage::new().await;
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c"] {
        for route in ["GET /v1/me", "POST /v1/tickets"] {
            let mut call = Call::new(route);
            call.headers["authorization"] = json!(header);
            let refusal = call.on(&stage).await;
            assert_eq!(refusal["body"]["code"], "unauthorized", "{route} {header}");
        }
    }
}

#[tokio::test]
async fn a_fault_says_nothing_of_the_inside() {
    let stage = Stage::new().await;
    log_in(&stage, "ada").await;
    stage.aws.faults().inject(Rule::on("Sign").with(Fault::InternalServerError));
    let body = json!({ "login": "ada", "password": PASSWORD });
    let refusal = Call::new("POST /v1/sessions").json(&body).on(&stage).await;
    assert_eq!(
        (&refusal["statusCode"], &refusal["body"]["code"]),
        (&json!(503), &json!("unavailable"))
    );
    assert!(!refusal.to_string().contains("Sign"));
}
