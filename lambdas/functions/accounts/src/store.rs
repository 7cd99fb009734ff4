//! The rows of accounts: the `accounts` table by `kind` and `id`.
//!
//! | kind | id | holds |
//! |---|---|---|
//! | `name` | the name, lower case | whose it is: the claim that makes names unique |
//! | `user` | user id | name and password hash |
//! | `session` | session id | whose it is, the hash of its secret, its end |
//! | `ticket` | the ticket's hash | see `chat::identity` |

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::constant_time;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use chat::clock::Timestamp;
use chat::identity::SecretHash;
use chat::settings::Reader;
use chat::{Error, aws, id};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long a session lasts.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Tries of a sign-up that collides with another.
const TRIES: u32 = 5;

type Item = HashMap<String, AttributeValue>;

/// A person with an account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) password_hash: String,
}

/// An account to be.
pub(crate) struct NewUser {
    pub(crate) user_id: String,
    pub(crate) username: String,
    password_hash: String,
}

impl NewUser {
    pub(crate) fn new(username: String, password_hash: String) -> Result<Self, Error> {
        Ok(Self { user_id: id::random("u")?, username, password_hash })
    }
}

/// A log-in that lasts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    secret_hash: String,
    /// Seconds since 1970; also the table's TTL.
    expires_at: i64,
}

impl Session {
    pub(crate) fn is_opened_by(&self, secret: &str) -> bool {
        let hash = SecretHash::of(secret).into_string();
        constant_time::verify_slices_are_equal(hash.as_bytes(), self.secret_hash.as_bytes()).is_ok()
    }
}

/// A session to be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSessionRow {
    kind: &'static str,
    pub(crate) id: String,
    user_id: String,
    secret_hash: String,
    created_at: String,
    expires_at: i64,
}

impl NewSessionRow {
    /// A session for the user, and the secret that opens it.
    pub(crate) fn new(user: &User) -> Result<(Self, String), Error> {
        let secret = id::secret("r")?;
        let now = Timestamp::now();
        let row = Self {
            kind: SESSION,
            id: id::random("s")?,
            user_id: user.id.clone(),
            secret_hash: SecretHash::of(&secret).into_string(),
            created_at: now.rfc3339(),
            expires_at: now.plus(SESSION_LIFE).seconds(),
        };
        Ok((row, secret))
    }
}

const NAME: &str = "name";
const USER: &str = "user";
const SESSION: &str = "session";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameRow {
    kind: String,
    id: String,
    user_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserRow<'a> {
    kind: &'a str,
    id: &'a str,
    username: &'a str,
    password_hash: &'a str,
    created_at: String,
}

/// The table.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    dynamodb: Client,
    table: String,
}

impl Store {
    pub(crate) fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ACCOUNTS") }
    }

    /// Claims the name and writes the user, both or neither; false when another has the name.
    pub(crate) async fn create_user(&self, user: &NewUser) -> Result<bool, Error> {
        let name = serde_dynamo::to_item(NameRow {
            kind: NAME.to_owned(),
            id: user.username.to_ascii_lowercase(),
            user_id: user.user_id.clone(),
        });
        let row = serde_dynamo::to_item(UserRow {
            kind: USER,
            id: &user.user_id,
            username: &user.username,
            password_hash: &user.password_hash,
            created_at: Timestamp::now().rfc3339(),
        });
        let name: Item = name.map_err(Error::row("accounts"))?;
        let row: Item = row.map_err(Error::row("accounts"))?;

        let mut tries = 0;
        loop {
            let put = self
                .dynamodb
                .transact_write_items()
                .transact_items(self.put_new(name.clone())?)
                .transact_items(self.put_new(row.clone())?)
                .send()
                .await;
            let Err(error) = put else { return Ok(true) };
            if let Some(taken) = failed_condition(&error) {
                // Our own claim, when the answer to an earlier try was lost.
                let holder = taken.item().cloned().map(serde_dynamo::from_item::<_, NameRow>);
                return Ok(matches!(holder, Some(Ok(row)) if row.user_id == user.user_id));
            }
            tries += 1;
            if tries == TRIES {
                return Err(Error::service("TransactWriteItems", "accounts")(error));
            }
            tokio::time::sleep(Duration::from_millis(fastrand::u64(10..=100))).await;
        }
    }

    fn put_new(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(kind)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| Error::Fault("a transaction could not be built"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The user with this name, in whatever case it is written.
    pub(crate) async fn user_by_name(&self, name: &str) -> Result<Option<User>, Error> {
        // What is no name is nobody's, and may be too long for a key.
        if name.is_empty() || name.len() > protocol::limits::USERNAME_MAX {
            return Ok(None);
        }
        let claim: Option<NameRow> = self.get(NAME, &name.to_ascii_lowercase()).await?;
        match claim {
            Some(claim) => self.user(&claim.user_id).await,
            None => Ok(None),
        }
    }

    /// The user with this id.
    pub(crate) async fn user(&self, id: &str) -> Result<Option<User>, Error> {
        self.get(USER, id).await
    }

    /// Writes a new session.
    pub(crate) async fn create_session(&self, row: &NewSessionRow) -> Result<(), Error> {
        aws::put(&self.dynamodb, &self.table, "accounts", row).await
    }

    /// The session with this id, unless it has ended.
    pub(crate) async fn session(&self, id: &str) -> Result<Option<Session>, Error> {
        // Comes from a cookie: what is no id of ours may be no key at all.
        if id.is_empty() || id.len() > 64 {
            return Ok(None);
        }
        let session: Option<Session> = self.get(SESSION, id).await?;
        Ok(session.filter(|session| session.expires_at > Timestamp::now().seconds()))
    }

    /// Ends a session.
    pub(crate) async fn delete_session(&self, id: &str) -> Result<(), Error> {
        self.dynamodb
            .delete_item()
            .table_name(&self.table)
            .key("kind", AttributeValue::S(SESSION.to_owned()))
            .key("id", AttributeValue::S(id.to_owned()))
            .send()
            .await
            .map_err(Error::service("DeleteItem", "accounts"))?;
        Ok(())
    }

    /// Read consistently: somebody who has just signed up logs in next.
    async fn get<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Option<T>, Error> {
        let found = self
            .dynamodb
            .get_item()
            .table_name(&self.table)
            .key("kind", AttributeValue::S(kind.to_owned()))
            .key("id", AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("GetItem", "accounts"))?;
        found
            .item
            .map(|item| serde_dynamo::from_item(item).map_err(Error::row("accounts")))
            .transpose()
    }
}

/// The first action of a transaction whose condition did not hold.
fn failed_condition(error: &SdkError<TransactWriteItemsError>) -> Option<&CancellationReason> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled
            .cancellation_reasons()
            .iter()
            .find(|reason| reason.code() == Some("ConditionalCheckFailed")),
        _ => None,
    }
}
