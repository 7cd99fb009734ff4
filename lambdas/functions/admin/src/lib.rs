//! What `parley admin` asks for, by Lambda's Invoke: IAM says who may.

use aws_types::SdkConfig;
use chat::{Error, Settings, SettingsError};
use protocol::{AdminAnswer, AdminRequest, ErrorBody, ErrorCode};

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx;

impl Ctx {
    /// Takes what every function takes.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(_aws: &SdkConfig, _settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

/// Carries out one command.
///
/// # Errors
/// Never: a refusal is an answer.
pub async fn handle(_ctx: &Ctx, _request: AdminRequest) -> Result<AdminAnswer, Error> {
    Ok(AdminAnswer::Refused { error: ErrorBody::new(ErrorCode::Internal, "not yet") })
}
