use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use crate::{Error, aws, settings};

/// `kind` of an entry whose message was erased. It keeps its number, and every version passes over it.
const TOMBSTONE: &str = "tombstone";
/// Messages that are erased at once.
const IN_FLIGHT: usize = 16;

/// Erases what a person wrote: the `messages` and `sends` tables.
#[derive(Debug, Clone)]
pub struct Eraser {
    dynamodb: Client,
    messages: String,
    sends: String,
}

/// Where a message of somebody's is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Send {
    client_id: String,
    room: String,
    seq: u64,
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

    /// Erases some of what a person wrote: each message leaves a tombstone with its number, and its
    /// row of `sends`, by which it was found, goes after it. Says how many; none when nothing is left.
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
            .map(|item| serde_dynamo::from_item(item).map_err(Error::row("sends")))
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
        let erased = self
            .dynamodb
            .update_item()
            .table_name(&self.messages)
            .set_key(Some(HashMap::from([
                ("room".to_owned(), AttributeValue::S(send.room)),
                ("seq".to_owned(), aws::number(send.seq)),
            ])))
            .update_expression("SET kind = :tombstone REMOVE content, username, clientId")
            .condition_expression("userId = :user")
            .expression_attribute_values(":tombstone", AttributeValue::S(TOMBSTONE.to_owned()))
            .expression_attribute_values(":user", AttributeValue::S(user_id.to_owned()))
            .send()
            .await;
        match erased {
            Ok(_) => {}
            // It is not there: nothing to erase.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) => {}
            Err(error) => return Err(Error::service("UpdateItem", "messages")(error)),
        }
        self.dynamodb
            .delete_item()
            .table_name(&self.sends)
            .set_key(Some(aws::text_key([("userId", user_id), ("clientId", &send.client_id)])))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "sends"))?;
        Ok(())
    }
}
