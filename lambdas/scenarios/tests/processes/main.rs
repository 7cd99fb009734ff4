//! The functions as Lambda runs them: each program started against a Runtime API ("Using the Lambda
//! runtime API" of the AWS Lambda guide), with the environment that Terraform gives it.
//!
//! The events are such that no AWS call is made: the programs, their settings and their runtime
//! loop are what is tested here. What they do with AWS, the scenarios test.

// clippy.toml allows these in `#[test]` functions only; here all is test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

/// The public half of a key made for this test; its private half was thrown away.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf352xuYW5+yU/SyC7jbV0Psh28DI\n\
    E3dJSUogV2hrcEkFL2G/3Nh1LtFS4vEz0LMk1Z+E+wGQYiY2FoUGhm325g==\n\
    -----END PUBLIC KEY-----\n";

const PATIENCE: Duration = Duration::from_secs(30);

/// A Runtime API that hands out one event and takes its response.
struct RuntimeApi {
    address: String,
    responses: mpsc::Receiver<Value>,
}

struct Invocation {
    event: Mutex<Option<Value>>,
    responses: mpsc::Sender<Value>,
}

impl RuntimeApi {
    async fn with(event: Value) -> Self {
        let (sender, responses) = mpsc::channel(1);
        let invocation: &'static Invocation =
            Box::leak(Box::new(Invocation { event: Mutex::new(Some(event)), responses: sender }));
        let api = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(respond))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(respond))
            .with_state(invocation);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, api).await });
        Self { address, responses }
    }
}

async fn next(State(invocation): State<&'static Invocation>) -> (HeaderMap, Json<Value>) {
    let Some(event) = invocation.event.lock().await.take() else {
        // As on AWS between events: the call stays open.
        return std::future::pending().await;
    };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "9999999999999"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:f"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"),
    ];
    let headers = headers
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    (HeaderMap::from_iter(headers), Json(event))
}

async fn respond(State(invocation): State<&'static Invocation>, response: String) -> StatusCode {
    // The runtime names no content type, so axum's Json would refuse it.
    let response = serde_json::from_str(&response).unwrap();
    invocation.responses.send(response).await.unwrap();
    StatusCode::ACCEPTED
}

/// The program, from where cargo puts it beside this test.
fn program(function: &str) -> Command {
    let here = std::env::current_exe().unwrap();
    let path: PathBuf = here.ancestors().nth(2).unwrap().join(function);
    assert!(path.exists(), "{function} is not built: `make test-rust` builds it");
    let mut program = Command::new(path);
    program
        .env_clear()
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "none")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    program
}

const TABLES: [&str; 8] = [
    "ACCOUNTS",
    "CONNECTIONS",
    "MEMBERSHIPS",
    "MESSAGES",
    "RATES",
    "ROOMS",
    "SENDS",
    "SUBSCRIPTIONS",
];

/// Starts the program, hands it the event, and returns what it answers.
async fn answer(function: &str, event: Value) -> Value {
    let mut api = RuntimeApi::with(event).await;
    let keys = json!([{ "kid": "k1", "pem": PUBLIC_KEY }]).to_string();
    let mut program = program(function);
    for table in TABLES {
        program.env(format!("TABLE_{table}"), table);
    }
    let running = program
        .env("AWS_LAMBDA_RUNTIME_API", &api.address)
        .env("PUSH_ENDPOINT", "https://push.invalid/live")
        .env("PUBLIC_KEYS", keys)
        .env("SIGNING_KEY_ID", "k1")
        .env("ALLOWED_ORIGINS", "self")
        .env("SITE_URL", "https://chat.example")
        .spawn()
        .unwrap();
    let response = timeout(PATIENCE, api.responses.recv()).await;
    drop(running);
    response.unwrap_or_else(|_| panic!("{function} did not answer")).unwrap()
}

fn frame(route: &str, body: &Value) -> Value {
    json!({
        "requestContext": {
            "routeKey": route, "eventType": "MESSAGE", "connectionId": "c1=",
            "connectedAt": 1, "requestTimeEpoch": 2,
            "authorizer": { "userId": "u_1", "username": "ada", "principalId": "u_1" },
        },
        "body": body.to_string(),
        "isBase64Encoded": false,
    })
}

fn call(route: &str) -> Value {
    let (method, path) = route.split_once(' ').unwrap();
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": {},
        "requestContext": { "http": { "method": method, "path": path } },
        "isBase64Encoded": false,
    })
}

fn code(response: &Value) -> Value {
    assert_eq!(response["statusCode"], 200, "{response}");
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    body["error"]["code"].clone()
}

#[tokio::test]
async fn message_functions_answer_a_frame() {
    let empty = json!({ "id": 1, "content": "" });
    assert_eq!(code(&answer("send-message", frame("sendMessage", &empty)).await), "bad_request");
    let none = json!({ "id": 1, "limit": 0 });
    let recent = answer("get-recent-messages", frame("getRecentMessages", &none)).await;
    assert_eq!(code(&recent), "bad_request");
    let none = json!({ "id": 1, "room": "The Attic" });
    assert_eq!(code(&answer("rooms", frame("joinRoom", &none)).await), "bad_request");
    let rooms = json!({ "id": 1, "rooms": 7 });
    assert_eq!(code(&answer("connection-manager", frame("ping", &rooms)).await), "bad_request");
    let unknown = json!({ "id": 1, "action": "fly" });
    let unknown = answer("default-message", frame("$default", &unknown)).await;
    assert_eq!(code(&unknown), "unknown_action");
}

#[tokio::test]
async fn http_functions_answer_a_call() {
    let pong = answer("ping", call("GET /ping")).await;
    assert_eq!((&pong["statusCode"], &pong["body"]), (&json!(200), &json!("PONG!")));

    let jwks = answer("accounts", call("GET /.well-known/jwks.json")).await;
    let jwks: Value = serde_json::from_str(jwks["body"].as_str().unwrap()).unwrap();
    assert_eq!(jwks["keys"][0]["x"], "f352xuYW5-yU_SyC7jbV0Psh28DIE3dJSUogV2hrcEk", "{jwks}");
    assert_eq!(jwks["keys"][0]["kid"], "k1");
}

#[tokio::test]
async fn the_authorizer_denies_what_it_cannot_verify() {
    let arn = "arn:aws:execute-api:us-east-1:000000000000:api/live/$connect";
    let event = json!({
        "type": "REQUEST", "methodArn": arn, "requestContext": {},
        "queryStringParameters": { "token": "not.a.token" },
    });
    let policy = &answer("authorizer", event).await["policyDocument"];
    assert_eq!(policy["Statement"][0]["Effect"], "Deny");
    assert_eq!(policy["Statement"][0]["Resource"], json!([arn]));
}

#[tokio::test]
async fn a_program_without_its_settings_names_them_all_and_ends() {
    let Output { status, stderr, .. } = timeout(
        PATIENCE,
        program("send-message").env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9").output(),
    )
    .await
    .unwrap()
    .unwrap();
    assert!(!status.success());
    let said = String::from_utf8_lossy(&stderr);
    for name in ["TABLE_MESSAGES", "TABLE_SENDS", "TABLE_SUBSCRIPTIONS", "PUSH_ENDPOINT"] {
        assert!(said.contains(name), "{name} is not in: {said}");
    }
}
