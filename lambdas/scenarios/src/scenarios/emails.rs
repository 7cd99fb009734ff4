//! Addresses, and the links that make them somebody's. Part of [`super::accounts`].

use std::slice;

use futures_util::future::try_join_all;
use protocol::{
    Emails, ErrorCode, NewEmail, ResetPassword, Session, SignedUp, UnlinkEmail, VerifiedEmail,
    VerifyEmail,
};
use serde_json::Value;

use crate::{
    Answer, Body, Call, Failure, Outcome, Person, ensure, ensure_eq, fresh_email, fresh_name,
    fresh_password,
};

impl Body {
    /// Asks for a mail to an address that shall be this person's.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn ask_for_email(&self, person: &Person, email: &str) -> Result<Answer, Failure> {
        let new = NewEmail { email: email.to_owned(), password: (*person.password).to_owned() };
        self.call_as(person, Call::post("/v1/emails").json(&new)?).await
    }

    /// Opens the link that makes an address somebody's.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn verify_email(&self, token: &str) -> Result<Answer, Failure> {
        let verify = VerifyEmail { token: token.to_owned() };
        self.call(Call::post("/v1/emails/verify").json(&verify)?).await
    }

    /// Gives a person an address, by mail and link.
    ///
    /// # Errors
    /// When it does not become theirs.
    pub async fn give_email(&self, person: &Person, email: &str) -> Outcome {
        accepted(&self.ask_for_email(person, email).await?)?;
        let token = self.link_to(email, "verify").await?;
        let verified: VerifiedEmail = self.verify_email(&token).await?.expect(200)?;
        ensure_eq!(verified.username, *person.username, "whose address it is");
        Ok(())
    }

    /// A new person with a confirmed address of their own.
    ///
    /// # Errors
    /// When sign-up, login or the link fails.
    pub async fn person_with_email(&self, stem: &str) -> Result<(Person, String), Failure> {
        let (person, email) = (self.person(stem).await?, fresh_email(stem));
        self.give_email(&person, &email).await?;
        Ok((person, email))
    }

    /// The confirmed addresses of a person.
    ///
    /// # Errors
    /// When they are refused.
    pub async fn emails(&self, person: &Person) -> Result<Vec<String>, Failure> {
        let emails: Emails = self.call_as(person, Call::get("/v1/emails")).await?.expect(200)?;
        Ok(emails.emails)
    }

    async fn unlink(&self, person: &Person, email: &str) -> Result<Answer, Failure> {
        let unlink = UnlinkEmail { email: email.to_owned() };
        self.call_as(person, Call::post("/v1/emails/unlink").json(&unlink)?).await
    }
}

/// That a mail was asked for, whether or not one is sent.
pub(super) fn accepted(answer: &Answer) -> Outcome {
    ensure_eq!((answer.status, answer.text.as_str()), (202, ""), "answer");
    Ok(())
}

/// An address is somebody's once they opened the mailed link, which works once; then they log in by
/// it, in whatever case.
///
/// # Errors
/// What failed.
pub async fn a_link_confirms_an_address(body: &Body) -> Outcome {
    let (ada, email) = (body.person("ada").await?, fresh_email("Ada"));
    let wrong = Person { password: fresh_password().into(), ..ada.clone() };
    let refused = body.ask_for_email(&wrong, &email).await?.problem(ErrorCode::BadRequest)?;
    ensure_eq!(refused.field.as_deref(), Some("password"), "field");
    accepted(&body.ask_for_email(&ada, &email).await?)?;
    // Small letters, whatever was typed.
    let token = body.link_to(&email.to_lowercase(), "verify").await?;
    ensure!(token.starts_with("v_"), "the link's secret has another form");
    ensure_eq!(body.emails(&ada).await?, Vec::<String>::new(), "addresses before the link");
    let unknown = body.try_log_in(&email, &ada.password).await?;
    unknown.problem(ErrorCode::InvalidCredentials)?;

    for other in ["", "v_", "v_x", &format!("{token}x"), &token.replacen('v', "p", 1)] {
        body.verify_email(other).await?.problem(ErrorCode::InvalidLink)?;
    }
    // A link does what it was made for, and nothing else.
    let reset = ResetPassword { token: token.clone(), password: fresh_password() };
    let reset = body.call(Call::post("/v1/password/reset").json(&reset)?).await?;
    reset.problem(ErrorCode::InvalidLink)?;

    let verified: VerifiedEmail = body.verify_email(&token).await?.expect(200)?;
    ensure_eq!(verified.username, *ada.username, "user name");
    ensure_eq!(verified.email, email.to_lowercase(), "address");
    body.verify_email(&token).await?.problem(ErrorCode::InvalidLink)?;
    ensure_eq!(body.emails(&ada).await?, [email.to_lowercase()], "addresses");
    for login in [email.to_lowercase(), email.to_uppercase(), format!(" {email} ")] {
        let session: Session = body.try_log_in(&login, &ada.password).await?.expect(200)?;
        ensure_eq!(session.user_id, *ada.user_id, "who logs in by {login:?}");
    }
    Ok(())
}

/// Any of several addresses will do to log in; one that was taken away is free for others; the last
/// one stays.
///
/// # Errors
/// What failed.
pub async fn an_account_has_several_addresses_and_keeps_the_last(body: &Body) -> Outcome {
    let (ada, first) = body.person_with_email("ada").await?;
    let second = fresh_email("ada");
    body.give_email(&ada, &second).await?;
    ensure_eq!(body.emails(&ada).await?, [first.clone(), second.clone()], "addresses");
    for email in [&first, &second] {
        body.try_log_in(email, &ada.password).await?.expect::<Session>(200)?;
    }
    let again = body.ask_for_email(&ada, &first).await?.problem(ErrorCode::BadRequest)?;
    ensure_eq!(again.field.as_deref(), Some("email"), "field of an address that is there already");

    let eve = body.person("eve").await?;
    let none = body.unlink(&eve, &first).await?.problem(ErrorCode::NotFound)?;
    ensure_eq!(none.field.as_deref(), Some("email"), "field of another's address");
    ensure_eq!(body.unlink(&ada, &first.to_uppercase()).await?.status, 204, "status");
    ensure_eq!(body.emails(&ada).await?, slice::from_ref(&second), "addresses that are left");
    let unknown = body.try_log_in(&first, &ada.password).await?;
    unknown.problem(ErrorCode::InvalidCredentials)?;
    let last = body.unlink(&ada, &second).await?.problem(ErrorCode::LastEmail)?;
    ensure_eq!(last.field.as_deref(), Some("email"), "field of the last address");
    body.unlink(&ada, &first).await?.problem(ErrorCode::NotFound)?;

    body.give_email(&eve, &first).await?;
    let session: Session = body.try_log_in(&first, &eve.password).await?.expect(200)?;
    ensure_eq!(session.user_id, *eve.user_id, "who logs in by an address that was another's");
    Ok(())
}

/// Of an answer: all but what is another's each time.
fn shape(answer: &Answer) -> Result<(u16, Vec<String>, Vec<String>), Failure> {
    let body: Value = serde_json::from_str(&answer.text)?;
    let fields = body.as_object().into_iter().flatten();
    let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort_unstable();
    Ok((answer.status, fields.map(|(name, _)| name.clone()).collect(), headers))
}

/// Whoever signs up with another's address is answered as with any address; the owner alone is told.
///
/// # Errors
/// What failed.
pub async fn a_known_address_is_told_to_its_owner_alone(body: &Body) -> Outcome {
    let (ada, known) = body.person_with_email("ada").await?;
    let unknown = fresh_email("eve");
    let (name, password) = (fresh_name("eve"), fresh_password());
    let answer = body.sign_up(&name, &password, Some(&known.to_uppercase())).await?;
    let other = body.sign_up(&fresh_name("eve"), &fresh_password(), Some(&unknown)).await?;
    ensure_eq!(shape(&answer)?, shape(&other)?, "form of the answers");
    let [eve, other]: [SignedUp; 2] = [answer.expect(201)?, other.expect(201)?];
    ensure_eq!(eve.status, other.status, "status of the accounts");

    let mails = body.mails_to(&known).await?;
    let told = mails.last().ok_or_else(|| Failure::new("the owner is not told"))?;
    ensure!(told.token("verify").is_none(), "the owner would give their address away");
    ensure!(told.text.contains(&*ada.username), "the mail does not say whose address it is");
    ensure!(!told.text.contains(&name), "the mail tells who tried");
    body.link_to(&unknown, "verify").await?;

    // The name is hers, the address is not.
    let again = body.sign_up(&name, &fresh_password(), None).await?;
    again.problem(ErrorCode::NameTaken)?;
    let eve = body.log_in(&name, &password).await?;
    ensure_eq!(body.emails(&eve).await?, Vec::<String>::new(), "addresses");
    let by_address = body.try_log_in(&known, &password).await?;
    by_address.problem(ErrorCode::InvalidCredentials)?;
    // Nor does it tell more to ask for it later.
    let count = body.mails_to(&known).await?.len();
    accepted(&body.ask_for_email(&eve, &known).await?)?;
    let mails = body.mails_to(&known).await?;
    ensure_eq!(mails.len(), count + 1, "mails");
    ensure!(mails.last().is_some_and(|mail| mail.token("verify").is_none()), "a link was sent");
    Ok(())
}

/// Two people who gave one address both get a link, and the address is whose link is opened first, at
/// the same time too.
///
/// # Errors
/// What failed.
pub async fn two_sign_ups_racing_for_one_address_have_one_owner(body: &Body) -> Outcome {
    let email = fresh_email("race");
    let racers: Vec<_> = (0..3).map(|_| (fresh_name("racer"), fresh_password())).collect();
    let sign_ups = racers.iter().map(|(name, password)| body.sign_up(name, password, Some(&email)));
    for answer in try_join_all(sign_ups).await? {
        answer.expect::<SignedUp>(201)?;
    }
    let mails = body.mails_to(&email).await?;
    let links: Vec<_> = mails.iter().filter_map(|mail| mail.token("verify")).collect();
    ensure_eq!(links.len(), racers.len(), "links");
    let opened = try_join_all(links.iter().map(|token| body.verify_email(token))).await?;
    let mut owners = Vec::new();
    for answer in &opened {
        if answer.status == 200 {
            owners.push(answer.expect::<VerifiedEmail>(200)?.username);
        } else {
            answer.problem(ErrorCode::EmailTaken)?;
        }
    }
    ensure_eq!(owners.len(), 1, "owners of one address");
    for (name, password) in &racers {
        let answer = body.try_log_in(&email, password).await?;
        if owners.contains(name) {
            ensure_eq!(answer.expect::<Session>(200)?.username, *name, "who logs in");
        } else {
            answer.problem(ErrorCode::InvalidCredentials)?;
        }
    }
    Ok(())
}
