//! What the `main` of every function is made of: the runtime's loop around its `handle`.

use aws_config::BehaviorVersion;
use aws_types::SdkConfig;
use lambda_runtime::tracing::init_default_subscriber;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};

use crate::{Error, Settings, SettingsError};

/// Builds the function's context once and hands it every event, until the platform ends the
/// process.
///
/// # Errors
/// When the settings are wrong, or the runtime's own interface fails.
pub async fn run<Ctx, Event, Response, Handle>(
    build: impl FnOnce(&SdkConfig, &Settings) -> Result<Ctx, SettingsError>,
    handle: Handle,
) -> Result<(), lambda_runtime::Error>
where
    Event: for<'de> Deserialize<'de>,
    Response: Serialize,
    Handle: AsyncFn(&Ctx, Event) -> Result<Response, Error>,
{
    init_default_subscriber();
    let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let ctx = build(&aws, &Settings::from_process())?;
    let (ctx, handle) = (&ctx, &handle);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Event>| {
        // Boxed, or the compiler's limit on nested futures would be met: the runtime adds its own.
        Box::pin(handle(ctx, event.payload)).await
    }))
    .await
}
