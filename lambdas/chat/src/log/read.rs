use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use protocol::Change;

use super::entry::{self, Entry, Item, State};
use super::plan::key;
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

    /// The room's lowest number that is still there; 0 when its log is empty.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn floor(&self, room: &RoomName) -> Result<u64, Error> {
        let query = self.query(room, "room = :room");
        let oldest = collect(query.projection_expression("seq"), 1, entry::seq).await?;
        Ok(oldest.first().copied().unwrap_or(0))
    }

    /// The newest entries, newest first, until so many messages are among them; with `before`, those
    /// with a lower number.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn newest(
        &self,
        room: &RoomName,
        before: Option<u64>,
        limit: usize,
        messages: usize,
    ) -> Result<Vec<Entry>, Error> {
        let query = match before {
            None => self.query(room, "room = :room"),
            Some(before) => self
                .query(room, "room = :room AND seq < :before")
                .expression_attribute_values(":before", aws::number(before)),
        };
        let mut found = 0;
        let are_enough = |entry: &Entry| {
            found += usize::from(entry.message().is_some());
            found >= messages
        };
        collect_until(query.scan_index_forward(false), limit, entry::read, are_enough).await
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

    /// The entry with this number as the room is told it, by the state of now; nothing when there is
    /// none of a kind that this version knows.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn change(&self, room: &RoomName, seq: u64) -> Result<Option<Change>, Error> {
        let entry = self.row(room, seq).await?.map(entry::read).transpose()?;
        Ok(match entry {
            Some(Entry::Change(change)) => Some(change),
            Some(Entry::Pointer(pointer)) => {
                let states = self.states(room, &BTreeSet::from([pointer.of])).await?;
                states.into_values().next().map(|state| pointer.show(state))
            }
            Some(Entry::Unknown { .. }) | None => None,
        })
    }

    /// The messages with these numbers as they are now, for entries that point to them.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn states(
        &self,
        room: &RoomName,
        numbers: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, State>, Error> {
        let keys = numbers.iter().map(|seq| key(room.as_str(), *seq)).collect();
        let mut states = BTreeMap::new();
        for item in aws::batch_get(&self.dynamodb, &self.table, "messages", keys).await? {
            let entry = entry::read(item)?;
            let seq = entry.seq();
            states.extend(entry.into_state().map(|state| (seq, state)));
        }
        Ok(states)
    }

    /// The row of an entry.
    pub(super) async fn row(&self, room: &RoomName, seq: u64) -> Result<Option<Item>, Error> {
        let query = self
            .query(room, "room = :room AND seq = :seq")
            .expression_attribute_values(":seq", aws::number(seq));
        Ok(collect(query, 1, Ok).await?.into_iter().next())
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
    collect_until(query, limit, read, |_| false).await
}

/// The same, up to the first row after which there are enough.
async fn collect_until<T>(
    query: QueryFluentBuilder,
    limit: usize,
    read: impl Fn(Item) -> Result<T, Error>,
    mut are_enough: impl FnMut(&T) -> bool,
) -> Result<Vec<T>, Error> {
    let page = i32::try_from(limit).unwrap_or(i32::MAX);
    let mut items = query.limit(page).into_paginator().items().send();
    let mut rows = Vec::new();
    while rows.len() < limit {
        let Some(item) = items.next().await else { break };
        let row = read(item.map_err(Error::service("Query", "messages"))?)?;
        let enough = are_enough(&row);
        rows.push(row);
        if enough {
            break;
        }
    }
    Ok(rows)
}
