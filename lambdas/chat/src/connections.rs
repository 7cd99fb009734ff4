//! Who is connected: one row per socket, under its person.

use std::cmp::Ordering;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::frame::Caller;
use crate::settings::Reader;
use crate::{Error, aws, subscriptions};

/// The `connections` table: `userId`, `connectionId`.
#[derive(Debug, Clone)]
pub struct Connections {
    dynamodb: Client,
    table: String,
}

/// A socket: a row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Whose it is.
    pub user_id: String,
    /// The platform's name of it.
    pub connection_id: String,
    /// The session that it belongs to; none for somebody whom an outside issuer vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// When it connected, in milliseconds since 1970.
    pub connected_at: i64,
    /// When it can no longer be there, in seconds since 1970, for TTL.
    pub expires_at: i64,
}

impl Connection {
    /// Orders sockets by when they connected, the newest first.
    #[must_use]
    pub fn newest_first(&self, other: &Self) -> Ordering {
        (other.connected_at, &other.connection_id).cmp(&(self.connected_at, &self.connection_id))
    }
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
        let row = Connection {
            user_id: caller.identity.user_id.clone(),
            connection_id: caller.connection_id.clone(),
            session_id: caller.identity.session_id.clone(),
            connected_at: caller.connected_at.0,
            expires_at: subscriptions::expires_at(caller.connected_at),
        };
        aws::put(&self.dynamodb, &self.table, "connections", &row).await
    }

    /// The sockets of a person.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn of_user(&self, user_id: &str) -> Result<Vec<Connection>, Error> {
        let now = Timestamp::now().seconds();
        let mut connections = Vec::new();
        let mut pages = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("userId = :user")
            .expression_attribute_values(":user", AttributeValue::S(user_id.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(Error::service("Query", "connections"))?;
            for item in page.items.unwrap_or_default() {
                let row: Connection =
                    serde_dynamo::from_item(item).map_err(Error::row("connections"))?;
                if row.expires_at > now {
                    connections.push(row);
                }
            }
        }
        Ok(connections)
    }

    /// Deletes a socket's row.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn delete(&self, user_id: &str, connection_id: &str) -> Result<(), Error> {
        let key = [("userId", user_id), ("connectionId", connection_id)];
        self.dynamodb
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key)))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "connections"))?;
        Ok(())
    }
}
