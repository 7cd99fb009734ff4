//! Secrets that an issuer shares with this chat: from SSM on AWS, from a file elsewhere.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use aws_types::SdkConfig;
use chat::error::Chain;

use super::keys::SECRET_MIN;
use super::{KeySet, Source, Trusted};

/// No secret is longer, in bytes; a parameter of SSM is not either.
const BYTES_MAX: u64 = 8 * 1_024;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
enum SecretError {
    #[error("it cannot be read")]
    File(#[from] io::Error),
    #[cfg(feature = "lambda")]
    #[error("GetParameter failed")]
    Parameter(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[cfg(feature = "lambda")]
    #[error("it is not a SecureString")]
    NotSecret,
    #[error("it has fewer than {SECRET_MIN} bytes")]
    Short,
    #[error("no secret is configured")]
    None,
}

/// Where secrets are read.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    #[cfg(feature = "lambda")]
    ssm: Option<aws_sdk_ssm::Client>,
}

impl Secrets {
    #[cfg(feature = "lambda")]
    pub(super) fn new(trusted: &[Trusted], aws: &SdkConfig) -> Self {
        let asks = trusted.iter().any(|trusted| matches!(trusted.source, Source::Parameter(_)));
        let config = || {
            aws_sdk_ssm::config::Builder::from(aws)
                .timeout_config(chat::aws::timeouts())
                .retry_config(chat::aws::retries())
                .build()
        };
        Self { ssm: asks.then(|| aws_sdk_ssm::Client::from_conf(config())) }
    }

    #[cfg(not(feature = "lambda"))]
    pub(super) fn new(_: &[Trusted], _: &SdkConfig) -> Self {
        Self {}
    }

    /// The secret of an issuer; the log names the place where there is none.
    pub(super) async fn keys(&self, trusted: &Trusted) -> Option<KeySet> {
        match self.read(&trusted.source).await {
            Ok(keys) => Some(keys),
            Err(error) => {
                let namespace = &trusted.namespace;
                let (source, error) = (&trusted.source, Chain(&error));
                tracing::error!(namespace, ?source, %error, "An issuer's secret cannot be used.");
                None
            }
        }
    }

    async fn read(&self, source: &Source) -> Result<KeySet, SecretError> {
        match source {
            Source::File(path) => of(&file(path)?),
            #[cfg(feature = "lambda")]
            Source::Parameter(name) => of(self.parameter(name).await?.as_bytes()),
            _ => Err(SecretError::None),
        }
    }

    #[cfg(feature = "lambda")]
    async fn parameter(&self, name: &str) -> Result<String, SecretError> {
        let ssm = self.ssm.as_ref().ok_or(SecretError::None)?;
        let found = ssm.get_parameter().name(name).with_decryption(true).send().await;
        let found = found.map_err(|error| SecretError::Parameter(error.into()))?;
        let parameter = found.parameter.ok_or(SecretError::None)?;
        if parameter.r#type != Some(aws_sdk_ssm::types::ParameterType::SecureString) {
            return Err(SecretError::NotSecret);
        }
        parameter.value.ok_or(SecretError::None)
    }
}

fn of(secret: &[u8]) -> Result<KeySet, SecretError> {
    KeySet::from_secret(secret).ok_or(SecretError::Short)
}

fn file(path: &Path) -> io::Result<Vec<u8>> {
    let mut secret = Vec::new();
    File::open(path)?.take(BYTES_MAX).read_to_end(&mut secret)?;
    Ok(secret)
}
