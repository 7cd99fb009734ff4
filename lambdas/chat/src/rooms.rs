//! Rooms: their names, and which log is theirs.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use protocol::{ErrorCode, limits};

use crate::clock::Timestamp;
use crate::settings::Reader;
use crate::{Error, aws};

/// The room that everyone is in.
pub const GENERAL: &str = "general";
/// The sort key of a room's own row; the others are its members.
const META: &str = "#meta";

/// A room's name: `[a-z0-9][a-z0-9_-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomName(String);

impl RoomName {
    /// The room that everyone is in.
    #[must_use]
    pub fn general() -> Self {
        Self(GENERAL.to_owned())
    }

    /// Reads a request's room; [`GENERAL`] when it names none.
    ///
    /// # Errors
    /// `bad_request` for what is no name, `not_found` for a room that does not exist.
    pub fn from_request(name: Option<&str>) -> Result<Self, Error> {
        let Some(name) = name else { return Ok(Self::general()) };
        if !is_name(name) {
            return Err(Error::refused(
                ErrorCode::BadRequest,
                "room: a name has 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit",
            ));
        }
        if name != GENERAL {
            return Err(Error::refused(ErrorCode::NotFound, "room: there is no such room"));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= limits::ROOM_MAX
        && name.starts_with(plain)
        && name.chars().all(|c| plain(c) || c == '_' || c == '-')
}

/// The `rooms` table: `room`, and `#meta` for the room's own row.
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

    /// Which log is the room's: a number that is made when the room is first asked for, and that
    /// whoever restores the table to an earlier point makes anew.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn epoch(&self, room: &RoomName) -> Result<u64, Error> {
        let found = self
            .dynamodb
            .get_item()
            .table_name(&self.table)
            .key("room", AttributeValue::S(room.0.clone()))
            .key("id", AttributeValue::S(META.to_owned()))
            .projection_expression("epoch")
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("GetItem", "rooms"))?;
        match found.item {
            Some(item) => read_epoch(&item),
            None => self.begin(room).await,
        }
    }

    /// Writes the room's row unless another has just done so.
    async fn begin(&self, room: &RoomName) -> Result<u64, Error> {
        let epoch = Timestamp::now().0.unsigned_abs();
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .item("room", AttributeValue::S(room.0.clone()))
            .item("id", AttributeValue::S(META.to_owned()))
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

fn read_epoch(item: &HashMap<String, AttributeValue>) -> Result<u64, Error> {
    item.get("epoch")
        .and_then(|value| value.as_n().ok())
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| Error::row("rooms")("no epoch"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["general", "a", "0", "team-42_x", &"a".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "_a", "General", "a b", "a/b", "é", "a\n", &"a".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
