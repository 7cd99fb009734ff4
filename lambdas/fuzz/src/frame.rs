//! A frame of a socket: its `id`, and its fields as each action reads them.

use std::future::ready;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_lambda_events::encodings::Body;
use chat::frame::{self, Answer, Caller};
use futures_util::FutureExt as _;
use protocol::{
    CreateRoom, DeleteMessage, EditMessage, ErrorCode, GetRecentMessages, Hello, JoinRoom,
    LeaveRoom, ListRooms, Ping, Refusal, Reply, RequestId, SendMessage, limits,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

pub(crate) fn run(data: &[u8]) {
    let event = event(crate::text(data));
    let opened = frame::open(&event).ok();
    if let Some((id, fields)) = &opened {
        // A reply carries the id that the request had, or none if it had none.
        let id = serde_json::to_value(id).unwrap();
        assert_eq!(fields.get("id").unwrap_or(&Value::Null), &id);
    }
    read::<Hello>(&event, opened.as_ref());
    read::<Ping>(&event, opened.as_ref());
    read::<SendMessage>(&event, opened.as_ref());
    read::<EditMessage>(&event, opened.as_ref());
    read::<DeleteMessage>(&event, opened.as_ref());
    read::<GetRecentMessages>(&event, opened.as_ref());
    read::<CreateRoom>(&event, opened.as_ref());
    read::<JoinRoom>(&event, opened.as_ref());
    read::<LeaveRoom>(&event, opened.as_ref());
    read::<ListRooms>(&event, opened.as_ref());
    refused(&frame::refuse_action(&event), opened.as_ref());
}

type Opened<'a> = Option<&'a (Option<RequestId>, Map<String, Value>)>;

fn event(body: &str) -> ApiGatewayWebsocketProxyRequest {
    serde_json::from_value(json!({
        "requestContext": {
            "connectedAt": 1, "requestTimeEpoch": 2, "connectionId": "c=",
            "authorizer": { "userId": "u_1", "username": "ada" },
        },
        "body": body,
    }))
    .expect("an event")
}

/// A frame as one action reads it: answered once, and nothing is read that the frame does not say.
fn read<Request: DeserializeOwned + Serialize>(
    event: &ApiGatewayWebsocketProxyRequest,
    opened: Opened<'_>,
) {
    let act = |_: Caller, request: Request| {
        ready(Ok(Answer::Always(serde_json::to_value(request).expect("a request that is written"))))
    };
    let response = frame::answer(event, act).now_or_never().expect("nothing to wait for");
    let reply: Value = serde_json::from_str(&text(&response)).expect("JSON");
    if reply["ok"] == false {
        return refused(&response, opened);
    }
    let (id, said) = opened.expect("a frame that was read");
    let Reply { reply, body: Value::Object(read), .. } = serde_json::from_value(reply).unwrap()
    else {
        panic!("a request that is no object");
    };
    assert_eq!(&reply, id);
    for (name, value) in read {
        // What is absent is read as what stands for it.
        let said = said.get(&name).filter(|said| !said.is_null()).cloned();
        assert_eq!(said.unwrap_or_else(|| json!({})), value, "{name}");
    }
}

/// A refusal goes to the request that it is about, and fits its frame.
fn refused(response: &ApiGatewayProxyResponse, opened: Opened<'_>) {
    let text = text(response);
    assert!(text.len() <= limits::FRAME_BYTES, "{} bytes", text.len());
    let Refusal { reply, ok, error } = serde_json::from_str(&text).expect("a refusal");
    assert_eq!((reply.as_ref(), ok), (opened.and_then(|(id, _)| id.as_ref()), false));
    let codes = [ErrorCode::BadRequest, ErrorCode::TooLarge, ErrorCode::UnknownAction];
    assert!(codes.contains(&error.code), "{error:?}");
}

fn text(response: &ApiGatewayProxyResponse) -> String {
    assert_eq!(response.status_code, 200);
    match &response.body {
        Some(Body::Text(text)) => text.clone(),
        other => panic!("no text: {other:?}"),
    }
}
