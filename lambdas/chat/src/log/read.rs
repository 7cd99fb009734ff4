use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::entry::{self, Entry, Item};
use crate::rooms::RoomName;
use crate::settings;
use crate::{Error, aws};

/// Reads the logs of rooms.
///
/// Every read is consistent: a client that subscribed first and reads the head after must not miss
/// what was committed between.
#[derive(Debug, Clone)]
pub struct Reader {
    dynamodb: Client,
    table: String,
}

impl Reader {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut settings::Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_MESSAGES") }
    }

    /// The room's highest number; 0 when its log is empty.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn head(&self, room: &RoomName) -> Result<u64, Error> {
        let query = self.query(room, "room = :room").scan_index_forward(false);
        let newest = collect(query.projection_expression("seq"), 1, entry::seq).await?;
        Ok(newest.first().copied().unwrap_or(0))
    }

    /// The newest entries, newest first; with `before`, those with a lower number.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn newest(
        &self,
        room: &RoomName,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let query = match before {
            None => self.query(room, "room = :room"),
            Some(before) => self
                .query(room, "room = :room AND seq < :before")
                .expression_attribute_values(":before", aws::number(before)),
        };
        collect(query.scan_index_forward(false), limit, entry::read).await
    }

    /// The entries with a higher number than `after`, oldest first.
    ///
    /// A query is no snapshot: the caller cuts what it returns at its first gap.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn after(
        &self,
        room: &RoomName,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let query = self
            .query(room, "room = :room AND seq > :after")
            .expression_attribute_values(":after", aws::number(after));
        collect(query, limit, entry::read).await
    }

    /// The entry with this number, as it is now.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn at(&self, room: &RoomName, seq: u64) -> Result<Option<Entry>, Error> {
        let query = self
            .query(room, "room = :room AND seq = :seq")
            .expression_attribute_values(":seq", aws::number(seq));
        Ok(collect(query, 1, entry::read).await?.into_iter().next())
    }

    fn query(&self, room: &RoomName, condition: &str) -> QueryFluentBuilder {
        self.dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression(condition)
            .expression_attribute_values(":room", AttributeValue::S(room.to_string()))
            .consistent_read(true)
    }
}

/// Takes up to `limit` rows, over as many of DynamoDB's 1 MB pages as that needs.
async fn collect<T>(
    query: QueryFluentBuilder,
    limit: usize,
    read: impl Fn(Item) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let page = i32::try_from(limit).unwrap_or(i32::MAX);
    let mut items = query.limit(page).into_paginator().items().send();
    let mut rows = Vec::new();
    while rows.len() < limit {
        let Some(item) = items.next().await else { break };
        rows.push(read(item.map_err(Error::service("Query", "messages"))?)?);
    }
    Ok(rows)
}
