//! Lambda's `Invoke`, for the one function that people call themselves ("Invoke", AWS Lambda API
//! reference).

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::json;

use crate::functions::Failure;
use crate::gateway::Gateway;

/// The function that may be invoked.
const INVOCABLE: &str = "admin";
/// The largest event of a synchronous call, in bytes ("Lambda quotas").
const EVENT_BYTES_MAX: usize = 6 * 1024 * 1024;

/// The API.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    let path = "/2015-03-31/functions/{name}/invocations";
    Router::new().route(path, post(invoke)).fallback(unknown).with_state(gateway)
}

async fn unknown() -> Response {
    error(StatusCode::NOT_FOUND, "ResourceNotFoundException", "There is no such resource.")
}

async fn invoke(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    request: Request<Body>,
) -> Response {
    if name != INVOCABLE {
        let status = StatusCode::NOT_FOUND;
        return error(status, "ResourceNotFoundException", "Function not found.");
    }
    let kind = headers.get("x-amz-invocation-type");
    if kind.is_some_and(|kind| kind != "RequestResponse") {
        let message = "Only the invocation type RequestResponse is served here.";
        return error(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message);
    }
    let Ok(event) = to_bytes(request.into_body(), EVENT_BYTES_MAX).await else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return error(status, "RequestTooLargeException", "The event is too large.");
    };
    let Ok(event) = serde_json::from_slice(&event) else {
        let message = "Could not parse request body into json.";
        return error(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message);
    };
    // Not the gateway's `invoke`: its limit is that of an HTTP API's integration.
    match gateway.functions.invoke(&name, event).await {
        Ok(answer) => (version(), axum::Json(answer)).into_response(),
        Err(failure) => {
            tracing::error!(function = name, %failure, "invocation failed");
            let body = json!({
                "errorType": error_type(&failure), "errorMessage": failure.to_string(),
            });
            (version(), [("x-amz-function-error", "Unhandled")], axum::Json(body)).into_response()
        }
    }
}

fn version() -> [(&'static str, &'static str); 1] {
    [("x-amz-executed-version", "$LATEST")]
}

/// The kinds of failure in Lambda's words.
fn error_type(failure: &Failure) -> &'static str {
    match failure {
        Failure::TimedOut(_) | Failure::NoAnswer(_) => "Sandbox.Timedout",
        Failure::Crashed => "Runtime.ExitError",
        Failure::Event(_) | Failure::Handler(_) | Failure::Response(_) | Failure::Unknown => {
            "Error"
        }
    }
}

fn error(status: StatusCode, name: &'static str, message: &str) -> Response {
    let body = json!({"Type": "User", "Message": message});
    (status, [("x-amzn-errortype", name)], axum::Json(body)).into_response()
}
