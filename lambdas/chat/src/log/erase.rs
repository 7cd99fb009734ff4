use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::entry::{MESSAGE, TOMBSTONE};
use super::plan::key;
use super::sends::Send;
use crate::{Error, aws, settings};

/// Messages that are erased at once.
const IN_FLIGHT: usize = 16;

/// Erases what a person wrote: the `messages` and `sends` tables.
#[derive(Debug, Clone)]
pub struct Eraser {
    dynamodb: Client,
    messages: String,
    sends: String,
}

impl Eraser {
    /// Reads the tables' names.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut settings::Reader<'_>) -> Self {
        Self {
            dynamodb: aws::dynamodb(aws),
            messages: settings.required("TABLE_MESSAGES"),
            sends: settings.required("TABLE_SENDS"),
        }
    }

    /// Erases some of what a person wrote: each message leaves a tombstone with its number, each coming
    /// and leaving loses the name, and its row of `sends`, by which it was found, goes after it. Says how
    /// many; none when nothing is left.
    ///
    /// # Errors
    /// When the tables do not answer: ask again.
    pub async fn erase_some(&self, user_id: &str, at_most: i32) -> Result<usize, Error> {
        let found = self
            .dynamodb
            .query()
            .table_name(&self.sends)
            .key_condition_expression("userId = :user")
            .expression_attribute_values(":user", AttributeValue::S(user_id.to_owned()))
            .consistent_read(true)
            .limit(at_most)
            .send()
            .await
            .map_err(Error::service("Query", "sends"))?;
        let sends: Vec<Send> = found
            .items
            .unwrap_or_default()
            .into_iter()
            .map(|item| Send::read(&item))
            .collect::<Result<_, _>>()?;
        let erased = sends.len();
        stream::iter(sends)
            .map(|send| self.erase(user_id, send))
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await?;
        Ok(erased)
    }

    async fn erase(&self, user_id: &str, send: Send) -> Result<(), Error> {
        let (update, name, value) = match send.kind.as_str() {
            MESSAGE => (
                "SET kind = :tombstone REMOVE content, username, clientId, editedAt, salt",
                ":tombstone",
                TOMBSTONE,
            ),
            // They point to a message, which is erased by its own row.
            "edit" | "delete" => return self.forget(user_id, &send.client_id).await,
            _ => ("SET username = :nobody", ":nobody", ""),
        };
        let erased = self
            .dynamodb
            .update_item()
            .table_name(&self.messages)
            .set_key(Some(key(&send.room, send.seq)))
            .update_expression(update)
            .condition_expression("userId = :user AND kind = :kind")
            .expression_attribute_values(":user", AttributeValue::S(user_id.to_owned()))
            .expression_attribute_values(":kind", AttributeValue::S(send.kind.clone()))
            .expression_attribute_values(name, AttributeValue::S(value.to_owned()))
            .send()
            .await;
        match erased {
            Ok(_) => {}
            // It is not there, or erased already.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) => {}
            Err(error) => return Err(Error::service("UpdateItem", "messages")(error)),
        }
        self.forget(user_id, &send.client_id).await
    }

    async fn forget(&self, user_id: &str, client_id: &str) -> Result<(), Error> {
        self.dynamodb
            .delete_item()
            .table_name(&self.sends)
            .set_key(Some(aws::text_key([("userId", user_id), ("clientId", client_id)])))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "sends"))?;
        Ok(())
    }
}
