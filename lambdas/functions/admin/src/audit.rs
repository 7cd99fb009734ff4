//! Who asked for what, and what became of it: rows of kind `audit`, which nothing deletes.

use aws_sdk_dynamodb::Client;
use chat::clock::Timestamp;
use chat::settings::Reader;
use chat::{Error, aws, id};
use protocol::{AdminCommand, AdminDone, AdminRequest};
use serde::Serialize;

/// The longest claim of who asks, in bytes.
const ACTOR_BYTES: usize = 256;

/// A record.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    kind: &'static str,
    /// When it was asked for, so that records are in order, and something of its own.
    id: String,
    /// Who asked, as their command line says.
    actor: String,
    command: &'static str,
    /// Whom it was about, as it was asked; an address is not kept.
    target: String,
    /// `asked`, `done`, or the code of the refusal.
    outcome: String,
    /// Whom it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

/// The records in the `accounts` table.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    dynamodb: Client,
    table: String,
}

impl Audit {
    pub(crate) fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ACCOUNTS") }
    }

    /// Records that something was asked for. What cannot be recorded is not done.
    pub(crate) async fn begin(&self, request: &AdminRequest) -> Result<Record, Error> {
        let end = request.actor.floor_char_boundary(ACTOR_BYTES);
        let record = Record {
            kind: "audit",
            id: format!("{}/{}", Timestamp::now().rfc3339(), id::random("a")?),
            actor: request.actor.get(..end).unwrap_or_default().to_owned(),
            command: request.command.name(),
            target: target(&request.command),
            outcome: "asked".to_owned(),
            user_id: None,
        };
        self.put(&record).await?;
        Ok(record)
    }

    /// Records what became of it.
    pub(crate) async fn end(
        &self,
        record: &Record,
        outcome: &Result<AdminDone, Error>,
    ) -> Result<(), Error> {
        let (outcome, user_id) = match outcome {
            Ok(done) => ("done".to_owned(), Some(done.user.user_id.clone())),
            Err(error) => (format!("{:?}", error.body().code), None),
        };
        self.put(&Record { outcome, user_id, ..record.clone() }).await
    }

    async fn put(&self, record: &Record) -> Result<(), Error> {
        tracing::info!(
            actor = record.actor,
            command = record.command,
            user_id = record.user_id,
            outcome = record.outcome,
            "An administrator's command."
        );
        aws::put(&self.dynamodb, &self.table, "accounts", record).await
    }
}

fn target(command: &AdminCommand) -> String {
    let target = match command {
        AdminCommand::CreateUser { username, .. } => username,
        AdminCommand::NewLink { user }
        | AdminCommand::Show { user }
        | AdminCommand::SetRole { user, .. }
        | AdminCommand::Disable { user }
        | AdminCommand::Enable { user }
        | AdminCommand::EndSessions { user }
        | AdminCommand::Erase { user } => user,
    };
    if target.contains('@') {
        "an e-mail address".to_owned()
    } else {
        target.chars().take(64).collect()
    }
}
