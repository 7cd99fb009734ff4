//! The HTTP API of people: sign-up, login, sessions, tickets, and the keys that verify tokens.
//!
//! It alone owns passwords and the rows of accounts. Mail, reset and rotation will stand beside
//! what is here, one file each.

mod http;
mod jwks;
mod me;
mod password;
mod sessions;
mod sign_up;
mod signer;
mod store;
mod tickets;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_types::SdkConfig;
use chat::identity::{Keys, PublicKey, Tickets};
use chat::{Error, Settings, SettingsError};
use protocol::{ErrorCode, JwkSet};

use crate::http::Refusal;
use crate::password::Passwords;
use crate::signer::Signer;
use crate::store::Store;

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    store: Store,
    tickets: Tickets,
    passwords: Passwords,
    signer: Signer,
    keys: Keys,
    jwks: JwkSet,
    cookie_secure: bool,
}

impl Ctx {
    /// Reads `TABLE_ACCOUNTS`, `PUBLIC_KEYS`, `SIGNING_KEY_ID` and `COOKIE_SECURE` (on unless it
    /// says off, as where the page itself is not served by HTTPS).
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let store = Store::new(aws, &mut read);
        let tickets = Tickets::new(aws, &mut read);
        let signer = Signer::new(aws, &mut read);
        let cookie_secure = read.switch("COOKIE_SECURE", true);
        let keys = read.parsed("PUBLIC_KEYS", |setting| {
            let listed: Vec<PublicKey> = serde_json::from_str(setting)?;
            Ok::<_, chat::identity::KeyError>((Keys::parse(setting)?, jwks::of(&listed)?))
        });
        read.finish()?;
        let (keys, jwks) = keys.unwrap_or_default();
        Ok(Self { store, tickets, passwords: Passwords::new(), signer, keys, jwks, cookie_secure })
    }
}

/// Handles one HTTP call.
///
/// # Errors
/// Never: a refusal is a problem document.
pub async fn handle(
    ctx: &Ctx,
    event: ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let outcome = match event.route_key.as_deref().unwrap_or_default() {
        "POST /v1/accounts" => sign_up::sign_up(ctx, &event).await,
        "POST /v1/sessions" => sessions::log_in(ctx, &event).await,
        "POST /v1/sessions/refresh" => sessions::refresh(ctx, &event).await,
        "DELETE /v1/sessions/current" => sessions::log_out(ctx, &event).await,
        "POST /v1/tickets" => tickets::issue(ctx, &event).await,
        "GET /v1/me" => me::me(ctx, &event),
        "GET /.well-known/jwks.json" => Ok(jwks::answer(ctx)),
        _ => Err(Refusal::new(ErrorCode::NotFound, "There is no such resource.")),
    };
    Ok(outcome.unwrap_or_else(|refusal| refusal.into_response()))
}
