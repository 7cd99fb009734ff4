//! Calls of the HTTP API, and people who make them.

use laptop::embedded::{FakeConnection, RecordedRequest};
use serde_json::{Value, json};

use crate::stage::{Caller, Stage, json_of};

/// A password that will do.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Another one.
pub(crate) const OTHER_PASSWORD: &str = "violet tractor sings often";

/// An HTTP call as API Gateway makes it (payload format 2.0).
#[derive(Clone)]
pub(crate) struct Call<'a> {
    route: &'a str,
    id: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) headers: Value,
    cookies: Vec<String>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(route: &'a str) -> Self {
        Self { route, id: None, body: None, headers: json!({}), cookies: Vec::new() }
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.headers["content-type"] = json!("application/json");
        self.body = Some(body.to_string());
        self
    }

    /// With a session's access token.
    pub(crate) fn of(mut self, session: &Value) -> Self {
        let token = session["accessToken"].as_str().unwrap();
        self.headers["authorization"] = json!(format!("Bearer {token}"));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers[name] = json!(value);
        self
    }

    /// With what a browser sends back of a Set-Cookie header.
    pub(crate) fn cookie(mut self, cookie: &Value) -> Self {
        self.cookies.push(pair(cookie));
        self
    }

    /// With the path parameter `id`.
    pub(crate) fn id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// The response, with its body read as JSON.
    pub(crate) async fn on(self, stage: &Stage) -> Value {
        let (method, path) = self.route.split_once(' ').unwrap();
        let mut event = json!({
            "version": "2.0", "routeKey": self.route, "rawPath": path, "rawQueryString": "",
            "cookies": self.cookies, "headers": self.headers, "body": self.body,
            "isBase64Encoded": false,
            "requestContext": {
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1",
                          "sourceIp": "127.0.0.1", "userAgent": "test" },
                "requestId": "r1", "apiId": "api", "stage": "$default", "timeEpoch": 1,
            },
        });
        if let Some(id) = self.id {
            event["pathParameters"] = json!({ "id": id });
        }
        let event = serde_json::from_value(event).unwrap();
        let mut response = json_of(&accounts::handle(&stage.accounts, event).await.unwrap());
        if let Some(body) = response["body"].as_str() {
            response["body"] = serde_json::from_str(body).unwrap();
        }
        response
    }

    /// What the response's body says, when its status is this.
    pub(crate) async fn gives(self, stage: &Stage, status: i64) -> Value {
        let route = self.route;
        let response = self.on(stage).await;
        assert_eq!(response["statusCode"], status, "{route}: {response}");
        response["body"].clone()
    }

    /// Asserts that the call is refused, with the status, the code and the field (or none) that the
    /// refusal has, and in the form that all of them have. Returns the response.
    pub(crate) async fn refused(
        self,
        stage: &Stage,
        status: i64,
        code: &str,
        field: impl Into<Option<&str>>,
    ) -> Value {
        let route = self.route;
        let response = self.on(stage).await;
        let problem = &response["body"];
        assert_eq!(response["statusCode"], status, "{route}: {response}");
        assert_eq!(problem["code"], code, "{route}: {response}");
        assert_eq!(problem["field"].as_str(), field.into(), "{route}: {response}");
        assert_eq!(problem["status"], status, "{route}");
        assert_eq!(response["headers"]["content-type"], "application/problem+json", "{route}");
        assert_eq!(response["headers"]["cache-control"], "no-store", "{route}");
        let after = &problem["retryAfter"];
        match response["headers"]["retry-after"].as_str() {
            None => assert!(after.is_null(), "{route}: {response}"),
            Some(header) => assert_eq!(*header, after.to_string(), "{route}"),
        }
        response
    }
}

/// What a browser sends back of a Set-Cookie header.
pub(crate) fn pair(cookie: &Value) -> String {
    cookie.as_str().unwrap().split(';').next().unwrap().to_owned()
}

pub(crate) fn sign_up_call(name: &str, password: &str, email: Option<&str>) -> Call<'static> {
    let mut body = json!({ "username": name, "password": password });
    if let Some(email) = email {
        body["email"] = json!(email);
    }
    Call::new("POST /v1/accounts").json(&body)
}

pub(crate) fn log_in_call(login: &str, password: &str) -> Call<'static> {
    Call::new("POST /v1/sessions").json(&json!({ "login": login, "password": password }))
}

pub(crate) fn refresh_call(cookie: &Value) -> Call<'static> {
    Call::new("POST /v1/sessions/refresh").cookie(cookie)
}

pub(crate) fn verify_call(token: &str) -> Call<'static> {
    Call::new("POST /v1/emails/verify").json(&json!({ "token": token }))
}

pub(crate) fn link_email_call(session: &Value, email: &str) -> Call<'static> {
    let body = json!({ "email": email, "password": PASSWORD });
    Call::new("POST /v1/emails").of(session).json(&body)
}

pub(crate) fn unlink_call(session: &Value, email: &str) -> Call<'static> {
    Call::new("POST /v1/emails/unlink").of(session).json(&json!({ "email": email }))
}

pub(crate) fn change_call(session: &Value, current: &str, password: &str) -> Call<'static> {
    let body = json!({ "current": current, "password": password });
    Call::new("POST /v1/password").of(session).json(&body)
}

pub(crate) fn forgot_call(login: &str) -> Call<'static> {
    Call::new("POST /v1/password/forgot").json(&json!({ "login": login }))
}

pub(crate) fn reset_call(token: &str, password: &str) -> Call<'static> {
    let body = json!({ "token": token, "password": password });
    Call::new("POST /v1/password/reset").json(&body)
}

pub(crate) async fn sign_up(stage: &Stage, name: &str) -> Value {
    sign_up_call(name, PASSWORD, None).gives(stage, 201).await
}

/// A response with a session: its body, with `cookie`, `device` (of a log-in) and `sessionId`.
pub(crate) fn session_of(response: &Value) -> Value {
    assert_eq!(response["statusCode"], 200, "{response}");
    let mut session = response["body"].clone();
    session["cookie"] = response["cookies"][0].clone();
    session["device"] = response["cookies"][1].clone();
    session["sessionId"] = json!(pair(&session["cookie"]).split('.').nth(1).unwrap());
    session
}

/// A session of somebody who has an account.
pub(crate) async fn enter(stage: &Stage, login: &str, password: &str) -> Value {
    session_of(&log_in_call(login, password).on(stage).await)
}

/// Signs somebody up and in.
pub(crate) async fn log_in(stage: &Stage, name: &str) -> Value {
    sign_up(stage, name).await;
    enter(stage, name, PASSWORD).await
}

/// Signs somebody up and in who has confirmed these addresses.
pub(crate) async fn log_in_with(stage: &Stage, name: &str, emails: &[&str]) -> Value {
    let session = log_in(stage, name).await;
    for email in emails {
        link_email_call(&session, email).gives(stage, 202).await;
        verify_call(&token(stage)).gives(stage, 200).await;
    }
    session
}

/// Whether a session still answers.
pub(crate) async fn is_live(stage: &Stage, session: &Value) -> bool {
    match Call::new("GET /v1/me").of(session).on(stage).await["statusCode"].as_i64() {
        Some(200) => true,
        Some(401) => false,
        other => panic!("{other:?}"),
    }
}

/// A ticket of a session.
pub(crate) async fn ticket(stage: &Stage, session: &Value) -> String {
    let answer = Call::new("POST /v1/tickets").of(session).gives(stage, 200).await;
    assert_eq!(answer["expiresIn"], 30);
    answer["ticket"].as_str().unwrap().to_owned()
}

/// The token of the latest mail's link.
pub(crate) fn token(stage: &Stage) -> String {
    let mails = stage.aws.mails();
    token_of(mails.last().unwrap().link().unwrap())
}

/// The token of a link.
pub(crate) fn token_of(link: &str) -> String {
    let parts = link.split_once("#token=").and_then(|(_, rest)| rest.split_once("&name="));
    parts.unwrap_or_else(|| panic!("no token in {link}")).0.to_owned()
}

/// An open socket of a session.
pub(crate) async fn socket(stage: &Stage, session: &Value) -> FakeConnection {
    let connection = stage.aws.connections().open_fake();
    let caller = Caller::of_session(session, connection.id());
    assert_eq!(stage.life(&caller, "$connect").await, 200);
    connection
}

/// Asserts that a socket was told that its session has ended, and that it was then closed.
pub(crate) async fn assert_ended(socket: &mut FakeConnection) {
    let bye: Value = serde_json::from_str(&socket.next().await.unwrap()).unwrap();
    assert_eq!((&bye["event"], &bye["code"]), (&json!("bye"), &json!(4004)));
    assert_eq!(bye["reconnect"], false);
    assert!(!bye["reason"].as_str().unwrap().is_empty());
    assert_eq!(socket.next().await, None, "and it is closed");
}

/// What `accounts` asked of AWS while a call was answered: operations, with the kinds of rows.
pub(crate) async fn asked(stage: &Stage, call: Call<'_>, status: i64) -> Vec<String> {
    let before = stage.aws.requests().len();
    call.gives(stage, status).await;
    stage.aws.requests().iter().skip(before).map(shape).collect()
}

fn shape(request: &RecordedRequest) -> String {
    let kind = |body: &Value| {
        let row = if body["Key"].is_null() { &body["Item"] } else { &body["Key"] };
        row["kind"]["S"].as_str().unwrap_or_default().to_owned()
    };
    let mut shape = format!("{} {}", request.operation, kind(&request.body));
    for item in request.body["TransactItems"].as_array().into_iter().flatten() {
        for (action, body) in item.as_object().unwrap() {
            shape += &format!(" {action} {}", kind(body));
        }
    }
    shape
}
