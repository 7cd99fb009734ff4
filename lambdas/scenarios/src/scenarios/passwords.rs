//! Passwords: changed, forgotten, guessed at.

use std::time::Duration;

use protocol::{ChangePassword, ErrorCode, LoginName, ResetPassword, Session};
use tokio::time::{Instant, sleep};

use super::emails::accepted;
use super::sessions::{goes_on, has_ended};
use crate::{
    Answer, Body, Call, Failure, Outcome, Person, ensure, ensure_eq, fresh_email, fresh_name,
    fresh_password, log_in,
};

/// More wrong passwords than any account lets pass at once.
const WRONG_PASSWORDS: usize = 12;

impl Body {
    /// Says that a password was forgotten.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn forgot(&self, login: &str) -> Result<Answer, Failure> {
        let login = LoginName { login: login.to_owned() };
        self.call(Call::post("/v1/password/forgot").json(&login)?).await
    }

    /// Sets a password by a link.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<Answer, Failure> {
        let reset = ResetPassword { token: token.to_owned(), password: password.to_owned() };
        self.call(Call::post("/v1/password/reset").json(&reset)?).await
    }

    async fn change_password(
        &self,
        person: &Person,
        current: &str,
        password: &str,
    ) -> Result<Answer, Failure> {
        let (current, password) = (current.to_owned(), password.to_owned());
        let change = ChangePassword { current, password };
        self.call_as(person, Call::post("/v1/password").json(&change)?).await
    }
}

/// The mailed link sets a new password, once; the old one is void, and so is every session of before.
///
/// # Errors
/// What failed.
pub async fn a_forgotten_password_is_reset_by_mail(body: &Body) -> Outcome {
    let (ada, email) = body.person_with_email("ada").await?;
    let other = body.again(&ada).await?;
    let mut sockets = [body.socket(&ada).await?, body.socket(&other).await?];

    accepted(&body.forgot(&email.to_uppercase()).await?)?;
    let token = body.link_to(&email, "reset").await?;
    ensure!(token.starts_with("p_"), "the link's secret has another form");
    // Asked for twice, in other words: both links are good until one is used.
    accepted(&body.forgot(&ada.username).await?)?;
    let unused = body.link_to(&email, "reset").await?;
    ensure!(unused != token, "the same link again");
    // Until then nothing has changed.
    goes_on(body, &ada, &mut sockets[0]).await?;

    let password = fresh_password();
    for weak in ["", "password123", &ada.username, &email] {
        let refused = body.reset_password(&token, weak).await?.problem(ErrorCode::BadRequest)?;
        ensure_eq!(refused.field.as_deref(), Some("password"), "field, for {weak:?}");
    }
    for other in ["", "p_", "p_x", &format!("{token}x"), &token.replacen('p', "v", 1)] {
        body.reset_password(other, &password).await?.problem(ErrorCode::InvalidLink)?;
    }
    body.verify_email(&token).await?.problem(ErrorCode::InvalidLink)?;

    let since = Instant::now();
    let reset = body.reset_password(&token, &password).await?;
    ensure_eq!((reset.status, reset.text.as_str()), (204, ""), "answer");
    for socket in &mut sockets {
        socket.farewell(since).await?;
    }
    has_ended(body, &ada).await?;
    has_ended(body, &other).await?;
    let old = body.try_log_in(&ada.username, &ada.password).await?;
    old.problem(ErrorCode::InvalidCredentials)?;
    for token in [&token, &unused] {
        let again = body.reset_password(token, &fresh_password()).await?;
        again.problem(ErrorCode::InvalidLink)?;
    }
    for login in [&*ada.username, &email] {
        body.try_log_in(login, &password).await?.expect::<Session>(200)?;
    }
    let mails = body.mails_to(&email).await?;
    let told = mails.last().is_some_and(|mail| mail.token("reset").is_none());
    ensure!(told, "the owner is not told that the password was reset");
    Ok(())
}

/// Whether somebody is known is not told to whoever says that they forgot.
///
/// # Errors
/// What failed.
pub async fn forgetting_is_answered_alike(body: &Body) -> Outcome {
    let (ada, email) = body.person_with_email("ada").await?;
    let without = body.person("eve").await?;
    let unknown = fresh_email("nobody");
    let logins =
        [&*email, &unknown, &ada.username, &without.username, &fresh_name("nobody"), "", "x y@z"];
    for login in logins {
        let answer = body.forgot(login).await?;
        accepted(&answer).map_err(|failure| failure.during(format!("{login:?}")))?;
        ensure!(!answer.headers.contains_key("set-cookie"), "a cookie for {login:?}");
    }
    // Whoever reads the mail of an address that is nobody's learns just that.
    let mails = body.mails_to(&unknown).await?;
    let [mail] = mails.as_slice() else {
        return Err(Failure::new("one mail to an unknown address"));
    };
    ensure!(mail.token("reset").is_none(), "a link for nobody");
    Ok(())
}

/// A password is changed by who knows it, and ends every session but the one that asks.
///
/// # Errors
/// What failed.
pub async fn a_change_keeps_the_session_that_asks(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let others = [body.again(&ada).await?, body.again(&ada).await?];
    let mut own = body.socket(&ada).await?;
    let mut sockets = [body.socket(&others[0]).await?, body.socket(&others[1]).await?];

    let password = fresh_password();
    let wrong = body.change_password(&ada, &fresh_password(), &password).await?;
    let wrong = wrong.problem(ErrorCode::BadRequest)?;
    ensure_eq!(wrong.field.as_deref(), Some("current"), "field of a wrong password");
    let weak = body.change_password(&ada, &ada.password, "password123").await?;
    let weak = weak.problem(ErrorCode::BadRequest)?;
    ensure_eq!(weak.field.as_deref(), Some("password"), "field of a weak password");
    goes_on(body, &others[0], &mut sockets[0]).await?;

    let since = Instant::now();
    let changed = body.change_password(&ada, &ada.password, &password).await?;
    ensure_eq!(changed.status, 204, "status");
    for (socket, other) in sockets.iter_mut().zip(&others) {
        socket.farewell(since).await?;
        has_ended(body, other).await?;
    }
    goes_on(body, &ada, &mut own).await?;
    body.refreshed(&ada.cookie).await?;
    let old = body.try_log_in(&ada.username, &ada.password).await?;
    old.problem(ErrorCode::InvalidCredentials)?;
    body.try_log_in(&ada.username, &password).await?.expect::<Session>(200)?;
    Ok(())
}

/// Guesses until it has to wait; for how many seconds.
async fn guess(body: &Body, login: &str, cookie: Option<&str>) -> Result<u64, Failure> {
    for wrong in 0..WRONG_PASSWORDS {
        let call = log_in(login, &fresh_password())?;
        let call = if let Some(cookie) = cookie { call.cookie(cookie)? } else { call };
        let answer = body.call(call).await?;
        if answer.status == 429 {
            ensure!(wrong >= 5, "{wrong} wrong passwords are too many already");
            return answer.retry_after();
        }
        answer.problem(ErrorCode::InvalidCredentials)?;
    }
    Err(Failure::new(format!("{WRONG_PASSWORDS} wrong passwords, and no wait")))
}

/// Wrong passwords make the next try wait: for an account, for a name that is nobody's, and for who is
/// logged in. The owner's browser does not wait for a stranger's, and nobody waits for long.
///
/// # Errors
/// What failed.
pub async fn wrong_passwords_have_to_wait(body: &Body) -> Outcome {
    let (ada, mallory) = (body.person("ada").await?, body.person("mallory").await?);
    // Each guess of a body that is slow may come after its wait has passed already.
    let wait = guess(body, &ada.username.to_uppercase(), None).await?;
    ensure!((1..=60).contains(&wait), "a wait of {wait} s");
    // The right password waits as well: or one would learn from the answer that it is right.
    let right = body.try_log_in(&ada.username, &ada.password).await?;
    right.retry_after()?;
    // To have an account is no way around it.
    let known = log_in(&ada.username, &ada.password)?.cookie(&mallory.device)?;
    body.call(known).await?.retry_after()?;
    guess(body, &fresh_name("nobody"), None).await?;

    // The owner's own browser is known, by a cookie that the next log-in keeps.
    let own = log_in(&ada.username, &ada.password)?.cookie(&ada.device)?;
    let back = body.log_in_by(own, &ada.password).await?;
    ensure_eq!(back.device, ada.device, "the browser's cookie");
    // It has a count of its own.
    guess(body, &ada.username, Some(&ada.device)).await?;

    let waited = async {
        loop {
            let answer = body.try_log_in(&ada.username, &ada.password).await?;
            if answer.status != 429 {
                return Ok::<_, Failure>(answer);
            }
            sleep(Duration::from_secs(answer.retry_after()?)).await;
        }
    };
    crate::within("end of the wait", waited).await??.expect::<Session>(200)?;
    // Then all is forgotten: a wrong password is one.
    let wrong = body.try_log_in(&ada.username, &fresh_password()).await?;
    wrong.problem(ErrorCode::InvalidCredentials)?;
    body.try_log_in(&ada.username, &ada.password).await?.expect::<Session>(200)?;
    Ok(())
}

/// Whoever sits at somebody's open browser guesses no more than a stranger, and costs them no log-in.
///
/// # Errors
/// What failed.
pub async fn guesses_from_within_have_to_wait(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    for wrong in 0..WRONG_PASSWORDS {
        let answer = body.change_password(&ada, &fresh_password(), &fresh_password()).await?;
        if answer.status == 429 {
            ensure!(wrong >= 5, "{wrong} wrong passwords are too many already");
            answer.retry_after()?;
            body.again(&ada).await?;
            return Ok(());
        }
        answer.problem(ErrorCode::BadRequest)?;
    }
    Err(Failure::new(format!("{WRONG_PASSWORDS} wrong passwords, and no wait")))
}
