//! How often something may be done.

use protocol::{ErrorCode, LoginName, Session};
use scenarios::{
    Answer, Body, Call, Failure, Outcome, ensure, ensure_eq, fresh_email, fresh_name,
    fresh_password, log_in,
};

use crate::support::Here;

const HOUR: u64 = 3_600;

/// Does something until it was too often, which it is after so many times in a window of so many
/// seconds: or twice as many, when one window ends meanwhile and the next begins.
async fn is_limited(
    what: &str,
    times: usize,
    window: u64,
    mut call: impl AsyncFnMut() -> Result<Answer, Failure>,
) -> Outcome {
    for done in 0..=2 * times {
        let answer = call().await?;
        if answer.status == 429 {
            ensure!(done >= times, "{what}: {done} times are too many already");
            let wait = answer.retry_after()?;
            ensure!((1..=window).contains(&wait), "{what}: a wait of {wait} s");
            return Ok(());
        }
        // What the answer is does not matter: it was let through.
        ensure!(answer.status < 429, "{what}: status {}", answer.status);
    }
    Err(Failure::new(format!("{what}: {} times, and no end", 2 * times + 1)))
}

#[tokio::test]
async fn mails_are_limited_by_what_is_typed() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let email = fresh_email("ada");
    is_limited("sign-ups with an address", 5, HOUR, async || {
        body.sign_up(&fresh_name("ada"), &fresh_password(), Some(&email)).await
    })
    .await?;
    // Another address is another matter.
    let (ada, email) = body.person_with_email("ada").await?;
    // By name and by address apart: together, they would tell whose address it is.
    for login in [&*ada.username, &email] {
        is_limited("links to reset", 5, HOUR, async || body.forgot(login).await).await?;
    }
    // One came to confirm it: of more than ten in all, no more are sent.
    ensure_eq!(body.mails_to(&email).await?.len(), 10, "mails to one address");
    is_limited("links to further addresses", 4, HOUR, async || {
        body.ask_for_email(&ada, &fresh_email("ada")).await
    })
    .await?;
    // An address that is nobody's is counted in the same way, and so tells nothing.
    let unknown = fresh_email("nobody");
    is_limited("mails to nobody", 5, HOUR, async || body.forgot(&unknown).await).await?;
    here.stop().await
}

#[tokio::test]
async fn tickets_are_limited_for_each_account() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let (ada, eve) = (body.person("ada").await?, body.person("eve").await?);
    let other = body.again(&ada).await?;
    let mut sessions = [&ada, &other].into_iter().cycle();
    is_limited("tickets", 300, 60, async || {
        let session = sessions.next().ok_or_else(|| Failure::new("no session"))?;
        body.call_as(session, Call::post("/v1/tickets")).await
    })
    .await?;
    body.ticket(&eve).await?;
    here.stop().await
}

/// A call that costs little, as one that came through proxies which wrote this.
async fn from(body: &Body, forwarded: Option<&str>) -> Result<Answer, Failure> {
    let call = Call::post("/v1/password/forgot");
    let call = call.json(&LoginName { login: fresh_name("nobody") })?;
    let call = match forwarded {
        Some(forwarded) => call.header("x-forwarded-for", forwarded)?,
        None => call,
    };
    body.call(call).await
}

#[tokio::test]
async fn an_address_is_limited_whatever_it_says() -> Outcome {
    let here = Here::set(&[("ADDRESS_LIMITS", "on")]).await?;
    let body = &here.body;
    let mut spoofed = 0;
    is_limited("mails from one address", 30, HOUR, async || {
        spoofed += 1;
        from(body, Some(&format!("10.0.0.{spoofed}"))).await
    })
    .await?;
    from(body, None).await?.retry_after()?;
    // Other things have counts of their own.
    let (name, password) = (fresh_name("ada"), fresh_password());
    ensure_eq!(body.sign_up(&name, &password, None).await?.status, 201, "status of a sign-up");
    here.stop().await
}

#[tokio::test]
async fn behind_a_proxy_the_address_is_what_it_saw() -> Outcome {
    let here = Here::set(&[("ADDRESS_LIMITS", "on"), ("TRUSTED_PROXIES", "1")]).await?;
    let body = &here.body;
    let mut spoofed = 0;
    is_limited("mails from one address", 30, HOUR, async || {
        spoofed += 1;
        from(body, Some(&format!("10.0.0.{spoofed}, 192.0.2.1"))).await
    })
    .await?;
    from(body, Some("192.0.2.1")).await?.retry_after()?;
    ensure_eq!(from(body, Some("192.0.2.2")).await?.status, 202, "status of another address");
    // Of IPv6, somebody has a whole network.
    let mut host = 0;
    is_limited("mails from one network", 30, HOUR, async || {
        host += 1;
        from(body, Some(&format!("2001:db8:1:2:3::{host:x}"))).await
    })
    .await?;
    ensure_eq!(from(body, Some("2001:db8:1:3::1")).await?.status, 202, "status of another network");
    here.stop().await
}

#[tokio::test]
async fn log_ins_and_sign_ups_of_an_address_are_limited() -> Outcome {
    let here = Here::set(&[("ADDRESS_LIMITS", "on")]).await?;
    let body = &here.body;
    // What is refused before a password is hashed is no sign-up.
    is_limited("sign-ups", 30, HOUR, async || {
        body.sign_up(&fresh_name("ada"), &fresh_password(), None).await
    })
    .await?;
    is_limited("log-ins", 100, 300, async || {
        body.try_log_in(&fresh_name("nobody"), &fresh_password()).await
    })
    .await?;
    here.stop().await
}

#[tokio::test]
async fn limits_can_be_off() -> Outcome {
    let here = Here::set(&[("RATE_LIMITS", "off"), ("ADDRESS_LIMITS", "on")]).await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    for _ in 0..12 {
        let wrong = body.try_log_in(&ada.username, &fresh_password()).await?;
        wrong.problem(ErrorCode::InvalidCredentials)?;
    }
    body.call(log_in(&ada.username, &ada.password)?).await?.expect::<Session>(200)?;
    for _ in 0..40 {
        ensure_eq!(from(body, None).await?.status, 202, "status");
    }
    here.stop().await
}

/// A hundred guesses at once cost as much as a hundred one after another.
#[tokio::test]
async fn guesses_at_once_are_counted() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let guesses = (0..24).map(|_| async {
        here.body.try_log_in(&ada.username, &fresh_password()).await.map(|answer| answer.status)
    });
    let statuses = futures_util::future::try_join_all(guesses).await?;
    let judged = statuses.iter().filter(|status| **status == 401).count();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    ensure_eq!(judged + refused, statuses.len(), "answers: {statuses:?}");
    // Six are judged before the first wait, which is a second: few more can be.
    ensure!((1..=8).contains(&judged), "{judged} guesses at once were judged");
    here.stop().await
}
