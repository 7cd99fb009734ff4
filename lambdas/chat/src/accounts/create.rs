//! A new account: its row, and the claims on its name and address, all or none.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use protocol::Role;
use serde::Serialize;

use super::{ABOUT, Accounts, Claim, EMAIL, Email, LOOKALIKE, NAME, USER, User, UserName, put};
use crate::aws::{self, Transacted, number};
use crate::clock::Timestamp;
use crate::{Error, id};

/// An account to be.
#[derive(Clone)]
pub struct NewUser {
    /// Its name.
    pub name: UserName,
    /// The password's hash, if one was chosen.
    pub password_hash: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The address.
    pub email: Option<Email>,
    /// What makes the address theirs.
    pub proof: Proof,
}

// By hand: it holds a password's hash.
impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whether an address is known to be somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// An administrator says so.
    Vouched,
    /// A link will tell. Until then the account is there, without the address.
    Later,
    /// A link will tell, by this time in seconds since 1970: without it the account ends.
    By(i64),
}

/// What became of a [`NewUser`].
#[derive(Debug)]
pub enum Created {
    /// The account.
    User(User),
    /// Somebody has the name, or one that looks like it.
    NameTaken,
    /// Somebody has the address that was vouched for.
    EmailTaken,
}

#[derive(Serialize)]
struct Row<'a> {
    kind: &'static str,
    #[serde(flatten)]
    user: &'a User,
}

impl Accounts {
    /// Makes an account.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn create(&self, new: NewUser) -> Result<Created, Error> {
        let NewUser { name, password_hash, role, email, proof } = new;
        let expires_at = match proof {
            Proof::By(end) => Some(end),
            Proof::Vouched | Proof::Later => None,
        };
        let address = email.as_ref().map(|email| email.as_str().to_owned());
        let vouched = proof == Proof::Vouched;
        let user = User {
            id: id::random("u")?,
            username: name.as_str().to_owned(),
            password_hash,
            role,
            emails: address.clone().filter(|_| vouched).into_iter().collect(),
            pending_email: address.clone().filter(|_| !vouched),
            epoch: 0,
            created_at: Timestamp::now().rfc3339(),
            disabled: false,
            erased_at: None,
            expires_at,
        };
        let claim = |kind: &str, id: String| Claim {
            kind: kind.to_owned(),
            id,
            user_id: user.id.clone(),
            expires_at,
        };
        let mut items = vec![
            self.put_new(&Row { kind: USER, user: &user })?,
            self.put_new(&claim(NAME, name.key()))?,
        ];
        for skeleton in name.lookalikes() {
            items.push(self.put_new(&claim(LOOKALIKE, skeleton))?);
        }
        let names = items.len();
        if let Some(address) = address.filter(|_| vouched) {
            items.push(self.put_new(&claim(EMAIL, address))?);
        }
        Ok(match aws::transact(&self.dynamodb, ABOUT, items).await? {
            Transacted::Done => Created::User(user),
            Transacted::Refused(which) if which.iter().take(names).any(|taken| *taken) => {
                Created::NameTaken
            }
            Transacted::Refused(_) => Created::EmailTaken,
        })
    }

    /// A row where there is none, or none any more.
    fn put_new(&self, row: &impl Serialize) -> Result<TransactWriteItem, Error> {
        put(Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(row).map_err(Error::row(ABOUT))?))
            .condition_expression("attribute_not_exists(kind) OR expiresAt <= :now")
            .expression_attribute_values(":now", number(Timestamp::now().seconds())))
    }
}
