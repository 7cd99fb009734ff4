//! The end of a session while a socket of its is just opening, and while the posts that would tell its
//! sockets meet faults.

use std::time::Duration;

use futures_util::future::try_join_all;
use laptop::Config;
use laptop::embedded::{Fault, Rule, RuleHandle};
use protocol::{AdminCommand, CloseCode, ErrorCode};
use scenarios::raw::{Handshake, Incoming, Socket};
use scenarios::{Answer, Body, Call, Failure, Outcome, Person, ensure, ensure_eq, within};
use tokio::time::{Instant, sleep, timeout_at};

use crate::support::{Here, connection_id, eventually};

/// How long a socket may outlive its session.
const FAREWELL: Duration = Duration::from_secs(5);

async fn log_out(body: &Body, person: &Person) -> Result<Answer, Failure> {
    body.call(Call::delete("/v1/sessions/current").cookie(&person.cookie)?).await
}

/// That a socket is refused, or has ended five seconds after this.
async fn ends(handshake: Handshake, since: Instant) -> Outcome {
    let Handshake::Accepted(mut socket) = handshake else { return Ok(()) };
    let end = async { while !matches!(socket.incoming().await, Incoming::End(_)) {} };
    let end = timeout_at(since + FAREWELL, end).await;
    end.map_err(|_| Failure::new("the socket outlived its session by 5 s"))
}

/// `$connect` is held in its n-th call of this operation while the session ends.
async fn ended_while_opening(operation: &str, skip: u64, fault: Fault) -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    let url = body.socket_url(&body.ticket(&ada).await?);
    let rule = Rule::on(operation).function("connection-manager").skip(skip).times(1);
    let held = here.laptop.faults().inject(rule.with(fault));
    let end = async {
        within("hold", held.wait_fired(1)).await?;
        let since = Instant::now();
        ensure_eq!(log_out(body, &ada).await?.status, 204, "status of the log-out");
        ensure!(since.elapsed() < FAREWELL, "the log-out took {:?}", since.elapsed());
        Ok::<_, Failure>(since)
    };
    let (handshake, since) = tokio::join!(body.handshake(&url, None), end);
    ends(handshake?, since?).await?;
    ensure_eq!(held.fired(), 1, "how often `$connect` was held");
    no_rows(&here, &ada).await?;
    here.stop().await
}

/// A socket that did open has its rows until its `$disconnect`.
async fn no_rows(here: &Here, person: &Person) -> Outcome {
    eventually("end of the rows", || async {
        Ok(here.connections(person).await?.is_empty() && here.subscriptions().await?.is_empty())
    })
    .await
}

macro_rules! ended_while {
    ($($name:ident: $operation:literal, $skip:literal, $fault:ident;)*) => {$(
        #[tokio::test]
        async fn $name() -> Outcome {
            ended_while_opening($operation, $skip, Fault::$fault).await
        }
    )*};
}

ended_while! {
    ended_before_the_connection_is_written: "PutItem", 0, Hang;
    ended_between_connection_and_subscription: "PutItem", 1, Hang;
    ended_before_the_session_is_read: "GetItem", 0, Hang;
    ended_between_session_and_user: "GetItem", 1, Hang;
    ended_while_a_read_is_tried_again: "GetItem", 0, InternalServerError;
}

/// All of a person's sessions end, or they are disabled, while `$connect` is held.
#[tokio::test]
async fn disabled_while_opening() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    let url = body.socket_url(&body.ticket(&ada).await?);
    let rule = Rule::on("GetItem").function("connection-manager").times(2);
    let held = here.laptop.faults().inject(rule.with(Fault::Hang));
    let disable = async {
        within("hold", held.wait_fired(2)).await?;
        let since = Instant::now();
        body.admin(AdminCommand::Disable { user: ada.username.to_string() }).await?;
        Ok::<_, Failure>(since)
    };
    let (handshake, since) = tokio::join!(body.handshake(&url, None), disable);
    ends(handshake?, since?).await?;
    no_rows(&here, &ada).await?;
    here.stop().await
}

/// Whatever the moment, a socket that opens while its session ends does not outlive it.
#[tokio::test]
async fn no_moment_lets_a_socket_outlive_its_session() -> Outcome {
    let delay = Duration::ZERO..=Duration::from_millis(20);
    let here = Here::with(Config { handler_delay: Some(delay), ..Config::default() }).await?;
    let people = here.body.people(24).await?;
    let races = people.iter().map(|ada| {
        let body = &here.body;
        async move {
            let url = body.socket_url(&body.ticket(ada).await?);
            let end = async {
                sleep(Duration::from_millis(fastrand::u64(..80))).await;
                let since = Instant::now();
                ensure_eq!(log_out(body, ada).await?.status, 204, "status of the log-out");
                Ok::<_, Failure>(since)
            };
            let (handshake, since) = tokio::join!(body.handshake(&url, None), end);
            ends(handshake?, since?).await
        }
    });
    try_join_all(races).await?;
    here.stop().await
}

/// A handshake whose `$connect` fails has no `$disconnect`: it leaves nothing behind.
#[tokio::test]
async fn a_failed_connect_leaves_no_rows() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    let rule = Rule::on("GetItem").function("connection-manager");
    let broken = here.laptop.faults().inject(rule.with(Fault::InternalServerError));
    let handshake = body.handshake(&body.socket_url(&body.ticket(&ada).await?), None).await?;
    ensure!(matches!(handshake, Handshake::Refused(503)), "{handshake:?}");
    broken.remove();
    ensure_eq!(here.connections(&ada).await?, [], "rows of the socket");
    ensure_eq!(here.subscriptions().await?, [], "subscriptions of the socket");
    here.stop().await
}

/// A person with an open socket, whose session is about to end.
async fn with_socket(here: &Here) -> Result<(Person, Socket, String), Failure> {
    let ada = here.body.person("ada").await?;
    let mut socket = here.body.socket(&ada).await?;
    let id = connection_id(&mut socket).await?;
    Ok((ada, socket, id))
}

fn fault(here: &Here, operation: &str, fault: Fault, times: Option<u64>) -> RuleHandle {
    let rule = Rule::on(operation).function("accounts");
    let rule = if let Some(times) = times { rule.times(times) } else { rule };
    here.laptop.faults().inject(rule.with(fault))
}

/// Posts fail a few times, and then a deletion unless that fault would say that the socket is gone:
/// the socket is told and closed all the same.
async fn passing(what: Fault) -> Outcome {
    let here = Here::start().await?;
    let (ada, mut socket, _) = with_socket(&here).await?;
    let post = fault(&here, "PostToConnection", what, Some(2));
    let deletions = u64::from(!matches!(what, Fault::Gone));
    let delete = fault(&here, "DeleteConnection", what, Some(deletions));
    let since = Instant::now();
    let (ended, code) = tokio::join!(log_out(&here.body, &ada), socket.farewell(since));
    ensure_eq!(ended?.status, 204, "status of the log-out");
    ensure_eq!(code?, Some(CloseCode::SessionEnded.number()), "code of the close");
    ensure_eq!((post.fired(), delete.fired()), (2, deletions), "failed posts and deletions");
    here.stop().await
}

/// No post comes through, and the socket is closed all the same.
async fn without_a_word(what: Fault) -> Outcome {
    let here = Here::start().await?;
    let (ada, socket, _) = with_socket(&here).await?;
    let post = fault(&here, "PostToConnection", what, None);
    let since = Instant::now();
    let (ended, end) =
        tokio::join!(log_out(&here.body, &ada), ends(Handshake::Accepted(Box::new(socket)), since));
    ensure_eq!(ended?.status, 204, "status of the log-out");
    end?;
    ensure!(post.fired() > 0, "no post was tried");
    here.stop().await
}

macro_rules! farewells {
    ($($how:ident { $($name:ident: $fault:ident;)* })*) => {$($(
        #[tokio::test]
        async fn $name() -> Outcome {
            $how(Fault::$fault).await
        }
    )*)*};
}

farewells! {
    passing {
        a_farewell_goes_through_410: Gone;
        a_farewell_goes_through_429: LimitExceeded;
        a_farewell_goes_through_server_errors: InternalServerError;
    }
    without_a_word {
        a_socket_that_takes_no_post_is_closed: LimitExceeded;
        a_socket_is_closed_though_posts_hang: Hang;
        a_socket_is_closed_though_posts_fail: InternalServerError;
    }
}

/// Where sockets cannot be closed, whoever ends a session is told so in good time; asked again, the
/// rest is done.
async fn unfinished<F>(what: Fault, end: impl Fn(Body, Person, Person) -> F) -> Outcome
where
    F: Future<Output = Result<Answer, Failure>>,
{
    let here = Here::start().await?;
    let (ada, mut socket, _) = with_socket(&here).await?;
    let other = here.body.again(&ada).await?;
    let delete = fault(&here, "DeleteConnection", what, None);
    let since = Instant::now();
    let answer = end(here.body.clone(), ada.clone(), other.clone()).await?;
    let problem = answer.problem(ErrorCode::Unavailable)?;
    ensure!(problem.retry_after.is_some(), "no word on when to try again");
    ensure!(since.elapsed() < FAREWELL + Duration::from_secs(1), "{:?}", since.elapsed());
    // What counts is done: no call is answered any more.
    let me = here.body.call_as(&ada, Call::get("/v1/me")).await?;
    me.problem(ErrorCode::Unauthorized)?;
    delete.remove();
    let since = Instant::now();
    let again = end(here.body.clone(), ada.clone(), other.clone()).await?;
    ensure_eq!(again.status, 204, "status when asked again");
    socket.farewell(since).await?;
    here.stop().await
}

#[tokio::test]
async fn a_log_out_that_failed_can_be_done_again() -> Outcome {
    unfinished(Fault::InternalServerError, |body, ada, _| async move { log_out(&body, &ada).await })
        .await
}

#[tokio::test]
async fn a_session_that_did_not_close_can_be_ended_again() -> Outcome {
    unfinished(Fault::Hang, |body, ada, other| async move {
        let session = body.sessions(&other).await?.into_iter().find(|session| !session.current);
        // The second time it is not listed any more.
        let claims = scenarios::token::Token::read(&ada.access_token)?.claims;
        let id = claims.get("sid").and_then(|id| id.as_str()).unwrap_or_default();
        ensure!(session.is_none_or(|session| session.id == id), "another session");
        body.call_as(&other, Call::delete(format!("/v1/sessions/{id}"))).await
    })
    .await
}

/// The command that failed is done when it is given again, and the record says both.
#[tokio::test]
async fn a_command_that_failed_can_be_given_again() -> Outcome {
    let here = Here::start().await?;
    let (ada, mut socket, _) = with_socket(&here).await?;
    let rule = Rule::on("DeleteConnection").function("admin");
    let delete = here.laptop.faults().inject(rule.with(Fault::LimitExceeded));
    let disable = || AdminCommand::Disable { user: ada.username.to_string() };
    here.body.admin_refused(disable(), ErrorCode::Unavailable).await?;
    delete.remove();
    let since = Instant::now();
    here.body.admin(disable()).await?;
    socket.farewell(since).await?;
    let records = here.accounts("audit").await?;
    let outcomes: Vec<_> =
        records.iter().filter_map(|row| row.get("outcome")?.as_s().ok()).collect();
    ensure_eq!(outcomes, ["Unavailable", "done"], "records");
    here.stop().await
}
