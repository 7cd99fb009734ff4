//! The JSON that API Gateway sends to a function: payload format 2.0 for the HTTP API, the proxy
//! event of WebSocket APIs, and the REQUEST authorizer's event.
//!
//! These values carry tokens, cookies and message texts. They are never logged.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue, Method, Uri, Version};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use chat::clock::Timestamp;
use serde_json::{Map, Value, json};

use crate::embedded::{Connection, Identity};

const ACCOUNT: &str = "000000000000";
const API: &str = "laptop";
const STAGE: &str = "live";
const DOMAIN: &str = "laptop.parley.invalid";

/// The resource that the authorizer is asked about.
pub(crate) const CONNECT_ARN: &str =
    "arn:aws:execute-api:us-east-1:000000000000:laptop/live/$connect";

/// A new request id in the platform's form.
pub(crate) fn new_request_id() -> String {
    let mut bytes = [0; 11];
    fastrand::fill(&mut bytes);
    URL_SAFE.encode(bytes)
}

/// What is known of a socket before it is open.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) connection_id: String,
    pub(crate) connected_at_ms: i64,
    pub(crate) identity: Identity,
    pub(crate) headers: HeaderMap,
    /// Decoded pairs in their order.
    pub(crate) query: Vec<(String, String)>,
}

/// A message of an open socket.
pub(crate) struct Incoming<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) authorizer: &'a Map<String, Value>,
    pub(crate) route: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) body: &'a str,
}

fn socket_context(
    route: &str,
    event_type: &str,
    request_id: &str,
    connection_id: &str,
    connected_at_ms: i64,
    identity: &Identity,
) -> Map<String, Value> {
    let now = Timestamp::now();
    let context = json!({
        "routeKey": route,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestId": request_id,
        "requestTime": request_time(now),
        "requestTimeEpoch": now.0,
        "messageDirection": "IN",
        "connectionId": connection_id,
        "connectedAt": connected_at_ms,
        "identity": {"sourceIp": identity.source_ip, "userAgent": identity.user_agent},
        "domainName": DOMAIN,
        "stage": STAGE,
        "apiId": API,
    });
    match context {
        Value::Object(context) => context,
        _ => Map::new(),
    }
}

fn request_time(now: Timestamp) -> String {
    let now = chrono::DateTime::from_timestamp_millis(now.0).unwrap_or_default();
    now.format("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

impl Opening {
    fn event(&self, context: &Map<String, Value>) -> Value {
        let headers = forwarded(&self.headers, &self.identity.source_ip);
        json!({
            "headers": single_values(header_pairs(&headers)),
            "multiValueHeaders": multi_values(header_pairs(&headers)),
            "queryStringParameters": single_values(self.query_pairs()),
            "multiValueQueryStringParameters": multi_values(self.query_pairs()),
            "requestContext": context,
            "isBase64Encoded": false,
        })
    }

    fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn context(&self, request_id: &str) -> Map<String, Value> {
        let Self { connection_id, connected_at_ms, identity, .. } = self;
        let route = "$connect";
        socket_context(route, "CONNECT", request_id, connection_id, *connected_at_ms, identity)
    }

    /// The event of the `$connect` authorizer.
    pub(crate) fn authorizer_event(&self, request_id: &str) -> Value {
        let mut event = self.event(&self.context(request_id));
        if let Some(event) = event.as_object_mut() {
            event.remove("isBase64Encoded");
            event.insert("type".to_owned(), "REQUEST".into());
            event.insert("methodArn".to_owned(), CONNECT_ARN.into());
        }
        event
    }

    /// The event of the route `$connect`.
    pub(crate) fn connect_event(&self, request_id: &str, authorizer: &Map<String, Value>) -> Value {
        let mut context = self.context(request_id);
        context.insert("authorizer".to_owned(), authorizer.clone().into());
        self.event(&context)
    }
}

/// The event of a message.
pub(crate) fn message_event(message: &Incoming<'_>) -> Value {
    let Incoming { connection, authorizer, route, request_id, body } = message;
    let mut context = socket_context(
        route,
        "MESSAGE",
        request_id,
        connection.id(),
        connection.connected_at_ms(),
        connection.identity(),
    );
    context.insert("authorizer".to_owned(), (*authorizer).clone().into());
    context.insert("messageId".to_owned(), new_request_id().into());
    json!({"requestContext": context, "body": body, "isBase64Encoded": false})
}

/// The event of the route `$disconnect`.
pub(crate) fn disconnect_event(
    connection: &Connection,
    authorizer: &Map<String, Value>,
    request_id: &str,
    code: u16,
    reason: &str,
) -> Value {
    let mut context = socket_context(
        "$disconnect",
        "DISCONNECT",
        request_id,
        connection.id(),
        connection.connected_at_ms(),
        connection.identity(),
    );
    context.insert("authorizer".to_owned(), authorizer.clone().into());
    context.insert("disconnectStatusCode".to_owned(), code.into());
    context.insert("disconnectReason".to_owned(), reason.into());
    json!({"requestContext": context, "isBase64Encoded": false})
}

/// A request of the HTTP API.
pub(crate) struct HttpCall<'a> {
    pub(crate) route: &'a str,
    /// The path's parameters, decoded.
    pub(crate) parameters: &'a BTreeMap<String, String>,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) version: Version,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) source_ip: String,
    pub(crate) request_id: &'a str,
    pub(crate) body: &'a [u8],
}

/// The event of an HTTP request, payload format 2.0.
pub(crate) fn http_event(call: &HttpCall<'_>) -> Value {
    let now = Timestamp::now();
    let user_agent = call.headers.get("user-agent").map(|value| value.to_str().unwrap_or_default());
    let mut event = json!({
        "version": "2.0",
        "routeKey": call.route,
        "rawPath": call.uri.path(),
        "rawQueryString": call.uri.query().unwrap_or_default(),
        "headers": http_headers(&forwarded(call.headers, &call.source_ip)),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": DOMAIN,
            "domainPrefix": API,
            "http": {
                "method": call.method.as_str(),
                "path": call.uri.path(),
                "protocol": format!("{:?}", call.version),
                "sourceIp": call.source_ip,
                "userAgent": user_agent.unwrap_or_default(),
            },
            "requestId": call.request_id,
            "routeKey": call.route,
            "stage": "$default",
            "time": request_time(now),
            "timeEpoch": now.0,
        },
        "isBase64Encoded": false,
    });
    let cookies = cookies(call.headers);
    if let Some(event) = event.as_object_mut() {
        if !call.parameters.is_empty() {
            event.insert("pathParameters".to_owned(), json!(call.parameters));
        }
        if !cookies.is_empty() {
            event.insert("cookies".to_owned(), cookies.into());
        }
        match text_body(call.headers, call.body) {
            _ if call.body.is_empty() => {}
            Some(text) => {
                event.insert("body".to_owned(), text.into());
            }
            None => {
                event.insert("body".to_owned(), STANDARD.encode(call.body).into());
                event.insert("isBase64Encoded".to_owned(), true.into());
            }
        }
    }
    event
}

/// The body as it stands, when its type is a text that API Gateway passes on unencoded.
fn text_body<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<&'a str> {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("text/plain").split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || kind.ends_with("+json")
        || ["application/json", "application/javascript", "application/xml"].contains(&&*kind);
    if is_text { std::str::from_utf8(body).ok() } else { None }
}

/// The headers with the peer's address at the end of `X-Forwarded-For`: whatever stood there before
/// came from outside, and the last entry is the platform's word.
fn forwarded(headers: &HeaderMap, peer: &str) -> HeaderMap {
    const NAME: &str = "x-forwarded-for";
    let before = headers.get_all(NAME).iter().filter_map(|value| value.to_str().ok());
    let chain = before.chain([peer]).collect::<Vec<_>>().join(", ");
    let mut headers = headers.clone();
    if let Ok(chain) = HeaderValue::try_from(chain) {
        headers.insert(NAME, chain);
    }
    headers
}

/// Lower-case names; repeated ones joined by a comma; cookies have a field of their own.
fn http_headers(headers: &HeaderMap) -> Value {
    let mut joined = Map::new();
    for (name, value) in header_pairs(headers).filter(|(name, _)| *name != "cookie") {
        match joined.get_mut(name) {
            Some(Value::String(text)) => {
                text.push(',');
                text.push_str(value);
            }
            _ => {
                joined.insert(name.to_owned(), value.into());
            }
        }
    }
    joined.into()
}

fn cookies(headers: &HeaderMap) -> Vec<Value> {
    headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(|cookie| cookie.trim().into())
        .collect()
}

/// API Gateway keeps the names' letter case as the client wrote it; hyper does not, and the event's
/// type does not care.
fn header_pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

/// Of a repeated name the last value counts.
fn single_values<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    pairs.map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn multi_values<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let mut values: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        match values.get_mut(name) {
            Some(Value::Array(list)) => list.push(value.into()),
            _ => {
                values.insert(name.to_owned(), json!([value]));
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::{
        ApiGatewayCustomAuthorizerRequestTypeRequest, ApiGatewayV2httpRequest,
        ApiGatewayWebsocketProxyRequest,
    };

    use super::*;
    use crate::embedded::Connections;

    fn opening() -> Opening {
        let mut headers = HeaderMap::new();
        headers.insert("origin", "http://localhost:8080".parse().unwrap());
        Opening {
            connection_id: "L0SM9cOFvHcCIhw=".to_owned(),
            connected_at_ms: 1_700_000_000_000,
            identity: Identity { source_ip: "127.0.0.1".to_owned(), user_agent: "test".to_owned() },
            headers,
            query: vec![("token".to_owned(), "a b".to_owned())],
        }
    }

    fn authorizer() -> Map<String, Value> {
        Map::from_iter([("userId".to_owned(), "u_1".into())])
    }

    #[test]
    fn the_authorizer_finds_its_token() {
        let event = opening().authorizer_event("r=");
        let event: ApiGatewayCustomAuthorizerRequestTypeRequest =
            serde_json::from_value(event).unwrap();
        assert_eq!(event.type_.as_deref(), Some("REQUEST"));
        assert_eq!(event.method_arn.as_deref(), Some(CONNECT_ARN));
        assert_eq!(event.query_string_parameters.first("token"), Some("a b"));
        assert_eq!(event.headers["origin"], "http://localhost:8080");
        let identity = event.request_context.identity.unwrap();
        assert_eq!(identity.source_ip.as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn a_connect_event_has_its_types_shape() {
        let event = opening().connect_event("r=", &authorizer());
        let event: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event).unwrap();
        let context = event.request_context;
        assert_eq!(context.route_key.as_deref(), Some("$connect"));
        assert_eq!(context.event_type.as_deref(), Some("CONNECT"));
        assert_eq!(context.connection_id.as_deref(), Some("L0SM9cOFvHcCIhw="));
        assert_eq!(context.connected_at, 1_700_000_000_000);
        assert!(context.request_time_epoch > context.connected_at);
        assert_eq!(context.authorizer.fields["userId"], "u_1");
        assert_eq!(context.identity.user_agent.as_deref(), Some("test"));
    }

    #[test]
    fn message_and_disconnect_events_have_their_types_shape() {
        let connections = Connections::new(1);
        let (connection, _queue) = connections.open("c=", Identity::default(), 5);
        let authorizer = authorizer();
        let message = Incoming {
            connection: &connection,
            authorizer: &authorizer,
            route: "sendMessage",
            request_id: "r=",
            body: "{}",
        };
        let event: ApiGatewayWebsocketProxyRequest =
            serde_json::from_value(message_event(&message)).unwrap();
        assert_eq!(event.body.as_deref(), Some("{}"));
        assert_eq!(event.request_context.route_key.as_deref(), Some("sendMessage"));
        assert_eq!(event.request_context.connected_at, 5);
        assert!(event.request_context.message_id.is_some());

        let event = disconnect_event(&connection, &authorizer, "r=", 1001, "Going away");
        let event: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event).unwrap();
        assert_eq!(event.request_context.disconnect_status_code, Some(1001));
        assert_eq!(event.request_context.disconnect_reason.as_deref(), Some("Going away"));
    }

    fn http(headers: &HeaderMap, body: &[u8]) -> ApiGatewayV2httpRequest {
        let event = http_event(&HttpCall {
            route: "POST /v1/sessions",
            parameters: &BTreeMap::from([("id".to_owned(), "s_1".to_owned())]),
            method: &Method::POST,
            uri: &Uri::from_static("/v1/sessions?a=1&a=2"),
            version: Version::HTTP_11,
            headers,
            source_ip: "127.0.0.1".to_owned(),
            request_id: "r=",
            body,
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn an_http_event_has_its_types_shape() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("cookie", "a=1; b=2".parse().unwrap());
        let event = http(&headers, b"{}");
        assert_eq!(event.request_context.http.method, Method::POST);
        assert_eq!(event.request_context.http.protocol.as_deref(), Some("HTTP/1.1"));
        assert_eq!(event.raw_query_string.as_deref(), Some("a=1&a=2"));
        assert_eq!(event.cookies.unwrap(), ["a=1", "b=2"]);
        assert_eq!(event.path_parameters["id"], "s_1");
        assert!(!event.headers.contains_key("cookie"));
        assert_eq!(event.body.as_deref(), Some("{}"));
        assert!(!event.is_base64_encoded);
    }

    #[test]
    fn the_peer_ends_the_list_of_addresses() {
        let mut headers = HeaderMap::new();
        assert_eq!(http(&headers, b"").headers["x-forwarded-for"], "127.0.0.1");
        headers.append("x-forwarded-for", "192.0.2.1, 192.0.2.2".parse().unwrap());
        headers.append("x-forwarded-for", "192.0.2.3".parse().unwrap());
        let expected = "192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1";
        assert_eq!(http(&headers, b"").headers["x-forwarded-for"], expected);
        let event = Opening { headers, ..opening() }.authorizer_event("r=");
        assert_eq!(event["headers"]["x-forwarded-for"], expected);
        assert_eq!(event["multiValueHeaders"]["x-forwarded-for"], json!([expected]));
    }

    #[test]
    fn a_body_that_is_no_text_comes_encoded() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/octet-stream".parse().unwrap());
        let event = http(&headers, b"\xff\x00");
        assert!(event.is_base64_encoded);
        assert_eq!(event.body.as_deref(), Some("/wA="));
    }
}
