//! A frame of a socket, as far as every function reads it.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use chat::frame;
use protocol::RequestId;
use serde_json::Value;

pub(crate) fn run(data: &[u8]) {
    let mut event = ApiGatewayWebsocketProxyRequest::default();
    event.body = Some(crate::text(data).to_owned());
    let Ok((id, fields)) = frame::open(&event) else { return };
    // A reply carries the id that the request had, or none if it had none.
    let id = match id {
        None => Value::Null,
        Some(RequestId::Text(id)) => id.into(),
        Some(RequestId::Number(id)) => id.into(),
    };
    assert_eq!(fields.get("id").unwrap_or(&Value::Null), &id);
}
