//! From a message to its function, and back: the route selection expression `$request.body.action`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Gateway;
use super::events::{Incoming, message_event, new_request_id};
use crate::embedded::Connection;

/// The route of a message body, of those that there are; `$default` takes what names none.
///
/// `$connect` and its like are not for clients to name, and HTTP routes belong to the other API.
pub fn select(is_route: impl Fn(&str) -> bool, body: &str) -> String {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        action: Cow<'a, str>,
    }
    // serde would read a struct from an array too.
    let object = body.trim_start().starts_with('{');
    match serde_json::from_str::<Body<'_>>(body) {
        Ok(Body { action })
            if object && !action.starts_with('$') && !action.contains(' ') && is_route(&action) =>
        {
            action.into_owned()
        }
        _ => "$default".to_owned(),
    }
}

/// Handles one message. The answer, if there is one, goes back to the socket that asked.
pub(super) async fn message(
    gateway: &Gateway,
    connection: &Connection,
    authorizer: &Map<String, Value>,
    body: &str,
) {
    let functions = &gateway.functions;
    let route = select(|key| functions.of_route(key).is_some(), body);
    let request_id = new_request_id();
    let event = message_event(&Incoming {
        connection,
        authorizer,
        route: &route,
        request_id: &request_id,
        body,
    });
    let function = functions.of_route(&route).unwrap_or_default();
    let reply = match gateway.invoke(function, event).await {
        Ok(answer) => reply(&answer),
        Err(failure) => {
            tracing::error!(function, route, request_id, %failure, "invocation failed");
            let message = "Internal server error";
            let id = connection.id();
            let frame = json!({"message": message, "connectionId": id, "requestId": request_id});
            Some(frame.to_string())
        }
    };
    if let Some(reply) = reply
        && let Err(refused) = connection.send(reply.into())
    {
        // The client takes silence as an unknown outcome and asks again.
        tracing::debug!(route, request_id, ?refused, "a reply was not delivered");
    }
}

/// The route response: the body of a successful answer, unless it is empty.
fn reply(answer: &Value) -> Option<String> {
    if answer.get("statusCode")?.as_u64()? != 200 {
        return None;
    }
    let body = answer.get("body")?.as_str()?;
    (!body.is_empty()).then(|| body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_selects_the_route() {
        let routes = ["$connect", "$default", "hello", "sendMessage", "GET /ping"];
        let cases = [
            (r#"{"action":"sendMessage"}"#, "sendMessage"),
            (r#" { "content": {"a":[1]}, "action" : "hello" } "#, "hello"),
            (r#"{"action":"send\u004dessage"}"#, "sendMessage"),
            (r#"{"action":"unheard of"}"#, "$default"),
            (r#"{"action":7}"#, "$default"),
            (r#"{"action":"$connect"}"#, "$default"),
            (r#"{"action":"GET /ping"}"#, "$default"),
            (r#"["sendMessage"]"#, "$default"),
            ("{}", "$default"),
            ("", "$default"),
            ("not json", "$default"),
        ];
        for (body, route) in cases {
            assert_eq!(select(|key| routes.contains(&key), body), route, "{body}");
        }
    }

    #[test]
    fn only_a_successful_body_is_a_reply() {
        assert_eq!(reply(&json!({"statusCode": 200, "body": "x"})).as_deref(), Some("x"));
        assert_eq!(reply(&json!({"statusCode": 200, "body": ""})), None);
        assert_eq!(reply(&json!({"statusCode": 200})), None);
        assert_eq!(reply(&json!({"statusCode": 500, "body": "x"})), None);
    }
}
