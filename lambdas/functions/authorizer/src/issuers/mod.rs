//! Other issuers whose tokens open a socket: a web app that people have logged in to already.
//!
//! `iss` chooses the configuration, and that configuration's keys alone decide. Nothing that a token
//! brings is fetched, and nothing but its subject, its name and its times is taken from it.

mod cached;
mod config;
mod fetch;
mod jwks;
mod keys;
mod person;
mod secret;
mod token;

use std::fmt;
use std::sync::Arc;

use aws_types::SdkConfig;
use chat::clock::Timestamp;
use chat::error::Chain;
use chat::identity::Identity;
use jsonwebtoken::dangerous::insecure_decode_claims;
use serde::Deserialize;

use cached::Cached;
pub use config::{ConfigError, Source, Trusted, parse};
use fetch::Fetcher;
pub use keys::KeySet;
use secret::Secrets;
pub use token::Refused;

/// Every issuer of the setting `TRUSTED_ISSUERS`, with its keys as far as they are here.
#[derive(Debug, Default)]
pub struct Issuers {
    all: Vec<Issuer>,
    fetcher: Option<Fetcher>,
    secrets: Secrets,
}

/// One of them.
pub struct Issuer {
    trusted: Trusted,
    keys: Cached<KeySet>,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trusted.fmt(f)
    }
}

/// The one claim that is read before the signature.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

impl Issuers {
    /// Prepares to ask for their keys; none is asked for yet.
    ///
    /// # Errors
    /// When this machine has no roots of trust for HTTPS.
    pub fn new(trusted: Vec<Trusted>, aws: &SdkConfig) -> Result<Self, reqwest::Error> {
        let fetches = trusted.iter().any(|trusted| matches!(trusted.source, Source::Jwks(_)));
        let fetcher = fetches.then(Fetcher::new).transpose()?;
        let issuer = |trusted| Issuer { trusted, keys: Cached::default() };
        Ok(Self {
            secrets: Secrets::new(&trusted, aws),
            all: trusted.into_iter().map(issuer).collect(),
            fetcher,
        })
    }

    /// The issuer that a token claims to be of, if it is one of these.
    #[must_use]
    pub fn of(&self, token: &str) -> Option<&Issuer> {
        if self.all.is_empty() || token.len() > token::BYTES_MAX {
            return None;
        }
        let claimed: Unverified = insecure_decode_claims(token).ok()?;
        self.all.iter().find(|issuer| issuer.trusted.issuer == claimed.iss)
    }

    /// Whose token it is, if it is good.
    ///
    /// That keys cannot be had is a refusal too, and not an error: nobody has shown anything yet, and
    /// what anybody can cause must not wake somebody.
    pub async fn identify(&self, issuer: &Issuer, token: &str, now: Timestamp) -> Option<Identity> {
        let checked = match self.keys(issuer, token, now).await {
            Ok(Some(keys)) => check(token, &keys, &issuer.trusted, now),
            Ok(None) => return None,
            Err(refused) => Err(refused),
        };
        checked
            .inspect_err(|refused| {
                let namespace = &issuer.trusted.namespace;
                tracing::info!(namespace, reason = %Chain(refused), "An outside token was refused.");
            })
            .ok()
    }

    async fn keys(
        &self,
        issuer: &Issuer,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<KeySet>>, Refused> {
        let header = token::header(token)?;
        let Issuer { trusted, keys } = issuer;
        Ok(match &trusted.source {
            Source::Pinned(pinned) => Some(Arc::clone(pinned)),
            Source::Jwks(url) => {
                let known = |keys: &KeySet| keys.knows(header.kid.as_deref());
                let bring = async || self.fetcher.as_ref()?.keys(&trusted.namespace, url).await;
                keys.get(now, known, bring).await
            }
            Source::Parameter(_) | Source::File(_) => {
                keys.get(now, |_| true, async || self.secrets.keys(trusted).await).await
            }
        })
    }
}

/// Decides by these keys whose token it is.
///
/// # Errors
/// When anything about it is not as the configuration says.
pub fn check(
    token: &str,
    keys: &KeySet,
    trusted: &Trusted,
    now: Timestamp,
) -> Result<Identity, Refused> {
    let claims = token::verify(token, keys, trusted, now.seconds())?;
    person::of(trusted, &claims)
}
