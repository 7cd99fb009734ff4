use std::fmt;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::{NewAccount, NewSession, Session, Ticket};

use crate::{Body, Call, Failure};

/// How many sign up at once: more than a few only queue for the processor, since each password is
/// hashed slowly on purpose.
const SIGNUPS_AT_ONCE: usize = 8;

/// Somebody with an account and a session.
#[derive(Clone)]
pub struct Person {
    /// The name others see.
    pub username: Arc<str>,
    /// The password.
    pub password: Arc<str>,
    /// Who the server says it is: `u_...`.
    pub user_id: Arc<str>,
    /// A JWT, good for 15 minutes.
    pub access_token: Arc<str>,
}

// By hand, so that no token reaches a log by way of `{:?}`.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Person").field(&self.username).finish()
    }
}

/// A name that nobody has yet, on a body that may have seen this scenario before.
#[must_use]
pub fn fresh_name(stem: &str) -> String {
    format!("{stem}-{:010x}", fastrand::u64(..1 << 40))
}

/// A password that stands nowhere else.
#[must_use]
pub fn fresh_password() -> String {
    format!("{:032x}", fastrand::u128(..))
}

impl Body {
    /// A new person with an account and a session.
    ///
    /// # Errors
    /// When sign-up or login fails.
    pub async fn person(&self, stem: &str) -> Result<Person, Failure> {
        let (username, password) = (fresh_name(stem), fresh_password());
        let account =
            NewAccount { username: username.clone(), password: password.clone(), email: None };
        let _: serde_json::Value =
            self.call(Call::post("/v1/accounts").json(&account)?).await?.expect(201)?;
        self.log_in(&username, &password).await
    }

    /// Somebody who has an account, with a new session.
    ///
    /// # Errors
    /// When login fails.
    pub async fn log_in(&self, login: &str, password: &str) -> Result<Person, Failure> {
        let login = NewSession { login: login.to_owned(), password: password.to_owned() };
        let session: Session =
            self.call(Call::post("/v1/sessions").json(&login)?).await?.expect(200)?;
        Ok(Person {
            username: session.username.into(),
            password: password.into(),
            user_id: session.user_id.into(),
            access_token: session.access_token.into(),
        })
    }

    /// So many new people.
    ///
    /// # Errors
    /// When sign-up or login fails.
    pub async fn people(&self, count: usize) -> Result<Vec<Person>, Failure> {
        stream::iter(0..count)
            .map(|_| self.person("crowd"))
            .buffer_unordered(SIGNUPS_AT_ONCE)
            .try_collect()
            .await
    }

    /// A ticket for one socket.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn ticket(&self, person: &Person) -> Result<String, Failure> {
        let call = Call::post("/v1/tickets").bearer(&person.access_token)?;
        let ticket: Ticket = self.call(call).await?.expect(200)?;
        Ok(ticket.ticket)
    }
}
