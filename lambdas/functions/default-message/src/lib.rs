//! `$default`: a frame whose `action` no route takes, or that is no JSON object at all.

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::{Error, Settings, SettingsError, frame};
use protocol::ErrorCode;
use serde_json::Value;

/// What the function keeps between events: nothing.
#[derive(Debug)]
pub struct Ctx;

impl Ctx {
    /// Takes what every function takes.
    ///
    /// # Errors
    /// Never.
    pub fn new(_aws: &SdkConfig, _settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

/// Refuses the frame.
///
/// # Errors
/// Never: the refusal is the reply.
pub async fn handle(
    _ctx: &Ctx,
    event: ApiGatewayWebsocketProxyRequest,
) -> Result<ApiGatewayProxyResponse, Error> {
    Ok(match frame::open(&event) {
        Err(error) => frame::refuse(None, &error),
        Ok((id, fields)) => frame::refuse(id, &refusal(fields.get("action"))),
    })
}

fn refusal(action: Option<&Value>) -> Error {
    match action {
        Some(Value::String(_)) => {
            Error::refused(ErrorCode::UnknownAction, "action: there is no such action")
        }
        Some(_) => Error::refused(ErrorCode::BadRequest, "action: a string is expected"),
        None => Error::refused(ErrorCode::BadRequest, "missing field `action`"),
    }
}
