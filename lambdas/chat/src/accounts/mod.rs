//! The rows of people: the `accounts` table by `kind` and `id`.
//!
//! | kind | id | holds |
//! |---|---|---|
//! | `user` | user id | [`User`] |
//! | `name` | [`UserName::key`] | whose it is: the claim that makes names unique |
//! | `lookalike` | each of [`UserName::lookalikes`] | the same, for names that look alike |
//! | `email` | [`Email`] | whose it is |
//! | `link` | the link's hash | [`Link`] |
//! | `session` | see [`crate::sessions`] | |
//! | `ticket` | see [`crate::identity`] | |
//!
//! A claim of an account that waits for its address to be confirmed ends with it (`expiresAt`).

mod create;
mod email;
mod erase;
mod link;
mod name;
mod user;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use protocol::limits::EMAILS_MAX;
use protocol::{ErrorCode, Role};
use serde::{Deserialize, Serialize};

pub use create::{Created, NewUser, Proof};
pub use email::{Email, EmailError};
pub use link::{Link, Purpose, RESET_LIFE, VERIFY_LIFE, WELCOME_LIFE};
pub use name::{NameError, UserName};
pub use user::User;

use crate::Error;
use crate::aws::{self, Transacted, number};
use crate::clock::Timestamp;
use crate::identity::SecretHash;
use crate::settings::Reader;

const ABOUT: &str = "accounts";
const USER: &str = "user";
const NAME: &str = "name";
const LOOKALIKE: &str = "lookalike";
const EMAIL: &str = "email";

/// Tries to take an address from an account that others change at the same time.
const TRIES: u32 = 5;

/// The longest text that is looked up as a secret of ours.
const SECRET_BYTES_MAX: usize = 128;

/// A name or an address, and whose it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    kind: String,
    id: String,
    user_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// What became of a one-time link.
#[derive(Debug)]
pub enum Opened {
    /// It did what it was made for.
    Done,
    /// It was used meanwhile, or its account has changed.
    Spent,
    /// The address is another account's by now.
    Taken,
}

/// What became of an unlinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinked {
    /// The address is nobody's now.
    Done,
    /// It was none of the account's.
    Unknown,
    /// It is the account's last one, which stays.
    Last,
}

/// The table.
#[derive(Debug, Clone)]
pub struct Accounts {
    dynamodb: Client,
    table: String,
}

impl Accounts {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ACCOUNTS") }
    }

    /// The user with this id; one whose time to confirm an address is over is none.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn user(&self, id: &str) -> Result<Option<User>, Error> {
        let user: Option<User> =
            aws::get(&self.dynamodb, &self.table, ABOUT, key(USER, id)).await?;
        Ok(user.filter(|user| !user.has_lapsed(Timestamp::now())))
    }

    /// Whose name this is, in whatever case it is written.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn owner_of_name(&self, name: &UserName) -> Result<Option<String>, Error> {
        self.owner(NAME, &name.key()).await
    }

    /// Whose address this is.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn owner_of_email(&self, email: &Email) -> Result<Option<String>, Error> {
        self.owner(EMAIL, email.as_str()).await
    }

    async fn owner(&self, kind: &str, id: &str) -> Result<Option<String>, Error> {
        let claim: Option<Claim> =
            aws::get(&self.dynamodb, &self.table, ABOUT, key(kind, id)).await?;
        let now = Timestamp::now().seconds();
        let claim = claim.filter(|claim| claim.expires_at.is_none_or(|end| end > now));
        Ok(claim.map(|claim| claim.user_id))
    }

    /// The user whom a text names: a user name, or a confirmed address. The same two reads are made
    /// whether or not there is one.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<User>, Error> {
        let owner = if login.contains('@') {
            match Email::parse(login) {
                Ok(email) => self.owner_of_email(&email).await?,
                Err(_) => self.owner(NAME, NOBODY).await?,
            }
        } else {
            match UserName::existing(login.trim()) {
                Ok(name) => self.owner_of_name(&name).await?,
                Err(_) => self.owner(NAME, NOBODY).await?,
            }
        };
        self.user(owner.as_deref().unwrap_or(NOBODY)).await
    }

    /// Keeps a link, by its hash.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn put_link(&self, link: &Link) -> Result<(), Error> {
        aws::put(&self.dynamodb, &self.table, ABOUT, link).await
    }

    /// The link that a secret opens, if it is of this purpose and still good. It stays good.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn link(&self, secret: &str, purpose: Purpose) -> Result<Option<Link>, Error> {
        if secret.len() > SECRET_BYTES_MAX {
            return Ok(None);
        }
        let hash = SecretHash::of(secret).into_string();
        let link: Option<Link> =
            aws::get(&self.dynamodb, &self.table, ABOUT, key(Link::KIND, &hash)).await?;
        let now = Timestamp::now().seconds();
        Ok(link.filter(|link| link.purpose == purpose && link.expires_at > now))
    }

    /// Opens a link of [`Purpose::Email`] for its user: the address is theirs, and an account that
    /// waited for it is there to stay.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn confirm_email(&self, link: &Link, user: &User) -> Result<Opened, Error> {
        let Some(email) = link.email.as_deref() else { return Ok(Opened::Spent) };
        let claim = Claim {
            kind: EMAIL.to_owned(),
            id: email.to_owned(),
            user_id: user.id.clone(),
            expires_at: None,
        };
        let claim = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(claim).map_err(Error::row(ABOUT))?))
            .condition_expression("attribute_not_exists(kind) OR userId = :user")
            .expression_attribute_values(":user", text(&user.id));
        let confirm = Update::builder()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key(USER, &user.id))))
            .update_expression(
                "SET emails = list_append(if_not_exists(emails, :none), :emails) \
                 REMOVE expiresAt, pendingEmail",
            )
            .condition_expression(format!(
                "attribute_exists(kind) AND attribute_not_exists(erasedAt) AND {} \
                 AND NOT contains(emails, :email) \
                 AND (attribute_not_exists(expiresAt) OR expiresAt > :now) \
                 AND (attribute_not_exists(emails) OR size(emails) < :most)",
                is_of_epoch(link.epoch),
            ))
            .expression_attribute_values(":epoch", number(link.epoch))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":emails", AttributeValue::L(vec![text(email)]))
            .expression_attribute_values(":email", text(email))
            .expression_attribute_values(":now", number(Timestamp::now().seconds()))
            .expression_attribute_values(":most", number(EMAILS_MAX));
        let mut items = vec![self.spend(link)?, put(claim)?, update(confirm)?];
        if user.expires_at.is_some() {
            // The name was the account's for a day only.
            if let Ok(name) = UserName::existing(&user.username) {
                items.push(self.keep(NAME, &name.key(), &user.id)?);
                for skeleton in name.lookalikes() {
                    items.push(self.keep(LOOKALIKE, &skeleton, &user.id)?);
                }
            }
        }
        Ok(match aws::transact(&self.dynamodb, ABOUT, items).await? {
            Transacted::Done => Opened::Done,
            Transacted::Refused(which) if which.first() == Some(&true) => Opened::Spent,
            Transacted::Refused(which) if which.get(1) == Some(&true) => Opened::Taken,
            Transacted::Refused(_) => Opened::Spent,
        })
    }

    /// A claim that no longer ends by itself.
    fn keep(&self, kind: &str, id: &str, user_id: &str) -> Result<TransactWriteItem, Error> {
        update(
            Update::builder()
                .table_name(&self.table)
                .set_key(Some(aws::text_key(key(kind, id))))
                .update_expression("REMOVE expiresAt")
                .condition_expression("userId = :user")
                .expression_attribute_values(":user", text(user_id)),
        )
    }

    /// The end of a link, if it has not ended.
    fn spend(&self, link: &Link) -> Result<TransactWriteItem, Error> {
        delete(
            Delete::builder()
                .table_name(&self.table)
                .set_key(Some(aws::text_key(key(Link::KIND, &link.id))))
                .condition_expression("attribute_exists(kind) AND expiresAt > :now")
                .expression_attribute_values(":now", number(Timestamp::now().seconds())),
        )
    }

    /// Opens a link of [`Purpose::Password`]: sets the password, and ends all sessions. One that was
    /// sent to an address is spent when that is no longer the user's.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn reset_password(&self, link: &Link, hash: &str) -> Result<Opened, Error> {
        let set = set_password(&self.table, &link.user_id, hash, link.epoch, link.email.as_deref());
        let items = vec![self.spend(link)?, update(set)?];
        Ok(match aws::transact(&self.dynamodb, ABOUT, items).await? {
            Transacted::Done => Opened::Done,
            Transacted::Refused(_) => Opened::Spent,
        })
    }

    /// Sets the password of somebody who is logged in: ends all sessions but this one. False when
    /// all of them were ended meanwhile, or this one.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn change_password(
        &self,
        user: &User,
        hash: &str,
        session_key: &str,
    ) -> Result<bool, Error> {
        let set = set_password(&self.table, &user.id, hash, user.epoch, None);
        let keep = Update::builder()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key("session", session_key))))
            .update_expression("SET epoch = :next")
            .condition_expression("epoch = :epoch AND attribute_not_exists(endedAt)")
            .expression_attribute_values(":epoch", number(user.epoch))
            .expression_attribute_values(":next", number(user.epoch.saturating_add(1)));
        let items = vec![update(set)?, update(keep)?];
        Ok(matches!(aws::transact(&self.dynamodb, ABOUT, items).await?, Transacted::Done))
    }

    /// Ends all sessions of a user: those that begin from now on have another epoch.
    ///
    /// # Errors
    /// When the table does not answer, or there is no such user any more.
    pub async fn end_sessions(&self, user_id: &str) -> Result<(), Error> {
        let change = self.change(user_id).update_expression("ADD epoch :one");
        make(change.expression_attribute_values(":one", number(1))).await
    }

    /// Keeps a user out, or lets them in again. Of an outside person a row is made.
    ///
    /// # Errors
    /// When the table does not answer, or there is no such user any more.
    pub async fn set_disabled(&self, user_id: &str, disabled: bool) -> Result<(), Error> {
        let change = self
            .change(user_id)
            .update_expression("SET disabled = :disabled ADD epoch :one")
            .expression_attribute_values(":disabled", AttributeValue::Bool(disabled))
            .expression_attribute_values(":one", number(1));
        make(change).await
    }

    /// Gives a user another role.
    ///
    /// # Errors
    /// When the table does not answer, or there is no such user any more.
    pub async fn set_role(&self, user_id: &str, role: Role) -> Result<(), Error> {
        let role = match role {
            Role::User => "user",
            Role::Admin => "admin",
        };
        let change = self
            .change(user_id)
            .update_expression("SET #role = :role")
            // A reserved word.
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":role", text(role));
        make(change).await
    }

    fn change(&self, user_id: &str) -> UpdateItemFluentBuilder {
        let change = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key(USER, user_id))));
        if user_id.starts_with("u_") {
            // One of our own who has lapsed meanwhile must not come back as a row without a name.
            change.condition_expression("attribute_exists(kind)")
        } else {
            change
        }
    }

    /// Takes an address from an account, unless it is the last one.
    ///
    /// # Errors
    /// When the table does not answer, or others changed the addresses again and again.
    pub async fn unlink_email(&self, user: &User, email: &Email) -> Result<Unlinked, Error> {
        let mut emails = user.emails.clone();
        for _ in 0..TRIES {
            let Some(index) = emails.iter().position(|known| known == email.as_str()) else {
                return Ok(Unlinked::Unknown);
            };
            if emails.len() == 1 {
                return Ok(Unlinked::Last);
            }
            if self.unlink_at(&user.id, email, index).await? {
                return Ok(Unlinked::Done);
            }
            // Somebody was faster: what they left is what counts.
            let now = self.user(&user.id).await?;
            emails = now.map(|user| user.emails).unwrap_or_default();
        }
        Err(Error::Unfinished("the addresses of an account changed again and again"))
    }

    /// Whether the address stood in that place, and not alone.
    async fn unlink_at(&self, user_id: &str, email: &Email, index: usize) -> Result<bool, Error> {
        let release = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key(EMAIL, email.as_str()))))
            .condition_expression("userId = :user")
            .expression_attribute_values(":user", text(user_id));
        let remove = Update::builder()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key(USER, user_id))))
            .update_expression(format!("REMOVE emails[{index}]"))
            .condition_expression(format!("emails[{index}] = :email AND size(emails) > :one"))
            .expression_attribute_values(":email", text(email.as_str()))
            .expression_attribute_values(":one", number(1));
        let items = vec![delete(release)?, update(remove)?];
        Ok(matches!(aws::transact(&self.dynamodb, ABOUT, items).await?, Transacted::Done))
    }
}

/// One text for all ways to write a login that name the same user: what is counted of a login, whether
/// or not it is anybody's.
#[must_use]
pub fn login_key(login: &str) -> String {
    let login = login.trim();
    let email = || Email::parse(login).ok().map(|email| email.as_str().to_owned());
    let name = || UserName::existing(login).ok().map(|name| name.key());
    let key = if login.contains('@') { email() } else { name() };
    key.unwrap_or_else(|| login.to_lowercase())
}

async fn make(change: UpdateItemFluentBuilder) -> Result<(), Error> {
    match change.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
        {
            Err(Error::refused(ErrorCode::NotFound, "There is no such account any more."))
        }
        Err(error) => Err(Error::service("UpdateItem", ABOUT)(error)),
    }
}

/// An id that no row has: what is no name is looked up too, for the time that it takes.
const NOBODY: &str = "-";

/// A new password for whoever is of this epoch, and has this address if one is named; and the next
/// epoch.
fn set_password(
    table: &str,
    user_id: &str,
    hash: &str,
    epoch: u64,
    email: Option<&str>,
) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
    let set = Update::builder()
        .table_name(table)
        .set_key(Some(aws::text_key(key(USER, user_id))))
        .update_expression("SET passwordHash = :hash, epoch = :next");
    let condition = format!(
        "attribute_exists(kind) AND attribute_not_exists(erasedAt) AND {}",
        is_of_epoch(epoch),
    );
    let set = match email {
        Some(email) => set
            .condition_expression(format!("{condition} AND contains(emails, :email)"))
            .expression_attribute_values(":email", text(email)),
        None => set.condition_expression(condition),
    };
    set.expression_attribute_values(":hash", text(hash))
        .expression_attribute_values(":epoch", number(epoch))
        .expression_attribute_values(":next", number(epoch.saturating_add(1)))
}

/// The condition that a user is of the epoch `:epoch`. A row of before there were epochs has none.
fn is_of_epoch(epoch: u64) -> &'static str {
    if epoch == 0 { "(epoch = :epoch OR attribute_not_exists(epoch))" } else { "epoch = :epoch" }
}

fn key<'a>(kind: &'a str, id: &'a str) -> [(&'static str, &'a str); 2] {
    [("kind", kind), ("id", id)]
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn put(put: aws_sdk_dynamodb::types::builders::PutBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().put(put.build().map_err(unbuilt)?).build())
}

fn update(
    update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().update(update.build().map_err(unbuilt)?).build())
}

fn delete(
    delete: aws_sdk_dynamodb::types::builders::DeleteBuilder,
) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().delete(delete.build().map_err(unbuilt)?).build())
}

fn unbuilt<E>(_: E) -> Error {
    Error::Fault("a transaction could not be built")
}
