//! The HTTP API of people: sign-up, login, sessions, e-mail addresses, passwords, tickets, and the
//! keys that verify tokens.
//!
//! It alone hashes passwords and sends mail. The rows are those of `chat::accounts` and
//! `chat::sessions`, which other functions read too.

pub mod address;
mod devices;
mod emails;
mod hashing;
mod http;
mod jwks;
mod letters;
mod limits;
mod lockout;
mod log_in;
mod mail;
mod me;
mod passwords;
mod planted;
mod policy;
mod sessions;
mod sign_up;
mod signer;
mod strength;
mod tickets;

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_types::SdkConfig;
use chat::accounts::Accounts;
use chat::farewell::Farewell;
use chat::identity::{Keys, PublicKey, Tickets};
use chat::origin::Origins;
use chat::sessions::Sessions;
use chat::{Error, Settings, SettingsError};
use protocol::{ErrorCode, JwkSet};
use tokio::time::timeout;

use crate::devices::Devices;
use crate::hashing::Passwords;
use crate::http::Refusal;
use crate::limits::Limits;
use crate::lockout::Lockout;
use crate::mail::Mailer;
use crate::policy::Policy;
use crate::signer::Signer;

/// How long a call may take, so that it is answered before Lambda ends the function.
const PATIENCE: Duration = Duration::from_secs(18);

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    accounts: Accounts,
    sessions: Sessions,
    devices: Devices,
    farewell: Farewell,
    tickets: Tickets,
    passwords: Passwords,
    lockout: Lockout,
    limits: Limits,
    policy: Policy,
    mailer: Mailer,
    signer: Signer,
    keys: Keys,
    jwks: JwkSet,
    origins: Origins,
    cookie_secure: bool,
}

impl Ctx {
    /// Reads the tables' names, `PUSH_ENDPOINT`, `PUBLIC_KEYS`, `SIGNING_KEY_ID`, `ALLOWED_ORIGINS`,
    /// `COOKIE_SECURE` (on unless it says off, as where the page itself is not served by HTTPS), and
    /// what [`Policy`], [`Mailer`] and [`Limits`] read.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let accounts = Accounts::new(aws, &mut read);
        let sessions = Sessions::new(aws, &mut read);
        let devices = Devices::new(aws, &mut read);
        let farewell = Farewell::new(aws, &mut read);
        let tickets = Tickets::new(aws, &mut read);
        let limits = Limits::new(aws, &mut read);
        let lockout = Lockout::new(aws, &mut read);
        let mailer = Mailer::new(aws, &mut read, limits.clone());
        let policy = Policy::new(&mut read, mailer.is_on());
        let signer = Signer::new(aws, &mut read);
        let cookie_secure = read.switch("COOKIE_SECURE", true);
        let origins = read.parsed("ALLOWED_ORIGINS", Origins::parse);
        let keys = read.parsed("PUBLIC_KEYS", |setting| {
            let listed: Vec<PublicKey> = serde_json::from_str(setting)?;
            Ok::<_, chat::identity::KeyError>((Keys::parse(setting)?, jwks::of(&listed)?))
        });
        let (origins, (keys, jwks)) = read.finish_with(origins.zip(keys))?;
        Ok(Self {
            accounts,
            sessions,
            devices,
            farewell,
            tickets,
            passwords: Passwords::new(),
            lockout,
            limits,
            policy,
            mailer,
            signer,
            keys,
            jwks,
            origins,
            cookie_secure,
        })
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
    // Boxed: the calls are many, and each has many awaits of its own.
    let outcome = timeout(PATIENCE, Box::pin(route(ctx, event))).await;
    let outcome = outcome.unwrap_or_else(|_| {
        Err(Error::Unfinished("a call took longer than its function may").into())
    });
    Ok(outcome.unwrap_or_else(Refusal::into_response))
}

async fn route(
    ctx: &Ctx,
    event: ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    http::check_origin(ctx, &event)?;
    let event = &planted::sift(ctx, event).await?;
    match event.route_key.as_deref().unwrap_or_default() {
        "GET /v1/sign-up" => Ok(policy::answer(ctx)),
        "POST /v1/accounts" => sign_up::sign_up(ctx, event).await,
        "POST /v1/accounts/link" => sign_up::send_link(ctx, event).await,
        "GET /v1/emails" => emails::list(ctx, event).await,
        "POST /v1/emails" => emails::link(ctx, event).await,
        "POST /v1/emails/unlink" => emails::unlink(ctx, event).await,
        "POST /v1/emails/verify" => emails::verify(ctx, event).await,
        "POST /v1/password" => passwords::change(ctx, event).await,
        "POST /v1/password/forgot" => passwords::forgot(ctx, event).await,
        "POST /v1/password/reset" => passwords::reset(ctx, event).await,
        "POST /v1/sessions" => log_in::log_in(ctx, event).await,
        "GET /v1/sessions" => sessions::list(ctx, event).await,
        "DELETE /v1/sessions" => sessions::end_all(ctx, event).await,
        "POST /v1/sessions/refresh" => sessions::refresh(ctx, event).await,
        "DELETE /v1/sessions/current" => sessions::log_out(ctx, event).await,
        "DELETE /v1/sessions/{id}" => sessions::end(ctx, event).await,
        "POST /v1/tickets" => tickets::issue(ctx, event).await,
        "GET /v1/me" => me::me(ctx, event).await,
        "GET /.well-known/jwks.json" => Ok(jwks::answer(ctx)),
        _ => Err(Refusal::new(ErrorCode::NotFound, "There is no such resource.")),
    }
}
