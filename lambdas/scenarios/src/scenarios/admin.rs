//! What administrators do, from the command line.

use std::slice;

use protocol::{
    AdminCommand, AdminStatus, ErrorCode, Greeting, Me, MessagesPage, Role, Session, Stored,
};
use serde_json::json;
use tokio::time::Instant;

use super::sessions::{goes_on, has_ended};
use super::sockets::expect_no_socket;
use crate::{
    Answer, Body, Call, Failure, Outcome, Person, ensure, ensure_eq, fresh_email, fresh_name,
    fresh_password,
};

impl Body {
    /// An account that an administrator makes: its name, and the secret of its link.
    async fn made_by_admin(
        &self,
        email: Option<&str>,
        role: Role,
    ) -> Result<(String, String), Failure> {
        let username = fresh_name("made");
        let email = email.map(str::to_owned);
        let create = AdminCommand::CreateUser { username: username.clone(), email, role };
        let done = self.admin(create).await?;
        ensure_eq!((&done.user.username, done.user.role), (&username, role), "the account");
        ensure_eq!(done.user.status, AdminStatus::Active, "its status");
        let link = done.link.ok_or_else(|| Failure::new("no link"))?.url;
        let token = link_token(&link, "welcome", &username)?;
        Ok((username, token))
    }

    async fn me(&self, person: &Person) -> Result<Me, Failure> {
        self.call_as(person, Call::get("/v1/me")).await?.expect(200)
    }
}

/// The secret of a link to this page, which names the user as well.
fn link_token(link: &str, page: &str, username: &str) -> Result<String, Failure> {
    let parts = link.split_once(&format!("/{page}#token="));
    let parts = parts.and_then(|(site, rest)| Some((site, rest.split_once("&name=")?)));
    let Some((site, (token, name))) = parts else { return Err(Failure::new("another link")) };
    ensure!(site.starts_with("http"), "a link to {site}");
    ensure_eq!(name, username, "whom the link names");
    Ok(token.to_owned())
}

fn user(person: &Person) -> String {
    (*person.username).to_owned()
}

fn unknown(answer: &Answer) -> Outcome {
    answer.problem(ErrorCode::InvalidCredentials).map(drop)
}

/// Somebody gets a link, chooses a password by it, once, and is there.
///
/// # Errors
/// What failed.
pub async fn an_account_made_by_an_administrator_begins_with_its_link(body: &Body) -> Outcome {
    let email = fresh_email("made");
    let (name, token) = body.made_by_admin(Some(&email), Role::User).await?;
    for password in ["", "x", &fresh_password()] {
        unknown(&body.try_log_in(&name, password).await?)?;
    }
    let password = fresh_password();
    let weak = body.reset_password(&token, "password123").await?.problem(ErrorCode::BadRequest)?;
    ensure_eq!(weak.field.as_deref(), Some("password"), "field");
    ensure_eq!(body.reset_password(&token, &password).await?.status, 204, "status");
    let again = body.reset_password(&token, &fresh_password()).await?;
    again.problem(ErrorCode::InvalidLink)?;
    // The administrator vouched for the address.
    let made = body.log_in(&email.to_uppercase(), &password).await?;
    ensure_eq!(*made.username, name, "who logs in by the address");
    ensure_eq!(body.emails(&made).await?, slice::from_ref(&email), "addresses");
    goes_on(body, &made, &mut body.socket(&made).await?).await?;

    // Neither name nor address is free.
    let taken = |username: String, email: Option<String>| AdminCommand::CreateUser {
        username,
        email,
        role: Role::User,
    };
    let same_name = taken(name.to_uppercase(), None);
    body.admin_refused(same_name, ErrorCode::NameTaken).await?;
    let other = fresh_name("made");
    let same_email = taken(other.clone(), Some(email));
    body.admin_refused(same_email, ErrorCode::EmailTaken).await?;
    // What was refused has left nothing behind.
    body.admin(taken(other, None)).await?;
    Ok(())
}

/// Somebody who forgot their password and gets no mail is given a link by an administrator. It ends
/// their sessions, and is good once.
///
/// # Errors
/// What failed.
pub async fn a_new_link_is_for_who_forgot_and_gets_no_mail(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let done = body.admin(AdminCommand::NewLink { user: user(&ada) }).await?;
    let link = done.link.ok_or_else(|| Failure::new("no link"))?.url;
    let token = link_token(&link, "reset", &ada.username)?;
    // It has changed nothing yet.
    goes_on(body, &ada, &mut socket).await?;

    let password = fresh_password();
    let since = Instant::now();
    ensure_eq!(body.reset_password(&token, &password).await?.status, 204, "status");
    socket.farewell(since).await?;
    has_ended(body, &ada).await?;
    unknown(&body.try_log_in(&ada.username, &ada.password).await?)?;
    body.log_in(&ada.username, &password).await?;
    let again = body.reset_password(&token, &fresh_password()).await?;
    again.problem(ErrorCode::InvalidLink)?;
    Ok(())
}

/// What somebody may do is for an administrator to say, and shown to them.
///
/// # Errors
/// What failed.
pub async fn roles_are_shown(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    ensure_eq!(body.me(&ada).await?.role, Role::User, "role at first");
    for role in [Role::Admin, Role::Admin, Role::User] {
        let done = body.admin(AdminCommand::SetRole { user: user(&ada), role }).await?;
        ensure_eq!(done.user.role, role, "role in the answer");
        ensure_eq!(body.me(&ada).await?.role, role, "role");
    }
    let (name, token) = body.made_by_admin(None, Role::Admin).await?;
    let password = fresh_password();
    ensure_eq!(body.reset_password(&token, &password).await?.status, 204, "status");
    let made = body.log_in(&name, &password).await?;
    ensure_eq!(body.me(&made).await?.role, Role::Admin, "role of the one that was made");
    let shown = body.admin(AdminCommand::Show { user: name.clone() }).await?;
    ensure_eq!((shown.user.username, shown.user.role), (name, Role::Admin), "what is shown");
    Ok(())
}

/// A disabled account is out within five seconds, with sockets, tokens and cookies, and in again once it
/// is enabled, by a new log-in.
///
/// # Errors
/// What failed.
pub async fn disable_closes_and_enable_lets_in_again(body: &Body) -> Outcome {
    let (ada, eve) = (body.person("ada").await?, body.person("eve").await?);
    let other = body.again(&ada).await?;
    let ticket = body.ticket(&ada).await?;
    let mut sockets = [body.socket(&ada).await?, body.socket(&other).await?];
    let mut eves = body.socket(&eve).await?;
    let since = Instant::now();
    let done = body.admin(AdminCommand::Disable { user: user(&ada) }).await?;
    for socket in &mut sockets {
        socket.farewell(since).await?;
    }
    ensure_eq!(done.user.status, AdminStatus::Disabled, "status");
    has_ended(body, &ada).await?;
    has_ended(body, &other).await?;
    expect_no_socket(body, &ticket, "a ticket of before").await?;
    goes_on(body, &eve, &mut eves).await?;
    // Whoever does not know the password does not learn of it.
    unknown(&body.try_log_in(&ada.username, &fresh_password()).await?)?;
    let refused = body.try_log_in(&ada.username, &ada.password).await?;
    refused.problem(ErrorCode::AccountDisabled)?;
    // Done again it changes nothing.
    body.admin(AdminCommand::Disable { user: ada.user_id.to_string() }).await?;

    let done = body.admin(AdminCommand::Enable { user: user(&ada) }).await?;
    ensure_eq!(done.user.status, AdminStatus::Active, "status");
    has_ended(body, &ada).await?;
    let ada = body.again(&ada).await?;
    goes_on(body, &ada, &mut body.socket(&ada).await?).await
}

/// All sessions of somebody end, and they may come again.
///
/// # Errors
/// What failed.
pub async fn sessions_are_ended(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let other = body.again(&ada).await?;
    let mut sockets = [body.socket(&ada).await?, body.socket(&other).await?];
    let since = Instant::now();
    let done = body.admin(AdminCommand::EndSessions { user: user(&ada) }).await?;
    for socket in &mut sockets {
        socket.farewell(since).await?;
    }
    ensure_eq!(done.user.status, AdminStatus::Active, "status");
    has_ended(body, &ada).await?;
    has_ended(body, &other).await?;
    let ada = body.again(&ada).await?;
    goes_on(body, &ada, &mut body.socket(&ada).await?).await
}

/// An outside person can be kept out, and let in again.
///
/// # Errors
/// What failed.
pub async fn an_outside_person_can_be_kept_out(body: &Body) -> Outcome {
    let outside = body.outside()?;
    let token = outside.signed(&outside.token(&fresh_name("employee"), "mallory")?);
    let mut socket = body.socket_with(&token).await?;
    let hello: Greeting = socket.request("hello", json!({})).await?.ok()?;
    let user = hello.user_id;
    let since = Instant::now();
    body.admin(AdminCommand::EndSessions { user: user.clone() }).await?;
    socket.farewell(since).await?;
    let mut socket = body.socket_with(&token).await?;
    let since = Instant::now();
    let done = body.admin(AdminCommand::Disable { user: user.clone() }).await?;
    socket.farewell(since).await?;
    ensure_eq!((done.user.user_id, done.user.status), (user.clone(), AdminStatus::Disabled), "who");
    expect_no_socket(body, &token, "a disabled outside person").await?;
    let set_role = AdminCommand::SetRole { user: user.clone(), role: Role::Admin };
    body.admin_refused(set_role, ErrorCode::BadRequest).await?;
    body.admin(AdminCommand::Enable { user }).await?;
    body.socket_with(&token).await?.close().await
}

/// Of an erased person nothing is left but their numbers and their name, which nobody else gets.
///
/// # Errors
/// What failed.
pub async fn erase_leaves_numbers_and_the_name(body: &Body) -> Outcome {
    let (mallory, email) = body.person_with_email("mallory").await?;
    let ada = body.person("ada").await?;
    let (mut his, mut hers) = (body.socket(&mallory).await?, body.socket(&ada).await?);
    // Told from those of another run, whose erasing may have failed.
    let words = fresh_name("words");
    let mut sent = Vec::new();
    for number in 0..6 {
        let socket = if number % 2 == 0 { &mut his } else { &mut hers };
        let fields = json!({ "content": format!("{words} {number}") });
        let stored: Stored = socket.request("sendMessage", fields).await?.ok()?;
        sent.push(stored.seq);
    }
    let since = Instant::now();
    let mut done = body.admin(AdminCommand::Erase { user: user(&mallory) }).await?;
    his.farewell(since).await?;
    let mut erased = done.erased;
    while done.more {
        done = body.admin(AdminCommand::Erase { user: user(&mallory) }).await?;
        erased += done.erased;
    }
    ensure_eq!(erased, 3, "messages that were erased");
    ensure_eq!(done.user.status, AdminStatus::Erased, "status");
    ensure_eq!((done.user.username.as_str(), done.user.emails.len()), ("", 0), "what is left");

    // Their messages are gone from every view of the room; the numbers of the others stay.
    let mine: Vec<u64> = sent.iter().skip(1).step_by(2).copied().collect();
    let (first, last) = (sent.first().map_or(0, |seq| seq - 1), sent.last().copied().unwrap_or(0));
    let fields = json!({ "limit": 6 });
    let page = hers.request("getRecentMessages", fields).await?;
    let raw = page.outcome.clone().map_or_else(|_| String::new(), |frame| frame.to_string());
    let page: MessagesPage = page.ok()?;
    ensure_eq!(page.head, last, "head");
    let shown = page.messages.iter().filter(|message| message.seq > first);
    ensure_eq!(shown.map(|message| message.seq).collect::<Vec<_>>(), mine, "history");
    let fields = json!({ "after": first, "limit": 100 });
    let resumed = hers.request("getRecentMessages", fields).await?;
    let frame = resumed.outcome.map_err(|error| Failure::new(format!("refused: {error:?}")))?;
    ensure_eq!(frame.get("through"), Some(&json!(last)), "number that the changes go up to");
    let changes = frame.get("changes").and_then(serde_json::Value::as_array);
    let changes: Vec<_> =
        changes.into_iter().flatten().map(|one| (one.get("seq"), one.get("kind"))).collect();
    let (there, gone) = (json!("message"), json!("delete"));
    let all: Vec<_> = sent.iter().map(|seq| (json!(seq), mine.contains(seq))).collect();
    let expected =
        all.iter().map(|(seq, is_there)| (Some(seq), Some(if *is_there { &there } else { &gone })));
    ensure_eq!(changes, expected.collect::<Vec<_>>(), "changes");
    for text in [raw, frame.to_string()] {
        let gone = [0, 2, 4].map(|number| format!("{words} {number}"));
        let gone = gone.iter().map(String::as_str);
        for gone in gone.chain([&*mallory.username, &*mallory.user_id]) {
            ensure!(!text.contains(gone), "{gone} is still shown");
        }
    }
    // The next message has the next number.
    let fields = json!({ "content": "and on" });
    let next: Stored = hers.request("sendMessage", fields).await?.ok()?;
    ensure_eq!(next.seq, last + 1, "number of the next message");

    has_ended(body, &mallory).await?;
    for login in [&*mallory.username, &email] {
        unknown(&body.try_log_in(login, &mallory.password).await?)?;
    }
    let name = body.sign_up(&mallory.username, &fresh_password(), None).await?;
    name.problem(ErrorCode::NameTaken)?;
    body.give_email(&ada, &email).await?;
    // Done again it finds nothing; there is no way back.
    let again = body.admin(AdminCommand::Erase { user: mallory.user_id.to_string() }).await?;
    ensure_eq!((again.erased, again.more), (0, false), "what a second time erases");
    for command in [
        AdminCommand::Enable { user: user(&mallory) },
        AdminCommand::SetRole { user: user(&mallory), role: Role::Admin },
    ] {
        body.admin_refused(command, ErrorCode::NotFound).await?;
    }
    body.try_log_in(&email, &ada.password).await?.expect::<Session>(200)?;
    Ok(())
}

/// Commands about nobody, and for what is no name.
///
/// # Errors
/// What failed.
pub async fn what_does_not_exist_is_refused(body: &Body) -> Outcome {
    let nobody = fresh_name("nobody");
    for who in [nobody.as_str(), &fresh_email("nobody"), "u_nobody", "%", "-"] {
        let user = || who.to_owned();
        for command in [
            AdminCommand::Show { user: user() },
            AdminCommand::SetRole { user: user(), role: Role::Admin },
            AdminCommand::Disable { user: user() },
            AdminCommand::Enable { user: user() },
            AdminCommand::EndSessions { user: user() },
            AdminCommand::Erase { user: user() },
        ] {
            let name = command.name();
            let refused = body.admin_refused(command, ErrorCode::NotFound).await;
            refused.map_err(|failure| failure.during(format!("{name} {who}")))?;
        }
    }
    for (username, email) in [("a b", None), ("intranet/ada", None), (&*nobody, Some("nowhere"))] {
        let (username, email) = (username.to_owned(), email.map(str::to_owned));
        let create = AdminCommand::CreateUser { username, email, role: Role::User };
        body.admin_refused(create, ErrorCode::BadRequest).await?;
    }
    Ok(())
}
