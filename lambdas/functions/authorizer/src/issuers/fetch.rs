//! Fetches an issuer's key set, from the address in the setting and from nowhere else.

use std::time::Duration;

use chat::error::Chain;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use super::KeySet;

/// A whole fetch: a handshake waits for it.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The largest key set, in bytes.
const BYTES_MAX: usize = 256 * 1_024;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("no answer")]
    Http(#[from] reqwest::Error),
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("the answer has more than {BYTES_MAX} bytes")]
    TooLarge,
    #[error("the answer is no JSON Web Key Set")]
    Document(#[from] serde_json::Error),
}

/// An HTTP client that follows nobody's directions.
#[derive(Debug)]
pub(super) struct Fetcher(Client);

impl Fetcher {
    pub(super) fn new() -> Result<Self, reqwest::Error> {
        // A connection that rested for a quarter of an hour is of no use, least of all on Lambda.
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self(client))
    }

    /// The issuer's keys of now; the log says why there are none.
    pub(super) async fn keys(&self, namespace: &str, url: &Url) -> Option<KeySet> {
        match self.fetch(url).await {
            Ok(keys) => {
                tracing::info!(namespace, keys = ?keys, "An issuer's keys were fetched.");
                Some(keys)
            }
            Err(error) => {
                let error = Chain(&error);
                tracing::warn!(namespace, %error, "An issuer's keys could not be fetched.");
                None
            }
        }
    }

    async fn fetch(&self, url: &Url) -> Result<KeySet, FetchError> {
        let mut answer = self.0.get(url.clone()).send().await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if document.len() + chunk.len() > BYTES_MAX {
                return Err(FetchError::TooLarge);
            }
            document.extend_from_slice(&chunk);
        }
        Ok(KeySet::from_jwks(&document)?)
    }
}
