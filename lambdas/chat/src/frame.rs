//! A frame on its way through a function: who sent it, what it asks, and the reply.

use std::future::Future;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_lambda_events::encodings::Body;
use protocol::{ErrorCode, Refusal, Reply, RequestId, limits};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::{Error, id};

/// The longest `id`: it comes back in the reply, which has to fit its frame.
const ID_BYTES: usize = 128;
/// The longest name of a place that a refusal repeats: a room's name in a `ping` is the client's own.
const PLACE_BYTES: usize = 128;

/// Who sent an event, as the platform and the authorizer say; nothing of it is from the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The socket.
    pub connection_id: String,
    /// When it connected.
    pub connected_at: Timestamp,
    /// The person.
    pub identity: Identity,
}

impl Caller {
    /// Reads the caller from an event's request context.
    ///
    /// # Errors
    /// When the context lacks what API Gateway and the authorizer always put there.
    pub fn from_event(event: &ApiGatewayWebsocketProxyRequest) -> Result<Self, Error> {
        let context = &event.request_context;
        Ok(Self {
            connection_id: context.connection_id.clone().ok_or(Error::Event("connection id"))?,
            connected_at: Timestamp(context.connected_at),
            identity: Identity::from_context(&context.authorizer.fields)?,
        })
    }
}

/// What a successful request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// Always.
    Always(T),
    /// Only when the request had an `id`: the tutorial's page expects no frame here.
    IfAsked(T),
}

/// Reads the frame, lets `act` decide, and makes the reply. The status is always 200: what the
/// platform would make of another one, a client could not match to its request.
pub async fn answer<Request, Response, Act>(
    event: &ApiGatewayWebsocketProxyRequest,
    act: impl FnOnce(Caller, Request) -> Act,
) -> ApiGatewayProxyResponse
where
    Request: DeserializeOwned,
    Response: Serialize,
    Act: Future<Output = Result<Answer<Response>, Error>>,
{
    let (id, outcome) = match open(event) {
        Ok((id, fields)) => {
            let outcome = match read(event, fields) {
                Ok((caller, request)) => act(caller, request).await,
                Err(error) => Err(error),
            };
            (id, outcome)
        }
        Err(error) => (None, Err(error)),
    };
    match outcome {
        Ok(Answer::IfAsked(_)) if id.is_none() => status(200),
        Ok(Answer::Always(body) | Answer::IfAsked(body)) => reply(&Reply::new(id, body)),
        Err(error) => refuse(id, &error),
    }
}

/// Reads a request's `clientId`, or makes one.
///
/// # Errors
/// `bad_request` for one that is none.
pub fn client_id(given: Option<String>) -> Result<String, Error> {
    let Some(given) = given else { return id::random("s") };
    let printable = given.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if given.is_empty() || given.len() > limits::CLIENT_ID_MAX || !printable {
        return Err(Error::refused(
            ErrorCode::BadRequest,
            format!("clientId: 1 to {} printable ASCII characters", limits::CLIENT_ID_MAX),
        ));
    }
    Ok(given)
}

/// The reply to a frame that is refused whatever it asks.
#[must_use]
pub fn refuse(id: Option<RequestId>, error: &Error) -> ApiGatewayProxyResponse {
    error.log();
    reply(&Refusal::new(id, error.body()))
}

/// The reply to a frame whose `action` no route takes, or that is no JSON object at all.
#[must_use]
pub fn refuse_action(event: &ApiGatewayWebsocketProxyRequest) -> ApiGatewayProxyResponse {
    let (id, fields) = match open(event) {
        Ok(opened) => opened,
        Err(error) => return refuse(None, &error),
    };
    let refusal = match fields.get("action") {
        Some(Value::String(_)) => {
            Error::refused(ErrorCode::UnknownAction, "action: there is no such action")
        }
        Some(_) => Error::refused(ErrorCode::BadRequest, "action: a string is expected"),
        None => Error::refused(ErrorCode::BadRequest, "missing field `action`"),
    };
    refuse(id, &refusal)
}

/// A response without a frame, as `$connect` and `$disconnect` answer.
#[must_use]
pub fn status(code: i64) -> ApiGatewayProxyResponse {
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = code;
    response
}

/// Reads a frame as far as its `id`.
///
/// # Errors
/// `bad_request` or `too_large`.
pub fn open(
    event: &ApiGatewayWebsocketProxyRequest,
) -> Result<(Option<RequestId>, Map<String, Value>), Error> {
    let body = event.body.as_deref().unwrap_or_default();
    if body.len() > limits::FRAME_BYTES {
        return Err(Error::refused(
            ErrorCode::TooLarge,
            format!("a frame has at most {} bytes", limits::FRAME_BYTES),
        ));
    }
    let Ok(Value::Object(fields)) = serde_json::from_str(body) else {
        return Err(Error::refused(ErrorCode::BadRequest, "a frame is one JSON object"));
    };
    let id = match fields.get("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if id.len() <= ID_BYTES => Some(RequestId::Text(id.clone())),
        Some(Value::Number(id)) if id.is_i64() => id.as_i64().map(RequestId::Number),
        Some(_) => {
            return Err(Error::refused(
                ErrorCode::BadRequest,
                format!("id: a string of at most {ID_BYTES} bytes or a whole number is expected"),
            ));
        }
    };
    Ok((id, fields))
}

fn read<Request: DeserializeOwned>(
    event: &ApiGatewayWebsocketProxyRequest,
    fields: Map<String, Value>,
) -> Result<(Caller, Request), Error> {
    let caller = Caller::from_event(event)?;
    let request = serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let path = error.path().to_string();
        // The whole object's own complaint (a missing field) has the path ".".
        let place = match path.as_str() {
            "." => String::new(),
            path if path.len() > PLACE_BYTES => String::new(),
            path => format!("{path}: "),
        };
        Error::refused(ErrorCode::BadRequest, format!("{place}{}", expectation(error.inner())))
    })?;
    Ok((caller, request))
}

/// serde's complaint without the value it met, which may be a message's text.
fn expectation(error: &serde_json::Error) -> String {
    let complaint = error.to_string();
    match complaint.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{expected} is expected"),
        None => complaint,
    }
}

fn reply(frame: &impl Serialize) -> ApiGatewayProxyResponse {
    let Ok(text) = serde_json::to_string(frame) else {
        Error::Fault("a reply could not be written").log();
        return status(500);
    };
    let mut response = status(200);
    response.body = Some(Body::Text(text));
    response
}

#[cfg(test)]
mod tests {
    use protocol::SendMessage;
    use serde_json::json;

    use super::*;

    fn event(body: &str) -> ApiGatewayWebsocketProxyRequest {
        serde_json::from_value(json!({
            "requestContext": {
                "connectedAt": 1, "requestTimeEpoch": 2, "connectionId": "c=",
                "authorizer": { "userId": "u_1", "username": "ada" },
            },
            "body": body,
        }))
        .unwrap()
    }

    async fn frame_of(body: &str) -> Value {
        let response = answer(&event(body), async |caller: Caller, request: SendMessage| {
            Ok(Answer::IfAsked(json!({ "by": caller.identity.user_id, "said": request.content })))
        })
        .await;
        assert_eq!(response.status_code, 200);
        match response.body {
            Some(Body::Text(text)) => serde_json::from_str(&text).unwrap(),
            _ => Value::Null,
        }
    }

    #[tokio::test]
    async fn the_id_comes_back_as_it_was() {
        let reply = frame_of(r#"{"id":7,"content":"hi"}"#).await;
        assert_eq!(reply, json!({ "reply": 7, "ok": true, "by": "u_1", "said": "hi" }));
        assert_eq!(frame_of(r#"{"id":"7","content":"hi"}"#).await["reply"], "7");
    }

    #[tokio::test]
    async fn without_an_id_only_a_refusal_is_answered() {
        assert_eq!(frame_of(r#"{"content":"hi"}"#).await, Value::Null);
        let refusal = frame_of("{}").await;
        assert_eq!(refusal["reply"], Value::Null);
        assert_eq!(refusal["error"]["message"], "missing field `content`");
    }

    #[tokio::test]
    async fn a_wrong_field_is_named_and_its_value_is_not_repeated() {
        for (body, message) in [
            ("secret", "a frame is one JSON object"),
            ("[1]", "a frame is one JSON object"),
            (r#"{"id":1.5}"#, "id: a string of at most 128 bytes or a whole number is expected"),
            (r#"{"id":{}}"#, "id: a string of at most 128 bytes or a whole number is expected"),
            (r#"{"content":5}"#, "content: a string is expected"),
            (r#"{"content":["secret"]}"#, "content: a string is expected"),
            (r#"{"content":"x","room":7}"#, "room: a string is expected"),
        ] {
            let refusal = frame_of(body).await;
            assert_eq!(refusal["error"]["code"], "bad_request", "{body}");
            assert_eq!(refusal["error"]["message"], message, "{body}");
        }
    }

    #[tokio::test]
    async fn a_frame_over_the_limit_is_too_large() {
        let body = format!(r#"{{"content":"{}"}}"#, "x".repeat(limits::FRAME_BYTES));
        assert_eq!(frame_of(&body).await["error"]["code"], "too_large");
    }
}
