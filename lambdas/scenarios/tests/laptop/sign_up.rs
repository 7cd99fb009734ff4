//! Sign-ups where an address has to be confirmed first, where they are for some only, or for nobody.

use laptop::Config;
use protocol::{
    AccountStatus, AdminCommand, ErrorCode, LoginName, Role, Session, SignUp, SignUpPolicy,
    SignedUp, VerifiedEmail,
};
use scenarios::{
    Answer, Call, Failure, Outcome, ensure, ensure_eq, fresh_email, fresh_name, fresh_password,
};

use crate::support::{Here, to_settings};

/// Longer than an account waits for its address, in seconds.
const A_DAY: i64 = 24 * 3_600 + 1;

async fn policy(here: &Here) -> Result<SignUpPolicy, Failure> {
    here.body.call(Call::get("/v1/sign-up")).await?.expect(200)
}

/// Asks for the mail of the sign-up once more.
async fn link_again(here: &Here, login: &str) -> Result<Answer, Failure> {
    let login = LoginName { login: login.to_owned() };
    here.body.call(Call::post("/v1/accounts/link").json(&login)?).await
}

fn of_field(answer: &Answer, code: ErrorCode, field: Option<&str>) -> Outcome {
    ensure_eq!(answer.problem(code)?.field.as_deref(), field, "field");
    Ok(())
}

/// Signs up with an address that is not confirmed yet.
async fn unverified(here: &Here, name: &str, password: &str, email: &str) -> Outcome {
    let signed_up: SignedUp = here.body.sign_up(name, password, Some(email)).await?.expect(201)?;
    ensure_eq!(signed_up.status, AccountStatus::Unverified, "status of the account");
    let refused = here.body.try_log_in(name, password).await?;
    ensure!(!refused.headers.contains_key("set-cookie"), "a session before the link");
    refused.problem(ErrorCode::NotVerified)?;
    Ok(())
}

#[tokio::test]
async fn a_log_in_waits_for_the_link() -> Outcome {
    let here = Here::set(&[("VERIFY_EMAIL", "on")]).await?;
    let body = &here.body;
    ensure!(policy(&here).await?.verify_email, "the page is not told");
    let (name, password, email) = (fresh_name("ada"), fresh_password(), fresh_email("ada"));
    for none in [None, Some(""), Some(" ")] {
        let answer = body.sign_up(&name, &password, none).await?;
        of_field(&answer, ErrorCode::BadRequest, Some("email"))?;
    }
    unverified(&here, &name, &password, &email).await?;
    // Only whoever knows the password learns what is missing.
    let wrong = body.try_log_in(&name, &fresh_password()).await?;
    wrong.problem(ErrorCode::InvalidCredentials)?;
    let by_address = body.try_log_in(&email, &password).await?;
    by_address.problem(ErrorCode::InvalidCredentials)?;
    let first = body.link_to(&email, "verify").await?;

    for (login, mails) in [(name.to_uppercase(), 2), (fresh_name("nobody"), 2), (email.clone(), 2)]
    {
        let answer = link_again(&here, &login).await?;
        ensure_eq!((answer.status, answer.text.as_str()), (202, ""), "answer");
        ensure_eq!(body.mails_to(&email).await?.len(), mails, "mails after {login}");
    }
    // Who says that they forgot has not confirmed yet: they get this link, not the other.
    let forgot = body.forgot(&name).await?;
    ensure_eq!(forgot.status, 202, "status");
    let mails = body.mails_to(&email).await?;
    ensure!(mails.iter().all(|mail| mail.token("reset").is_none()), "a reset for nobody");
    let latest = body.link_to(&email, "verify").await?;
    ensure!(latest != first, "the same link again");

    let verified: VerifiedEmail = body.verify_email(&latest).await?.expect(200)?;
    ensure_eq!((verified.username, verified.email), (name.clone(), email.clone()), "whose");
    body.verify_email(&first).await?.problem(ErrorCode::InvalidLink)?;
    for login in [name.to_uppercase(), email.clone()] {
        body.try_log_in(&login, &password).await?.expect::<Session>(200)?;
    }
    ensure_eq!(link_again(&here, &name).await?.status, 202, "status");
    ensure_eq!(body.mails_to(&email).await?.len(), mails.len(), "mails once confirmed");

    // It is there to stay, with its name.
    for kind in ["user", "name", "lookalike", "email"] {
        let rows = here.accounts(kind).await?;
        ensure!(!rows.is_empty(), "no {kind}");
        ensure!(rows.iter().all(|row| !row.contains_key("expiresAt")), "a {kind} ends by itself");
    }
    here.stop().await
}

#[tokio::test]
async fn an_account_that_is_not_confirmed_lapses() -> Outcome {
    let here = Here::set(&[("VERIFY_EMAIL", "on")]).await?;
    let body = &here.body;
    let (name, password, email) = (fresh_name("ada"), fresh_password(), fresh_email("ada"));
    unverified(&here, &name, &password, &email).await?;
    let taken = body.sign_up(&name, &fresh_password(), Some(&fresh_email("eve"))).await?;
    taken.problem(ErrorCode::NameTaken)?;
    let link = body.link_to(&email, "verify").await?;

    // The rows are still there: the table's own clean-up is slow.
    here.shift(&["user", "name", "lookalike"], "expiresAt", -A_DAY).await?;
    let unknown = body.try_log_in(&name, &password).await?;
    unknown.problem(ErrorCode::InvalidCredentials)?;
    ensure_eq!(link_again(&here, &name).await?.status, 202, "status");
    ensure_eq!(body.mails_to(&email).await?.len(), 1, "mails to who has lapsed");
    // Its link, which was sent later, gives nobody's account an address.
    body.verify_email(&link).await?.problem(ErrorCode::InvalidLink)?;

    let (other, her_email) = (fresh_password(), fresh_email("eve"));
    unverified(&here, &name.to_uppercase(), &other, &her_email).await?;
    body.verify_email(&link).await?.problem(ErrorCode::InvalidLink)?;
    let her_link = body.link_to(&her_email, "verify").await?;
    let _: VerifiedEmail = body.verify_email(&her_link).await?.expect(200)?;
    let eve = body.log_in(&name, &other).await?;
    ensure_eq!(*eve.username, name.to_uppercase(), "user name");
    let old = body.try_log_in(&name, &password).await?;
    old.problem(ErrorCode::InvalidCredentials)?;
    here.stop().await
}

#[tokio::test]
async fn a_link_lapses_too() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let (ada, email) = body.person_with_email("ada").await?;
    let second = fresh_email("ada");
    ensure_eq!(body.ask_for_email(&ada, &second).await?.status, 202, "status");
    ensure_eq!(body.forgot(&email).await?.status, 202, "status");
    let (verify, reset) =
        (body.link_to(&second, "verify").await?, body.link_to(&email, "reset").await?);
    let rows = format!("{:?}", here.accounts("link").await?);
    ensure!(!rows.contains(&verify) && !rows.contains(&reset), "the table holds a secret");
    here.shift(&["link"], "expiresAt", -3_601).await?;
    let refused = body.reset_password(&reset, &fresh_password()).await?;
    refused.problem(ErrorCode::InvalidLink)?;
    here.shift(&["link"], "expiresAt", 3_601 - A_DAY).await?;
    body.verify_email(&verify).await?.problem(ErrorCode::InvalidLink)?;
    body.again(&ada).await?;
    here.stop().await
}

#[tokio::test]
async fn of_two_unconfirmed_accounts_one_gets_the_address() -> Outcome {
    let here = Here::set(&[("VERIFY_EMAIL", "on")]).await?;
    let body = &here.body;
    let email = fresh_email("ada");
    let [(ada, hers), (eve, his)] = ["ada", "eve"].map(|stem| (fresh_name(stem), fresh_password()));
    unverified(&here, &ada, &hers, &email).await?;
    unverified(&here, &eve, &his, &email).await?;
    let mails = body.mails_to(&email).await?;
    let links: Vec<_> = mails.iter().filter_map(|mail| mail.token("verify")).collect();
    let [hers_link, his_link] = links.as_slice() else { return Err(Failure::new("two links")) };
    let _: VerifiedEmail = body.verify_email(hers_link).await?.expect(200)?;
    body.verify_email(his_link).await?.problem(ErrorCode::EmailTaken)?;
    body.try_log_in(&eve, &his).await?.problem(ErrorCode::NotVerified)?;
    let session: Session = body.try_log_in(&email, &hers).await?.expect(200)?;
    ensure_eq!(session.username, ada, "whose address it is");
    here.stop().await
}

#[tokio::test]
async fn sign_ups_can_be_for_some_domains() -> Outcome {
    let settings = [
        ("SIGNUP", "domain"),
        ("SIGNUP_DOMAINS", "Example.com  dept.example"),
        ("VERIFY_EMAIL", "on"),
    ];
    let here = Here::set(&settings).await?;
    let body = &here.body;
    let told = policy(&here).await?;
    ensure_eq!((told.sign_up, told.verify_email), (SignUp::Domain, true), "policy");
    ensure_eq!(told.domains, ["example.com", "dept.example"], "domains");
    let (name, password) = (fresh_name("ada"), fresh_password());
    for foreign in
        ["a@evil.example", "a@sub.example.com", "a@example.com.evil.example", "a@notexample.com"]
    {
        let answer = body.sign_up(&name, &password, Some(foreign)).await?;
        of_field(&answer, ErrorCode::SignUpClosed, Some("email"))?;
        ensure_eq!(body.mails_to(foreign).await?.len(), 0, "mails to {foreign}");
    }
    let none = body.sign_up(&name, &password, None).await?;
    of_field(&none, ErrorCode::BadRequest, Some("email"))?;
    for domain in ["EXAMPLE.com", "dept.example"] {
        let (name, email) = (fresh_name("ada"), format!("{}@{domain}", fresh_name("ada")));
        unverified(&here, &name, &password, &email).await?;
        let link = body.link_to(&email.to_lowercase(), "verify").await?;
        let _: VerifiedEmail = body.verify_email(&link).await?.expect(200)?;
        body.log_in(&name, &password).await?;
    }
    here.stop().await
}

#[tokio::test]
async fn sign_ups_can_be_closed() -> Outcome {
    let here = Here::set(&[("SIGNUP", "closed"), ("VERIFY_EMAIL", "on")]).await?;
    let body = &here.body;
    ensure_eq!(policy(&here).await?.sign_up, SignUp::Closed, "policy");
    for email in [None, Some("ada@example.com")] {
        let answer = body.sign_up(&fresh_name("ada"), &fresh_password(), email).await?;
        of_field(&answer, ErrorCode::SignUpClosed, None)?;
    }
    // An administrator makes accounts, also without an address.
    let username = fresh_name("made");
    let create =
        AdminCommand::CreateUser { username: username.clone(), email: None, role: Role::User };
    let link = body.admin(create).await?.link.map(|link| link.url).unwrap_or_default();
    let rest = link.split_once("#token=").map(|(_, rest)| rest).unwrap_or_default();
    let token = rest.split('&').next().unwrap_or_default();
    let password = fresh_password();
    ensure_eq!(body.reset_password(token, &password).await?.status, 204, "status");
    body.log_in(&username, &password).await?;
    here.stop().await
}

#[tokio::test]
async fn without_mail_people_are_there_at_once() -> Outcome {
    let here = Here::set(&[("MAIL_FROM", "")]).await?;
    let body = &here.body;
    ensure!(!policy(&here).await?.mail, "the page is not told");
    let (name, password) = (fresh_name("ada"), fresh_password());
    let answer = body.sign_up(&name, &password, Some(&fresh_email("ada"))).await?;
    of_field(&answer, ErrorCode::BadRequest, Some("email"))?;
    let _: SignedUp = body.sign_up(&name, &password, None).await?.expect(201)?;
    let ada = body.log_in(&name, &password).await?;
    ensure_eq!(body.forgot(&name).await?.status, 202, "status");
    ensure!(body.ask_for_email(&ada, &fresh_email("ada")).await?.status >= 400, "a mail");
    here.stop().await
}

#[tokio::test]
async fn settings_that_contradict_each_other_stop_the_start() -> Outcome {
    for (settings, words) in [
        ([("SIGNUP", "domain"), ("VERIFY_EMAIL", "on")].as_slice(), "SIGNUP_DOMAINS"),
        (&[("SIGNUP", "domain"), ("SIGNUP_DOMAINS", "example.com")], "VERIFY_EMAIL"),
        (&[("VERIFY_EMAIL", "on"), ("MAIL_FROM", "")], "MAIL_FROM"),
        (&[("SIGNUP", "sometimes")], "SIGNUP"),
        (&[("SIGNUP_DOMAINS", "example.com @example.org")], "\"@example.org\""),
        (&[("SIGNUP_DOMAINS", "example.com,example.org")], "SIGNUP_DOMAINS"),
        (&[("SIGNUP_DOMAINS", "*.example.com")], "SIGNUP_DOMAINS"),
        (&[("SIGNUP_DOMAINS", "ada@example.com")], "SIGNUP_DOMAINS"),
        (&[("SIGNUP_DOMAINS", "https://example.com")], "SIGNUP_DOMAINS"),
        (&[("SITE_URL", "chat.example")], "SITE_URL"),
        (&[("ALLOWED_ORIGINS", "chat.example")], "ALLOWED_ORIGINS"),
    ] {
        let config = Config { settings: to_settings(settings), ..Config::default() };
        let Err(failure) = Here::with(config).await else {
            return Err(Failure::new(format!("it starts with {settings:?}")));
        };
        ensure!(failure.to_string().contains(words), "{failure}");
    }
    Ok(())
}
