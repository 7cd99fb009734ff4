//! `$default`: a frame whose `action` no route takes, or that is no JSON object at all.

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_types::SdkConfig;
use chat::{Error, Settings, SettingsError, frame};

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
    Ok(frame::refuse_action(&event))
}
