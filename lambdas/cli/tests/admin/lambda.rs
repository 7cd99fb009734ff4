//! Lambda's side of `Invoke`, and of STS: it keeps what it was asked and gives prepared answers.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path as PathOf, State};
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::{TcpListener, UnixListener};

/// What becomes of one call.
pub(crate) enum Answer {
    /// The function answers.
    Json(Value),
    /// The function fails.
    Failed(&'static str),
    /// The service refuses.
    Refused(u16, &'static str),
    /// The connection ends.
    Lost,
}

/// One that listens; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Lambda(Arc<Mutex<Calls>>);

struct Calls {
    answers: VecDeque<Answer>,
    /// Function names and events.
    asked: Vec<(String, Value)>,
}

impl Lambda {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = answers.into_iter().collect();
        Self(Arc::new(Mutex::new(Calls { answers, asked: Vec::new() })))
    }

    fn api(&self) -> Router {
        Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .route("/", post(caller))
            .with_state(self.clone())
    }

    /// In place of a laptop's socket.
    pub(crate) fn in_directory(&self, data: &Path) {
        let listener = UnixListener::bind(data.join("admin.sock")).unwrap();
        let api = self.api();
        tokio::spawn(async move { axum::serve(listener, api).await });
    }

    /// On a port; returns its address.
    pub(crate) async fn on_port(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let api = self.api();
        tokio::spawn(async move { axum::serve(listener, api).await });
        format!("http://{address}")
    }

    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().asked.clone()
    }

    /// The events alone, without who asked.
    pub(crate) fn commands(&self) -> Vec<Value> {
        let without_actor = |(_, mut event): (String, Value)| {
            event.as_object_mut().unwrap().remove("actor");
            event
        };
        self.asked().into_iter().map(without_actor).collect()
    }
}

async fn invoke(
    State(Lambda(calls)): State<Lambda>,
    PathOf(name): PathOf<String>,
    // Lambda takes events of any content type.
    event: Bytes,
) -> Response {
    let event = serde_json::from_slice(&event).unwrap();
    let answer = {
        let mut calls = calls.lock().unwrap();
        calls.asked.push((name, event));
        calls.answers.pop_front()
    };
    match answer.expect("one more answer") {
        Answer::Json(answer) => Json(answer).into_response(),
        Answer::Failed(message) => {
            let body = json!({"errorType": "Error", "errorMessage": message});
            ([("x-amz-function-error", "Unhandled")], Json(body)).into_response()
        }
        Answer::Refused(status, name) => {
            let status = StatusCode::from_u16(status).unwrap();
            let body = json!({"Type": "User", "Message": "no"});
            (status, [("x-amzn-errortype", name)], Json(body)).into_response()
        }
        // The connection's task ends, and with it the connection.
        Answer::Lost => resume_unwind(Box::new("lost")),
    }
}

/// STS `GetCallerIdentity`.
async fn caller() -> Response {
    let body = "<GetCallerIdentityResponse \
        xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
        <Arn>arn:aws:iam::123456789012:user/grace</Arn><UserId>A</UserId>\
        <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    ([(CONTENT_TYPE, "text/xml")], body).into_response()
}
