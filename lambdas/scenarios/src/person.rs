use std::fmt;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::{NewAccount, NewSession, Session, SignedUp, Ticket};

use crate::{Answer, Body, Call, Failure};

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
    /// The session's cookie at its log-in, as `name=value`: a refresh replaces it.
    pub cookie: Arc<str>,
    /// The cookie by which this browser is known at its next log-in, as `name=value`.
    pub device: Arc<str>,
}

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "parley_session";
/// The cookie of a browser that has logged in before.
pub const DEVICE_COOKIE: &str = "parley_device";

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

/// An address that is nobody's yet.
#[must_use]
pub fn fresh_email(stem: &str) -> String {
    format!("{}@example.com", fresh_name(stem))
}

/// A password that stands nowhere else.
#[must_use]
pub fn fresh_password() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The call that logs somebody in.
///
/// # Errors
/// Never in practice.
pub fn log_in(login: &str, password: &str) -> Result<Call, Failure> {
    let session = NewSession { login: login.to_owned(), password: password.to_owned() };
    Call::post("/v1/sessions").json(&session)
}

impl Body {
    /// A new person with an account and a session.
    ///
    /// # Errors
    /// When sign-up or login fails.
    pub async fn person(&self, stem: &str) -> Result<Person, Failure> {
        let (username, password) = (fresh_name(stem), fresh_password());
        let _: SignedUp = self.sign_up(&username, &password, None).await?.expect(201)?;
        self.log_in(&username, &password).await
    }

    /// Tries to make an account.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn sign_up(
        &self,
        username: &str,
        password: &str,
        email: Option<&str>,
    ) -> Result<Answer, Failure> {
        let (username, password) = (username.to_owned(), password.to_owned());
        let account = NewAccount { username, password, email: email.map(str::to_owned) };
        self.call(Call::post("/v1/accounts").json(&account)?).await
    }

    /// Tries to log in.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_log_in(&self, login: &str, password: &str) -> Result<Answer, Failure> {
        self.call(log_in(login, password)?).await
    }

    /// Somebody who has an account, with a new session.
    ///
    /// # Errors
    /// When login fails.
    pub async fn log_in(&self, login: &str, password: &str) -> Result<Person, Failure> {
        self.log_in_by(log_in(login, password)?, password).await
    }

    /// Logs in by this call.
    ///
    /// # Errors
    /// When login fails.
    pub async fn log_in_by(&self, call: Call, password: &str) -> Result<Person, Failure> {
        let answer = self.call(call).await?;
        let session: Session = answer.expect(200)?;
        Ok(Person {
            username: session.username.into(),
            password: password.into(),
            user_id: session.user_id.into(),
            access_token: session.access_token.into(),
            cookie: answer.set_cookie(SESSION_COOKIE)?.0.into(),
            device: answer.set_cookie(DEVICE_COOKIE)?.0.into(),
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

    /// Makes a call as this person, with their access token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn call_as(&self, person: &Person, call: Call) -> Result<Answer, Failure> {
        self.call(call.bearer(&person.access_token)?).await
    }

    /// A ticket for one socket.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn ticket(&self, person: &Person) -> Result<String, Failure> {
        let ticket: Ticket = self.call_as(person, Call::post("/v1/tickets")).await?.expect(200)?;
        Ok(ticket.ticket)
    }
}
