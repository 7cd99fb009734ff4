//! `GET /ping`: whether the HTTP API answers.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::HeaderValue;
use aws_lambda_events::http::header::CONTENT_TYPE;
use aws_types::SdkConfig;
use chat::{Error, Settings, SettingsError};

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

/// Answers `PONG!`.
///
/// # Errors
/// Never.
pub async fn handle(
    _ctx: &Ctx,
    _event: ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = 200;
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.body = Some(Body::Text("PONG!".to_owned()));
    Ok(response)
}
