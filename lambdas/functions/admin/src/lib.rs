//! What `parley admin` asks for, by Lambda's Invoke: IAM says who may. On a laptop: whoever may open
//! a socket file in its data directory.

mod audit;
mod commands;
mod erase;
mod people;

use aws_types::SdkConfig;
use chat::accounts::Accounts;
use chat::farewell::Farewell;
use chat::log::Eraser;
use chat::memberships::Memberships;
use chat::site::Site;
use chat::{Error, Settings, SettingsError};
use protocol::{AdminAnswer, AdminRequest};

use crate::audit::Audit;

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    accounts: Accounts,
    farewell: Farewell,
    eraser: Eraser,
    memberships: Memberships,
    audit: Audit,
    site: Site,
}

impl Ctx {
    /// Reads the tables' names, `PUSH_ENDPOINT` and `SITE_URL`.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let ctx = Self {
            accounts: Accounts::new(aws, &mut read),
            farewell: Farewell::new(aws, &mut read),
            eraser: Eraser::new(aws, &mut read),
            memberships: Memberships::new(aws, &mut read),
            audit: Audit::new(aws, &mut read),
            site: Site::new(&mut read),
        };
        read.finish()?;
        Ok(ctx)
    }
}

/// Carries out one command, and keeps a record of it: first that it was asked for, then what became of
/// it.
///
/// # Errors
/// Never: a refusal is an answer.
pub async fn handle(ctx: &Ctx, request: AdminRequest) -> Result<AdminAnswer, Error> {
    let outcome = async {
        let record = ctx.audit.begin(&request).await?;
        let outcome = commands::carry_out(ctx, request.command).await;
        ctx.audit.end(&record, &outcome).await?;
        outcome
    };
    Ok(match outcome.await {
        Ok(done) => AdminAnswer::Done(done),
        Err(error) => {
            error.log();
            AdminAnswer::Refused { error: error.body() }
        }
    })
}
