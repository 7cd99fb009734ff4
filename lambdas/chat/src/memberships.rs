//! Who is in which room: one row per person, with the names of all rooms but `general`, which everyone is
//! in.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use protocol::{ErrorCode, limits};

use crate::log::Along;
use crate::rooms::{RoomName, Rooms};
use crate::settings::Reader;
use crate::{Error, aws};

/// The attribute with the names.
const ROOMS: &str = "rooms";

/// The `memberships` table: `userId`.
#[derive(Debug, Clone)]
pub struct Memberships {
    dynamodb: Client,
    table: String,
}

impl Memberships {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_MEMBERSHIPS") }
    }

    /// All rooms of a person, `general` among them.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn of(&self, user_id: &str) -> Result<BTreeSet<RoomName>, Error> {
        let mut rooms = self.but_general(user_id).await?;
        rooms.insert(RoomName::general());
        Ok(rooms)
    }

    /// The rooms of a person for which there is a row: all but `general`.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn but_general(&self, user_id: &str) -> Result<BTreeSet<RoomName>, Error> {
        let found = self
            .dynamodb
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(user_id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("GetItem", "memberships"))?;
        let names = found.item.as_ref().map(names).unwrap_or_default();
        Ok(names.iter().filter_map(|name| RoomName::read(name)).collect())
    }

    /// That the person is in the room.
    ///
    /// # Errors
    /// `not_member`, or `not_found` when there is no such room; when a table does not answer.
    pub async fn admit(&self, rooms: &Rooms, user_id: &str, room: &RoomName) -> Result<(), Error> {
        if room.is_general() || self.but_general(user_id).await?.contains(room) {
            return Ok(());
        }
        rooms.epoch(room).await?;
        Err(not_a_member())
    }

    /// The person comes into the room.
    ///
    /// # Errors
    /// When a write could not be built: never.
    pub fn joins(&self, user_id: &str, room: &RoomName) -> Result<Along, Error> {
        // `general` is one of the rooms, and in no row.
        let most = limits::ROOMS_MAX.saturating_sub(1);
        let update = Update::builder()
            .update_expression("ADD rooms :set")
            .condition_expression(
                "attribute_not_exists(rooms) OR (NOT contains(rooms, :room) AND size(rooms) < :most)",
            )
            .expression_attribute_values(":most", aws::number(most))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let item = self.update(update, user_id, room)?;
        let name = room.to_string();
        Ok(Along::new(item, move |row| {
            let is_in = row.map(names).is_some_and(|names| names.contains(&name));
            if is_in { already_a_member() } else { too_many_rooms() }
        }))
    }

    /// The person leaves the room.
    ///
    /// # Errors
    /// When a write could not be built: never.
    pub fn leaves(&self, user_id: &str, room: &RoomName) -> Result<Along, Error> {
        let update = Update::builder()
            .update_expression("DELETE rooms :set")
            .condition_expression("contains(rooms, :room)");
        Ok(Along::new(self.update(update, user_id, room)?, |_| not_a_member()))
    }

    fn update(
        &self,
        update: UpdateBuilder,
        user_id: &str,
        room: &RoomName,
    ) -> Result<TransactWriteItem, Error> {
        let update = update
            .table_name(&self.table)
            .set_key(Some(key(user_id)))
            .expression_attribute_values(":set", AttributeValue::Ss(vec![room.to_string()]))
            .expression_attribute_values(":room", AttributeValue::S(room.to_string()))
            .build()
            .map_err(|_| Error::Fault("a membership could not be built"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// That the person is in all of these rooms, for a transaction that depends on it.
    ///
    /// # Errors
    /// When a condition could not be built: never.
    pub fn holds<'a>(
        &self,
        user_id: &str,
        rooms: impl IntoIterator<Item = &'a RoomName>,
    ) -> Result<TransactWriteItem, Error> {
        let mut check =
            ConditionCheck::builder().table_name(&self.table).set_key(Some(key(user_id)));
        let mut condition = Vec::new();
        for (place, room) in rooms.into_iter().enumerate() {
            condition.push(format!("contains(rooms, :r{place})"));
            check = check.expression_attribute_values(
                format!(":r{place}"),
                AttributeValue::S(room.to_string()),
            );
        }
        let check = check
            .condition_expression(condition.join(" AND "))
            .build()
            .map_err(|_| Error::Fault("a condition on a membership could not be built"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// That the person is not in this room, for a transaction that depends on it.
    ///
    /// # Errors
    /// When a condition could not be built: never.
    pub fn lacks(&self, user_id: &str, room: &RoomName) -> Result<TransactWriteItem, Error> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key(user_id)))
            .condition_expression("attribute_not_exists(rooms) OR NOT contains(rooms, :room)")
            .expression_attribute_values(":room", AttributeValue::S(room.to_string()))
            .build()
            .map_err(|_| Error::Fault("a condition on a membership could not be built"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Takes a person out of every room, without a word in any log.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn delete(&self, user_id: &str) -> Result<(), Error> {
        self.dynamodb
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(user_id)))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "memberships"))?;
        Ok(())
    }
}

fn key(user_id: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("userId".to_owned(), AttributeValue::S(user_id.to_owned()))])
}

fn names(row: &HashMap<String, AttributeValue>) -> Vec<String> {
    row.get(ROOMS).and_then(|names| names.as_ss().ok()).cloned().unwrap_or_default()
}

fn not_a_member() -> Error {
    Error::refused(ErrorCode::NotMember, "room: you are not in it")
}

fn already_a_member() -> Error {
    Error::refused(ErrorCode::AlreadyMember, "room: you are in it already")
}

fn too_many_rooms() -> Error {
    Error::refused(
        ErrorCode::TooManyRooms,
        format!("room: you are in {} rooms, and nobody can be in more", limits::ROOMS_MAX),
    )
}
