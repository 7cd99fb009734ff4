//! The HTTP API, and the site behind every other path.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Gateway;
use super::events::{HttpCall, http_event, new_request_id};
use super::mailbox;
use crate::functions::HttpRoute;
use crate::site;

/// Paths that belong to the API, whether or not a route takes them.
fn is_api(path: &str) -> bool {
    let below = |folder: &str| {
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below("/v1") || below("/ping") || below("/.well-known")
}

/// An answer of the platform's own.
pub(super) fn platform(status: StatusCode, message: &str) -> Response {
    let mut response = (status, axum::Json(json!({"message": message}))).into_response();
    site::secure(&mut response);
    response
}

pub(super) async fn serve(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    if mailbox::owns(request.uri().path()) {
        return mailbox::serve(&gateway, peer, &request);
    }
    let route = gateway.functions.http_route(request.method().as_str(), request.uri().path());
    if let Some(route) = route {
        return call(&gateway, &route, peer, request).await;
    }
    if is_api(request.uri().path()) {
        return platform(StatusCode::NOT_FOUND, "Not Found");
    }
    match &gateway.site {
        Some(site) => site.serve(request).await,
        None => platform(StatusCode::NOT_FOUND, "Not Found"),
    }
}

async fn call(
    gateway: &Gateway,
    route: &HttpRoute<'_>,
    peer: SocketAddr,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, gateway.limits.body_bytes).await else {
        return platform(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let request_id = new_request_id();
    let HttpRoute { key, function, parameters } = route;
    let event = http_event(&HttpCall {
        route: key,
        parameters,
        method: &parts.method,
        uri: &parts.uri,
        version: parts.version,
        headers: &parts.headers,
        source_ip: peer.ip().to_string(),
        request_id: &request_id,
        body: &body,
    });
    let response = match gateway.invoke(function, event).await {
        Ok(answer) => response(answer),
        Err(failure) => {
            tracing::error!(function, route = key, request_id, %failure, "invocation failed");
            None
        }
    };
    response.unwrap_or_else(|| platform(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

/// A function's answer, payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

fn response(answer: Value) -> Option<Response> {
    let answer: Answer = serde_json::from_value(answer).ok()?;
    let body = answer.body.unwrap_or_default();
    let body =
        if answer.is_base64_encoded { STANDARD.decode(body).ok()? } else { body.into_bytes() };
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    site::secure(&mut response);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name).ok()?;
        headers.insert(name, HeaderValue::try_from(value).ok()?);
    }
    for cookie in answer.cookies {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_owns_its_paths() {
        for path in ["/v1", "/v1/accounts", "/ping", "/.well-known/jwks.json"] {
            assert!(is_api(path), "{path}");
        }
        for path in ["/", "/v10", "/pingpong", "/rooms/general"] {
            assert!(!is_api(path), "{path}");
        }
    }

    #[test]
    fn an_answer_becomes_a_response() {
        let answer = json!({
            "statusCode": 201,
            "headers": {"content-type": "application/json"},
            "cookies": ["a=1; HttpOnly", "b=2"],
            "body": "e30=",
            "isBase64Encoded": true,
        });
        let response = response(answer).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        assert!(response(json!({"body": "x"})).is_none());
        assert!(response(json!({"statusCode": 9999})).is_none());
    }
}
