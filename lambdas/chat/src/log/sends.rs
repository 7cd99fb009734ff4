//! The `sends` table: which entry each `clientId` of a person became. Kept as long as the room,
//! without an expiry: that is what makes a resend safe at any age.

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, Update};
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};

use super::digest;
use super::draft::{Appended, Draft, What};
use super::entry::{Item, MESSAGE};
use crate::Error;
use crate::aws::text_key;

/// A row of the table, beside its salt and its digest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Send {
    user_id: String,
    pub(super) client_id: String,
    pub(super) room: String,
    pub(super) seq: u64,
    /// The message's name; of an entry that is none, a name of this write alone.
    pub(super) id: String,
    timestamp: String,
    /// What kind of entry; the first version wrote messages only, and did not say so.
    #[serde(default = "message")]
    pub(super) kind: String,
    /// The message that an edit or a deletion changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<u64>,
}

fn message() -> String {
    MESSAGE.to_owned()
}

impl Send {
    pub(super) fn new(draft: &Draft, seq: u64, id: &str, timestamp: &str) -> Self {
        Self {
            user_id: draft.user_id.clone(),
            client_id: draft.client_id.clone(),
            room: draft.room.to_string(),
            seq,
            id: id.to_owned(),
            timestamp: timestamp.to_owned(),
            kind: draft.what.kind().to_owned(),
            of: draft.what.of(),
        }
    }

    pub(super) fn read(item: &Item) -> Result<Self, Error> {
        serde_dynamo::from_item(item.clone()).map_err(Error::row("sends"))
    }

    /// Whether it may be a draft's, as far as that can be told without the text.
    pub(super) fn is_of_kind(&self, draft: &Draft) -> bool {
        self.kind == draft.what.kind()
            && self.room == draft.room.as_str()
            && self.of == draft.what.of()
    }

    pub(super) fn into_appended(self, duplicate: bool) -> Appended {
        let Self { seq, id, timestamp, .. } = self;
        Appended { seq, id, timestamp, duplicate, change: None }
    }

    /// The row's first writing, if the `clientId` is new. The digest of an edit stands under the salt
    /// of the message's row, so that it goes with the text; any other row has its own.
    pub(super) fn put(&self, table: &str, draft: &Draft, salt: &[u8]) -> Result<Put, Error> {
        let mut item: Item = serde_dynamo::to_item(self).map_err(Error::row("sends"))?;
        if !matches!(draft.what, What::Edit { .. }) {
            item.extend([digest::salted(salt)]);
        }
        item.extend([digest::digested(salt, draft)]);
        Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(userId)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| Error::Fault("a row of sends could not be built"))
    }
}

/// The `clientId` belongs to another write of the person's.
pub(super) fn client_id_reused() -> Error {
    Error::refused(ErrorCode::ClientIdReused, "clientId: it was used for another write already")
}

/// Takes from a row what could tell its text, when that is deleted.
pub(super) fn forget_text(table: &str, user_id: &str, client_id: &str) -> Result<Update, Error> {
    Update::builder()
        .table_name(table)
        .set_key(Some(text_key([("userId", user_id), ("clientId", client_id)])))
        .update_expression("REMOVE salt, digest")
        .condition_expression("attribute_exists(userId)")
        .build()
        .map_err(|_| Error::Fault("a row of sends could not be built"))
}
