//! Sessions: a log-in that lasts, in one browser or program. Rows of kind `session` in the table
//! `accounts`, under `USER_ID/SESSION_ID`, so that a person's are read together.
//!
//! A refresh replaces the cookie's secret. Whoever comes with an older one has a copy of the cookie,
//! or somebody else has: the session ends (RFC 9700, section 4.14.2). Two windows of one browser may
//! refresh at once, and an answer may be lost: for [`GRACE`] the secret before is good as well.

mod cookie;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use protocol::{AdminStatus, ErrorBody, ErrorCode};
use serde::{Deserialize, Serialize};

pub use cookie::SessionCookie;

use crate::accounts::{Accounts, User};
use crate::clock::Timestamp;
use crate::identity::{Identity, SecretHash};
use crate::settings::Reader;
use crate::{Error, aws, id};

/// How long a session lasts after its last refresh.
pub const IDLE_LIFE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long a session lasts at the most.
pub const MAX_LIFE: Duration = Duration::from_secs(180 * 24 * 3_600);
/// How long a secret that was just replaced is still good.
pub const GRACE: Duration = Duration::from_secs(30);
/// How long the row of an ended session is kept: whoever ended it may have to try again to close its
/// sockets, of which none lives longer.
const ENDED_LIFE: Duration = Duration::from_secs(3 * 3_600);
/// Secrets that are good at once: windows of one browser that refresh within [`GRACE`].
const BRANCHES_MAX: usize = 8;
/// Tries of a refresh that meets another of the same session.
const TRIES: u32 = 5;
/// The longest `User-Agent` that is kept, in bytes.
const USER_AGENT_BYTES: usize = 256;

const ABOUT: &str = "accounts";
const KIND: &str = "session";

/// A session's row.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    kind: String,
    /// `USER_ID/SESSION_ID`.
    id: String,
    /// Whose it is.
    pub user_id: String,
    /// Its own id: `s_...`, the `sid` of its access tokens.
    pub session_id: String,
    family_hash: String,
    /// Hashes of the secrets that are good.
    current: Vec<String>,
    /// The hash of the secret that these replaced, at `rotated_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    /// Milliseconds since 1970.
    rotated_at: i64,
    /// Grows with every refresh: of two at once, one reads again.
    version: u64,
    /// The user's epoch when it began.
    epoch: u64,
    /// When it was logged in.
    pub created_at: String,
    /// When it last got an access token.
    pub last_used_at: String,
    /// What the program called itself.
    pub user_agent: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// The latest end, in seconds since 1970.
    ends_by: i64,
    /// Seconds since 1970; also the table's TTL.
    expires_at: i64,
}

// By hand: it holds hashes of secrets.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

impl Session {
    /// Whether it is still one of this user's.
    #[must_use]
    pub fn is_live(&self, user: &User) -> bool {
        self.ended_at.is_none()
            && self.epoch == user.epoch
            && self.expires_at > Timestamp::now().seconds()
            && user.status() == AdminStatus::Active
    }
}

/// What became of a refresh.
#[derive(Debug)]
pub enum Refreshed {
    /// The session goes on, with another cookie.
    Renewed(SessionCookie),
    /// There is no such session, or no longer.
    Ended,
    /// The cookie was replaced long ago, so there are two of it: the session has ended now.
    Reused,
}

/// The sessions in the `accounts` table.
#[derive(Debug, Clone)]
pub struct Sessions {
    dynamodb: Client,
    table: String,
}

impl Sessions {
    /// Reads the table's name.
    pub fn new(aws: &aws_types::SdkConfig, settings: &mut Reader<'_>) -> Self {
        Self { dynamodb: aws::dynamodb(aws), table: settings.required("TABLE_ACCOUNTS") }
    }

    /// Begins a session of a user, whose password was right as this row of theirs says.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn begin(&self, user: &User, user_agent: &str) -> Result<SessionCookie, Error> {
        let session_id = id::random("s")?;
        let cookie = SessionCookie::new(&user.id, &session_id)?;
        let now = Timestamp::now();
        let row = Session {
            kind: KIND.to_owned(),
            id: row_key(&user.id, &session_id),
            user_id: user.id.clone(),
            session_id,
            family_hash: SecretHash::of(&cookie.family).into_string(),
            current: vec![SecretHash::of(&cookie.secret).into_string()],
            previous: None,
            rotated_at: now.0,
            version: 0,
            epoch: user.epoch,
            created_at: now.rfc3339(),
            last_used_at: now.rfc3339(),
            user_agent: cut(user_agent, USER_AGENT_BYTES).to_owned(),
            ended_at: None,
            ends_by: now.plus(MAX_LIFE).seconds(),
            expires_at: now.plus(IDLE_LIFE).seconds(),
        };
        aws::put(&self.dynamodb, &self.table, ABOUT, &row).await?;
        Ok(cookie)
    }

    /// The session with this id of this user, ended or not.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn get(&self, user_id: &str, session_id: &str) -> Result<Option<Session>, Error> {
        let id = row_key(user_id, session_id);
        aws::get(&self.dynamodb, &self.table, ABOUT, [("kind", KIND), ("id", &id)]).await
    }

    /// The session of a cookie, ended or not.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn of_cookie(&self, cookie: &SessionCookie) -> Result<Option<Session>, Error> {
        let session = self.get(&cookie.user_id, &cookie.session_id).await?;
        Ok(session.filter(|session| cookie.is_of_family(&session.family_hash)))
    }

    /// Replaces a cookie, whose user this is.
    ///
    /// # Errors
    /// When the table does not answer, or too many windows refresh at once.
    pub async fn refresh(&self, cookie: &SessionCookie, user: &User) -> Result<Refreshed, Error> {
        let presented = SecretHash::of(&cookie.secret).into_string();
        for _ in 0..TRIES {
            let Some(session) = self.of_cookie(cookie).await? else { return Ok(Refreshed::Ended) };
            if !session.is_live(user) {
                return Ok(Refreshed::Ended);
            }
            let now = Timestamp::now();
            let renewed = cookie.renewed()?;
            let hash = SecretHash::of(&renewed.secret).into_string();
            let next = if session.current.contains(&presented) {
                Session {
                    current: vec![hash],
                    previous: Some(presented.clone()),
                    rotated_at: now.0,
                    ..session.clone()
                }
            } else if session.previous.as_ref() == Some(&presented)
                && now < Timestamp(session.rotated_at).plus(GRACE)
            {
                if session.current.len() >= BRANCHES_MAX {
                    return Err(busy());
                }
                let current = session.current.iter().cloned().chain([hash]).collect();
                Session { current, ..session.clone() }
            } else {
                self.end(&session.user_id, &session.session_id).await?;
                return Ok(Refreshed::Reused);
            };
            let next = Session {
                version: session.version.saturating_add(1),
                last_used_at: now.rfc3339(),
                expires_at: now.plus(IDLE_LIFE).seconds().min(session.ends_by),
                ..next
            };
            if self.replace(&session, &next).await? {
                return Ok(Refreshed::Renewed(renewed));
            }
        }
        Err(busy())
    }

    /// Writes the next state of a session, unless it has changed.
    async fn replace(&self, old: &Session, new: &Session) -> Result<bool, Error> {
        let item = serde_dynamo::to_item(new).map_err(Error::row(ABOUT))?;
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(
                "version = :version AND epoch = :epoch AND attribute_not_exists(endedAt)",
            )
            .expression_attribute_values(":version", aws::number(old.version))
            .expression_attribute_values(":epoch", aws::number(old.epoch))
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(Error::service("PutItem", ABOUT)(error)),
        }
    }

    /// Marks a session as ended; nothing when there is none. Its sockets are another's to close.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn end(&self, user_id: &str, session_id: &str) -> Result<(), Error> {
        let now = Timestamp::now();
        let id = row_key(user_id, session_id);
        let marked = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(aws::text_key([("kind", KIND), ("id", &id)])))
            .update_expression("SET endedAt = :now, expiresAt = :end")
            .condition_expression("attribute_exists(kind) AND attribute_not_exists(endedAt)")
            .expression_attribute_values(":now", AttributeValue::S(now.rfc3339()))
            .expression_attribute_values(":end", aws::number(now.plus(ENDED_LIFE).seconds()))
            .send()
            .await;
        match marked {
            Ok(_) => Ok(()),
            // Ended already, or never begun.
            Err(error) if error.as_service_error().is_some_and(is_condition) => Ok(()),
            Err(error) => Err(Error::service("UpdateItem", ABOUT)(error)),
        }
    }

    /// The live sessions of a user, the newest first.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn of_user(&self, user: &User) -> Result<Vec<Session>, Error> {
        let mut sessions = Vec::new();
        let mut pages = query(&self.dynamodb, &self.table, &user.id).into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page.map_err(Error::service("Query", ABOUT))?.items.unwrap_or_default() {
                let session: Session = serde_dynamo::from_item(item).map_err(Error::row(ABOUT))?;
                if session.is_live(user) {
                    sessions.push(session);
                }
            }
        }
        sessions.sort_by(|one, other| other.created_at.cmp(&one.created_at));
        Ok(sessions)
    }

    /// The user of a session, while both are good: what every access token is asked for.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn user_of(
        &self,
        accounts: &Accounts,
        user_id: &str,
        session_id: &str,
    ) -> Result<Option<User>, Error> {
        let (session, user) =
            futures_util::try_join!(self.get(user_id, session_id), accounts.user(user_id))?;
        Ok(match (session, user) {
            (Some(session), Some(user)) if session.is_live(&user) => Some(user),
            _ => None,
        })
    }

    /// Whether a socket of this identity may open: its session goes on, or it has none since an
    /// outside issuer vouches for it, and nobody has kept it out.
    ///
    /// # Errors
    /// When the tables do not answer.
    pub async fn admits(&self, accounts: &Accounts, identity: &Identity) -> Result<bool, Error> {
        match &identity.session_id {
            Some(session_id) => {
                let user = self.user_of(accounts, &identity.user_id, session_id).await?;
                Ok(user.is_some())
            }
            None => {
                let user = accounts.user(&identity.user_id).await?;
                Ok(user.is_none_or(|user| user.status() == AdminStatus::Active))
            }
        }
    }
}

/// The sort key of a session's row.
#[must_use]
pub fn row_key(user_id: &str, session_id: &str) -> String {
    format!("{user_id}/{session_id}")
}

/// The sort keys of all that is left of a user's sessions.
pub(crate) async fn keys_of(
    dynamodb: &Client,
    table: &str,
    user_id: &str,
) -> Result<Vec<String>, Error> {
    let mut keys = Vec::new();
    let mut pages = query(dynamodb, table, user_id).into_paginator().send();
    while let Some(page) = pages.next().await {
        for item in page.map_err(Error::service("Query", ABOUT))?.items.unwrap_or_default() {
            keys.extend(item.get("id").and_then(|id| id.as_s().ok()).cloned());
        }
    }
    Ok(keys)
}

fn query(
    dynamodb: &Client,
    table: &str,
    user_id: &str,
) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
    dynamodb
        .query()
        .table_name(table)
        .key_condition_expression("kind = :kind AND begins_with(id, :user)")
        .expression_attribute_values(":kind", AttributeValue::S(KIND.to_owned()))
        .expression_attribute_values(":user", AttributeValue::S(row_key(user_id, "")))
        .consistent_read(true)
}

fn is_condition(error: &UpdateItemError) -> bool {
    error.is_conditional_check_failed_exception()
}

fn busy() -> Error {
    Error::Refused(ErrorBody {
        retry_after_ms: Some(1_000),
        ..ErrorBody::new(ErrorCode::Busy, "This session is busy. Please try again.")
    })
}

/// As much of a text as fits, whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default()
}
