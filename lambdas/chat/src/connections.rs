//! Who is connected: one row per socket, under its person.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::frame::Caller;
use crate::settings::Reader;
use crate::{Error, aws, subscriptions};

/// The `connections` table: `userId`, `connectionId`.
#[derive(Debug, Clone)]
pub struct Connections {
    dynamodb: Client,
    table: String,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    user_id: String,
    connection_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// Milliseconds since 1970.
    connected_at: i64,
    /// Seconds since 1970, for TTL.
    expires_at: i64,
}

impl Connections {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_CONNECTIONS") }
    }

    /// Writes the socket's row.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn put(&self, caller: &Caller) -> Result<(), Error> {
        let row = Row {
            user_id: caller.identity.user_id.clone(),
            connection_id: caller.connection_id.clone(),
            session_id: caller.identity.session_id.clone(),
            connected_at: caller.connected_at.0,
            expires_at: subscriptions::expires_at(caller.connected_at),
        };
        aws::put(&self.dynamodb, &self.table, "connections", &row).await
    }

    /// Deletes the socket's row.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn delete(&self, caller: &Caller) -> Result<(), Error> {
        self.dynamodb
            .delete_item()
            .table_name(&self.table)
            .key("userId", AttributeValue::S(caller.identity.user_id.clone()))
            .key("connectionId", AttributeValue::S(caller.connection_id.clone()))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "connections"))?;
        Ok(())
    }
}
