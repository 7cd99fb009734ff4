use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::{META, RoomName, Rooms, new_epoch, room_taken};
use crate::Error;
use crate::log::Along;

/// The partition of the rooms that anybody may join. It is no room's name.
const PUBLIC: &str = "#public";

/// A room that anybody may join: a row of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its name.
    #[serde(rename = "id")]
    pub room: String,
    /// What it is about; may be empty.
    #[serde(default)]
    pub topic: String,
    /// When it was made, RFC 3339 with milliseconds.
    pub created_at: String,
}

/// A room's own row.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    room: &'a str,
    id: &'a str,
    epoch: u64,
    topic: &'a str,
    created_at: &'a str,
    created_by: &'a str,
}

impl Rooms {
    /// The rows of a new public room, for the transaction that begins its log.
    ///
    /// # Errors
    /// When a row could not be built: never.
    pub fn creates(
        &self,
        room: &RoomName,
        topic: &str,
        created_at: &str,
        created_by: &str,
    ) -> Result<[Along; 2], Error> {
        let room = room.as_str();
        let meta = Meta { room, id: META, epoch: new_epoch(), topic, created_at, created_by };
        let listed = Listed {
            room: room.to_owned(),
            topic: topic.to_owned(),
            created_at: created_at.to_owned(),
        };
        let row = |row: Result<_, serde_dynamo::Error>| row.map_err(Error::row("rooms"));
        let meta = Put::builder().set_item(Some(row(serde_dynamo::to_item(meta))?));
        let listed = Put::builder()
            .set_item(Some(row(serde_dynamo::to_item(listed))?))
            .item("room", AttributeValue::S(PUBLIC.to_owned()));
        let along = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            let put = put
                .table_name(&self.table)
                .condition_expression("attribute_not_exists(room)")
                .build()
                .map_err(|_| Error::Fault("a room could not be built"))?;
            let item = TransactWriteItem::builder().put(put).build();
            Ok(Along::new(item, |_| room_taken()))
        };
        Ok([along(meta)?, along(listed)?])
    }

    /// The public rooms whose name comes after one, by name.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Listed>, Error> {
        let query = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .expression_attribute_values(":public", AttributeValue::S(PUBLIC.to_owned()))
            .consistent_read(true);
        let query = match after {
            None => query.key_condition_expression("room = :public"),
            Some(after) => query
                .key_condition_expression("room = :public AND id > :after")
                .expression_attribute_values(":after", AttributeValue::S(after.to_owned())),
        };
        let page = i32::try_from(limit).unwrap_or(i32::MAX);
        let mut items = query.limit(page).into_paginator().items().send();
        let mut rooms = Vec::new();
        while rooms.len() < limit {
            let Some(item) = items.next().await else { break };
            let item = item.map_err(Error::service("Query", "rooms"))?;
            rooms.push(serde_dynamo::from_item(item).map_err(Error::row("rooms"))?);
        }
        Ok(rooms)
    }
}
