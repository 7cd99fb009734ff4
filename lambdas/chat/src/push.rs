//! The client of `@connections`: posts to sockets, and ends them.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;

use crate::settings::Reader;

/// Reads `PUSH_ENDPOINT`. Each call is one try of `attempt` at the most: the SDK's own retry begins
/// after a second and shares one budget among all sockets; whoever calls retries sooner, and one
/// socket's trouble is not another's.
pub(crate) fn client(
    aws: &aws_types::SdkConfig,
    settings: &mut Reader<'_>,
    attempt: Duration,
) -> Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(attempt).build();
    let config = aws_sdk_apigatewaymanagement::config::Builder::from(aws)
        .endpoint_url(settings.required("PUSH_ENDPOINT"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}
