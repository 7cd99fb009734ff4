//! Who hears a room: one row per room and socket.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use serde::{Deserialize, Serialize};

use crate::aws::Transacted;
use crate::clock::Timestamp;
use crate::connections::Connection;
use crate::frame::Caller;
use crate::rooms::RoomName;
use crate::settings::Reader;
use crate::{Error, aws};

/// How long a row can be of use: API Gateway ends every WebSocket after two hours ("Quotas for
/// configuring and running a WebSocket API"), and five minutes allow for clocks.
const LIFE: Duration = Duration::from_secs(2 * 3_600 + 5 * 60);

/// Rows in one transaction, beside its condition: a hundred items at the most (`TransactWriteItems`
/// reference).
pub const ROWS_MAX: usize = 99;

/// When the rows of a socket that connected then expire, in seconds since 1970.
#[must_use]
pub fn expires_at(connected_at: Timestamp) -> i64 {
    connected_at.plus(LIFE).seconds()
}

/// A socket that hears a room: a row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// The room.
    pub room: String,
    /// The socket.
    pub connection_id: String,
    /// Whose socket it is.
    pub user_id: String,
    /// That person's name when the socket connected.
    pub username: String,
    /// When it connected, in milliseconds since 1970.
    pub connected_at: i64,
    /// When it can no longer be there, in seconds since 1970. Never renewed.
    pub expires_at: i64,
}

impl Subscription {
    /// The subscription of a caller's socket to a room.
    #[must_use]
    pub fn new(room: &RoomName, caller: &Caller) -> Self {
        Self::of(room, &caller.connection_id, caller.connected_at, caller)
    }

    /// The subscription of another socket of a caller.
    #[must_use]
    pub fn of_other(room: &RoomName, socket: &Connection, caller: &Caller) -> Self {
        Self::of(room, &socket.connection_id, Timestamp(socket.connected_at), caller)
    }

    fn of(room: &RoomName, connection_id: &str, connected_at: Timestamp, caller: &Caller) -> Self {
        Self {
            room: room.to_string(),
            connection_id: connection_id.to_owned(),
            user_id: caller.identity.user_id.clone(),
            username: caller.identity.username.clone(),
            connected_at: connected_at.0,
            expires_at: expires_at(connected_at),
        }
    }
}

/// The `subscriptions` table: `room`, `connectionId`.
#[derive(Debug, Clone)]
pub struct Subscriptions {
    dynamodb: Client,
    table: String,
}

impl Subscriptions {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_SUBSCRIPTIONS") }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn put(&self, subscription: &Subscription) -> Result<(), Error> {
        aws::put(&self.dynamodb, &self.table, "subscriptions", subscription).await
    }

    /// Writes several rows, all or none, and only if a condition holds: what a socket may hear may be
    /// taken from it at the same moment. At most [`ROWS_MAX`].
    ///
    /// # Errors
    /// When the table does not answer, or stays contended.
    pub async fn put_if(
        &self,
        condition: TransactWriteItem,
        subscriptions: &[Subscription],
    ) -> Result<bool, Error> {
        let puts = subscriptions.iter().map(|subscription| {
            let item = serde_dynamo::to_item(subscription).map_err(Error::row("subscriptions"))?;
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .build()
                .map_err(|_| Error::Fault("a subscription could not be built"))?;
            Ok(TransactWriteItem::builder().put(put).build())
        });
        self.change_if(condition, puts.collect::<Result<_, Error>>()?).await
    }

    /// Deletes several rows, all or none, and only if a condition holds: a socket may begin to hear the
    /// room again at the same moment. At most [`ROWS_MAX`].
    ///
    /// # Errors
    /// When the table does not answer, or stays contended.
    pub async fn delete_if(
        &self,
        condition: TransactWriteItem,
        room: &RoomName,
        connection_ids: impl IntoIterator<Item = &str>,
    ) -> Result<bool, Error> {
        let deletes = connection_ids.into_iter().map(|connection_id| {
            let delete = Delete::builder()
                .table_name(&self.table)
                .set_key(Some(key(room.as_str(), connection_id)))
                .build()
                .map_err(|_| Error::Fault("a subscription could not be built"))?;
            Ok(TransactWriteItem::builder().delete(delete).build())
        });
        self.change_if(condition, deletes.collect::<Result<_, Error>>()?).await
    }

    async fn change_if(
        &self,
        condition: TransactWriteItem,
        mut changes: Vec<TransactWriteItem>,
    ) -> Result<bool, Error> {
        changes.insert(0, condition);
        let done = aws::transact(&self.dynamodb, "subscriptions", changes).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// Which of these rooms the socket hears.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn heard(
        &self,
        rooms: &[RoomName],
        connection_id: &str,
    ) -> Result<BTreeSet<RoomName>, Error> {
        let keys = rooms.iter().map(|room| key(room.as_str(), connection_id)).collect();
        let rows = aws::batch_get(&self.dynamodb, &self.table, "subscriptions", keys).await?;
        let room = |row: &HashMap<_, AttributeValue>| RoomName::read(row.get("room")?.as_s().ok()?);
        Ok(rows.iter().filter_map(room).collect())
    }

    /// Deletes a row, if it is there.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn delete(&self, room: &str, connection_id: &str) -> Result<(), Error> {
        self.dynamodb
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(room, connection_id)))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "subscriptions"))?;
        Ok(())
    }

    /// Every socket that hears the room now.
    ///
    /// Read consistently: whoever subscribed before a message was committed is in the answer, and
    /// whoever is not reads a head that has the message.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn of_room(&self, room: &RoomName) -> Result<Vec<Subscription>, Error> {
        let mut items = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("room = :room")
            .filter_expression("expiresAt > :now")
            .expression_attribute_values(":room", AttributeValue::S(room.to_string()))
            .expression_attribute_values(":now", aws::number(Timestamp::now().seconds()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut subscriptions = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(Error::service("Query", "subscriptions"))?;
            subscriptions.push(serde_dynamo::from_item(item).map_err(Error::row("subscriptions"))?);
        }
        Ok(subscriptions)
    }
}

fn key(room: &str, connection_id: &str) -> HashMap<String, AttributeValue> {
    aws::text_key([("room", room), ("connectionId", connection_id)])
}
