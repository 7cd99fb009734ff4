//! Opening a socket: identity source, authorizer, `$connect`, and only then the upgrade.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chat::clock::Timestamp;
use futures_util::StreamExt as _;
use serde_json::{Map, Value};

use super::Gateway;
use super::events::{CONNECT_ARN, Opening, new_request_id};
use super::http::platform;
use super::policy::{self, Decision};
use super::socket::Session;
use crate::embedded::{Identity, new_connection_id};

/// The read buffer of a socket. The default of 128 KiB would cost 1.3 GB for 10,000 idle sockets;
/// this costs 83 MB, and a larger frame still fits.
const READ_BUFFER_BYTES: usize = 4096;

/// A refused handshake, in the platform's words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal(pub(crate) StatusCode);

impl Refusal {
    const UNAUTHORIZED: Self = Self(StatusCode::UNAUTHORIZED);
    const FORBIDDEN: Self = Self(StatusCode::FORBIDDEN);
    const FAILED: Self = Self(StatusCode::INTERNAL_SERVER_ERROR);
    const BAD_GATEWAY: Self = Self(StatusCode::BAD_GATEWAY);
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let message = match self.0 {
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY => "Internal server error",
            status => status.canonical_reason().unwrap_or("Refused"),
        };
        platform(self.0, message)
    }
}

pub(super) async fn open(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let query = Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
    // The authorizer's identity source is `route.request.querystring.token`: without it the
    // platform refuses by itself.
    if !query.iter().any(|(name, value)| name == "token" && !value.is_empty()) {
        return Refusal::UNAUTHORIZED.into_response();
    }
    let user_agent = headers.get("user-agent").and_then(|value| value.to_str().ok());
    let identity = Identity {
        source_ip: peer.ip().to_string(),
        user_agent: user_agent.unwrap_or_default().to_owned(),
    };
    let opening = Opening {
        connection_id: new_connection_id(),
        connected_at_ms: Timestamp::now().0,
        identity,
        headers,
        query,
    };
    let limits = gateway.limits.clone();
    // A client that hangs up now drops this future, but not the task: what `$connect` wrote meets
    // its `$disconnect`, which the session sees to.
    let admitted = tokio::spawn(async move { admit(gateway, opening).await }).await;
    match admitted {
        Ok(Ok(session)) => upgrade
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_frame_size(limits.frame_bytes)
            .max_message_size(limits.message_bytes)
            .on_upgrade(|socket| {
                let (sink, stream) = socket.split();
                session.run(sink, stream)
            }),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => Refusal::FAILED.into_response(),
    }
}

async fn admit(gateway: Arc<Gateway>, opening: Opening) -> Result<Session, Refusal> {
    let request_id = new_request_id();
    let authorizer = authorize(&gateway, &opening, &request_id).await?;
    connect(gateway, opening, &request_id, authorizer).await
}

/// Asks `$connect` about a socket whose authorizer has allowed it, and given it this context.
pub(crate) async fn connect(
    gateway: Arc<Gateway>,
    opening: Opening,
    request_id: &str,
    authorizer: Map<String, Value>,
) -> Result<Session, Refusal> {
    let function = gateway.functions.of_route("$connect").unwrap_or_default();
    let event = opening.connect_event(request_id, &authorizer);
    let answer = gateway.invoke(function, event).await.map_err(|failure| {
        tracing::error!(function, request_id, %failure, "invocation failed");
        Refusal::BAD_GATEWAY
    })?;
    match status(&answer) {
        Some(status) if status.is_success() => {}
        Some(status) => return Err(Refusal(status)),
        None => return Err(Refusal::BAD_GATEWAY),
    }
    // From here on posts are queued, so that none is lost between the upgrade's answer, which the
    // client may act on at once, and the first write.
    Ok(Session::open(gateway, opening, authorizer))
}

async fn authorize(
    gateway: &Gateway,
    opening: &Opening,
    request_id: &str,
) -> Result<Map<String, Value>, Refusal> {
    let function = gateway.functions.authorizer_of("$connect").unwrap_or_default();
    let event = opening.authorizer_event(request_id);
    let answer = gateway.invoke(function, event).await.map_err(|failure| {
        tracing::error!(function, request_id, %failure, "invocation failed");
        Refusal::FAILED
    })?;
    match policy::decide(&answer, CONNECT_ARN) {
        Decision::Allow(context) => Ok(context),
        Decision::Deny => Err(Refusal::FORBIDDEN),
        Decision::Invalid => {
            tracing::error!(function, request_id, "the authorizer's answer is not valid");
            Err(Refusal::FAILED)
        }
    }
}

fn status(answer: &Value) -> Option<StatusCode> {
    let status = answer.get("statusCode")?.as_u64()?;
    StatusCode::from_u16(u16::try_from(status).ok()?).ok()
}
