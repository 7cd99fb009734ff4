//! Rooms: their names, which log is theirs, and the directory of those that anybody may join.

mod directory;
mod name;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use protocol::ErrorCode;

use crate::aws::text_key;
use crate::clock::Timestamp;
use crate::log::Along;
use crate::settings::Reader;
use crate::{Error, aws};

pub use name::RoomName;

/// The sort key of a room's own row.
const META: &str = "#meta";

/// The `rooms` table: `room`, and `#meta` for the room's own row. The rows of `#public` are the
/// directory.
#[derive(Debug, Clone)]
pub struct Rooms {
    dynamodb: Client,
    table: String,
}

impl Rooms {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ROOMS") }
    }

    /// Which log is the room's: a number that is made with the room, and that whoever restores the
    /// table to an earlier point makes anew. `general` is made when it is first asked for.
    ///
    /// # Errors
    /// `not_found` when there is no such room; when the table does not answer, or the row cannot be
    /// read.
    pub async fn epoch(&self, room: &RoomName) -> Result<u64, Error> {
        let found = self
            .dynamodb
            .get_item()
            .table_name(&self.table)
            .set_key(Some(meta(room)))
            .projection_expression("epoch")
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("GetItem", "rooms"))?;
        match found.item {
            Some(item) => read_epoch(&item),
            None if room.is_general() => self.begin(room).await,
            None => Err(no_such_room()),
        }
    }

    /// The same of several rooms; those that do not exist are left out.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn epochs(&self, rooms: &[RoomName]) -> Result<BTreeMap<RoomName, u64>, Error> {
        let keys = rooms.iter().map(meta).collect();
        let mut epochs = BTreeMap::new();
        for item in aws::batch_get(&self.dynamodb, &self.table, "rooms", keys).await? {
            let name = item.get("room").and_then(|name| name.as_s().ok());
            let name = name.and_then(|name| RoomName::read(name));
            let name = name.ok_or_else(|| Error::row("rooms")("no name"))?;
            epochs.insert(name, read_epoch(&item)?);
        }
        let general = RoomName::general();
        if rooms.contains(&general) && !epochs.contains_key(&general) {
            let epoch = self.begin(&general).await?;
            epochs.insert(general, epoch);
        }
        Ok(epochs)
    }

    /// That the room exists.
    ///
    /// # Errors
    /// When a condition could not be built: never.
    pub fn exists(&self, room: &RoomName) -> Result<Along, Error> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(meta(room)))
            .condition_expression("attribute_exists(room)")
            .build()
            .map_err(|_| Error::Fault("a condition on a room could not be built"))?;
        let item = TransactWriteItem::builder().condition_check(check).build();
        Ok(Along::new(item, |_| no_such_room()))
    }

    /// Writes the room's row unless another has just done so.
    async fn begin(&self, room: &RoomName) -> Result<u64, Error> {
        let epoch = new_epoch();
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(meta(room)))
            .item("epoch", aws::number(epoch))
            .condition_expression("attribute_not_exists(room)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(epoch) };
        if let Some(failed) =
            error.as_service_error().and_then(|e| match e {
                aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
                    failed,
                ) => Some(failed),
                _ => None,
            })
            && let Some(item) = failed.item()
        {
            return read_epoch(item);
        }
        Err(Error::service("PutItem", "rooms")(error))
    }
}

/// Higher than any that an earlier log of the room can have had.
fn new_epoch() -> u64 {
    Timestamp::now().0.unsigned_abs()
}

/// There is a room of this name.
#[must_use]
pub fn room_taken() -> Error {
    Error::refused(ErrorCode::RoomTaken, "room: there is a room of this name already")
}

fn no_such_room() -> Error {
    Error::refused(ErrorCode::NotFound, "room: there is no such room")
}

fn meta(room: &RoomName) -> HashMap<String, AttributeValue> {
    text_key([("room", room.as_str()), ("id", META)])
}

fn read_epoch(item: &HashMap<String, AttributeValue>) -> Result<u64, Error> {
    item.get("epoch")
        .and_then(|value| value.as_n().ok())
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| Error::row("rooms")("no epoch"))
}
