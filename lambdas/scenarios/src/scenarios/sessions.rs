//! Sessions: what their cookie is good for, and what ends them and their sockets.

use std::slice;

use futures_util::future::try_join_all;
use protocol::{ErrorCode, Me, Pong, Session, SessionInfo, Sessions};
use serde_json::json;
use tokio::time::Instant;

use super::sockets::expect_no_socket;
use crate::raw::Socket;
use crate::{
    Answer, Body, Call, Failure, Outcome, Person, SESSION_COOKIE, ensure, ensure_eq, log_in,
};

impl Body {
    /// Uses a session's cookie, which the answer replaces.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn refresh(&self, cookie: &str) -> Result<Answer, Failure> {
        self.call(Call::post("/v1/sessions/refresh").cookie(cookie)?).await
    }

    /// The cookie that replaces this one.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn refreshed(&self, cookie: &str) -> Result<String, Failure> {
        let answer = self.refresh(cookie).await?;
        answer.expect::<Session>(200)?;
        Ok(answer.set_cookie(SESSION_COOKIE)?.0)
    }

    /// A person's sessions, the newest first.
    ///
    /// # Errors
    /// When they are refused.
    pub async fn sessions(&self, person: &Person) -> Result<Vec<SessionInfo>, Failure> {
        let found: Sessions = self.call_as(person, Call::get("/v1/sessions")).await?.expect(200)?;
        Ok(found.sessions)
    }

    /// Another session of somebody.
    ///
    /// # Errors
    /// When login fails.
    pub async fn again(&self, person: &Person) -> Result<Person, Failure> {
        self.log_in(&person.username, &person.password).await
    }
}

/// That a session is over: for its access token, its cookie, and a ticket that it has not got.
pub(super) async fn has_ended(body: &Body, person: &Person) -> Outcome {
    for call in [Call::get("/v1/me"), Call::post("/v1/tickets"), Call::get("/v1/sessions")] {
        let what = format!("{call:?} after the end of the session");
        let refused = body.call_as(person, call).await?.problem(ErrorCode::Unauthorized);
        refused.map_err(|failure| failure.during(what))?;
    }
    body.refresh(&person.cookie).await?.problem(ErrorCode::Unauthorized)?;
    Ok(())
}

/// That a session goes on, and so does its socket.
pub(super) async fn goes_on(body: &Body, person: &Person, socket: &mut Socket) -> Outcome {
    body.call_as(person, Call::get("/v1/me")).await?.expect::<Me>(200)?;
    socket.request("ping", json!({})).await?.ok::<Pong>()?;
    Ok(())
}

/// Each refresh gives a new access token and a new cookie.
///
/// # Errors
/// What failed.
pub async fn a_refresh_replaces_the_cookie(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut seen = vec![ada.cookie.to_string()];
    for _ in 0..3 {
        let cookie = seen.last().map_or("", String::as_str);
        let answer = body.refresh(cookie).await?;
        let session: Session = answer.expect(200)?;
        ensure_eq!(session.user_id, *ada.user_id, "user id");
        ensure!(session.access_token != *ada.access_token, "the same access token");
        let me = Call::get("/v1/me").bearer(&session.access_token)?;
        body.call(me).await?.expect::<Me>(200)?;
        let (next, attributes) = answer.set_cookie(SESSION_COOKIE)?;
        for attribute in ["httponly", "samesite=strict", "path=/v1/sessions"] {
            ensure!(attributes.iter().any(|found| found == attribute), "not {attribute}");
        }
        ensure!(!seen.contains(&next), "a cookie came again");
        seen.push(next);
    }
    // It is one session all the time.
    ensure_eq!(body.sessions(&ada).await?.len(), 1, "sessions");
    Ok(())
}

/// Whoever comes with a cookie that was replaced long ago has a copy of it, or somebody else has: the
/// session ends for both, with its sockets.
///
/// # Errors
/// What failed.
pub async fn a_replaced_cookie_ends_the_family(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let other = body.again(&ada).await?;
    let mut socket = body.socket(&ada).await?;
    let mut other_socket = body.socket(&other).await?;
    let second = body.refreshed(&ada.cookie).await?;
    let third = body.refreshed(&second).await?;

    let since = Instant::now();
    // Two generations old: no lost answer explains that.
    body.refresh(&ada.cookie).await?.problem(ErrorCode::Unauthorized)?;
    socket.farewell(since).await?;
    body.refresh(&third).await?.problem(ErrorCode::Unauthorized)?;
    has_ended(body, &ada).await?;
    // Another session of theirs is another matter.
    goes_on(body, &other, &mut other_socket).await?;
    body.refreshed(&other.cookie).await?;

    // A secret that never was is no better, in a cookie that is right otherwise.
    let since = Instant::now();
    body.refresh(&flipped(&other.cookie, 3)?).await?.problem(ErrorCode::Unauthorized)?;
    other_socket.farewell(since).await?;
    has_ended(body, &other).await
}

/// Two windows of a browser have one cookie, and may use it at the same time; one whose answer was lost
/// may use it again.
///
/// # Errors
/// What failed.
pub async fn two_windows_may_refresh_at_once(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let answers = try_join_all((0..3).map(|_| body.refresh(&ada.cookie))).await?;
    let mut next = Vec::new();
    for answer in &answers {
        answer.expect::<Session>(200)?;
        next.push(answer.set_cookie(SESSION_COOKIE)?.0);
    }
    body.refreshed(&ada.cookie).await?;
    // Whichever of them the browser kept is good.
    let kept = next.pop().ok_or_else(|| Failure::new("no cookie"))?;
    body.refreshed(&kept).await?;
    ensure_eq!(body.sessions(&ada).await?.len(), 1, "sessions");
    Ok(())
}

/// A session's cookie with another last character in one of its four parts: whose, which session, the
/// proof that there ever was a cookie, and the secret.
fn flipped(cookie: &str, part: usize) -> Result<String, Failure> {
    let (name, value) = cookie.split_once('=').ok_or_else(|| Failure::new("no cookie"))?;
    let mut parts: Vec<String> = value.split('.').map(str::to_owned).collect();
    ensure_eq!(parts.len(), 4, "parts of the cookie");
    let part = parts.get_mut(part).ok_or_else(|| Failure::new("no such part"))?;
    // Of base64url's last character some bits may not count; of the one before, all do.
    let at = part.len().saturating_sub(2);
    let other = if part.get(at..=at) == Some("A") { "B" } else { "A" };
    part.replace_range(at..=at, other);
    Ok(format!("{name}={}", parts.join(".")))
}

/// A cookie that somebody made up, or put together of others, opens nothing and ends nothing.
///
/// # Errors
/// What failed.
pub async fn a_changed_cookie_is_refused(body: &Body) -> Outcome {
    let (ada, eve) = (body.person("ada").await?, body.person("eve").await?);
    let mut socket = body.socket(&ada).await?;
    let value = |cookie: &str| cookie.split_once('=').map_or("", |(_, value)| value).to_owned();
    let (own, others) = (value(&ada.cookie), value(&eve.cookie));
    let mix = |hers: &[usize]| {
        let parts = others.split('.').zip(own.split('.')).enumerate();
        let parts = parts.map(|(at, (his, own))| if hers.contains(&at) { own } else { his });
        format!("{SESSION_COOKIE}={}", parts.collect::<Vec<_>>().join("."))
    };
    let mut changed = vec![
        ("nothing", format!("{SESSION_COOKIE}=")),
        (
            "one part less",
            format!("{SESSION_COOKIE}={}", own.rsplit_once('.').unwrap_or_default().0),
        ),
        ("one part more", format!("{SESSION_COOKIE}={own}.x")),
        ("her session, his secrets", mix(&[0, 1])),
        ("her user, his session", mix(&[0])),
        ("her session under his user", mix(&[1, 2, 3])),
        ("her session and secret, his proof", mix(&[0, 1, 3])),
        ("another name", format!("parley_sessions={own}")),
    ];
    for part in 0..3 {
        changed.push(("a flipped part", flipped(&ada.cookie, part)?));
    }
    for (what, cookie) in changed {
        let refused = body.refresh(&cookie).await?.problem(ErrorCode::Unauthorized);
        refused.map_err(|failure| failure.during(what))?;
        // A log-out by it is none.
        let end = Call::delete("/v1/sessions/current").cookie(&cookie)?;
        ensure_eq!(body.call(end).await?.status, 204, "status of a log-out");
    }
    goes_on(body, &ada, &mut socket).await?;
    body.refreshed(&ada.cookie).await?;
    body.refreshed(&eve.cookie).await?;
    Ok(())
}

/// I see my sessions, and can end one: its sockets are told and closed, the others stay. I cannot end
/// another's.
///
/// # Errors
/// What failed.
pub async fn my_sessions_are_listed_and_ended(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let agent = "Analytical Engine/1.0 (brass; steam)";
    let call = log_in(&ada.username, &ada.password)?.header("user-agent", agent)?;
    let engine = body.log_in_by(call, &ada.password).await?;
    let eve = body.person("eve").await?;

    let sessions = body.sessions(&ada).await?;
    ensure_eq!(sessions.len(), 2, "sessions");
    let [newest, oldest] = sessions.as_slice() else { return Err(Failure::new("two sessions")) };
    ensure_eq!(newest.user_agent, agent, "user agent of the newest");
    ensure_eq!((newest.current, oldest.current), (false, true), "which of them asks");
    ensure!(newest.id.starts_with("s_") && newest.id != oldest.id, "{sessions:?}");
    ensure!(newest.created_at >= oldest.created_at, "{sessions:?}");
    ensure!(newest.last_used_at >= newest.created_at, "{sessions:?}");
    ensure!(body.sessions(&engine).await?.iter().any(|one| one.current && one.id == newest.id), "");

    let mut own = body.socket(&ada).await?;
    let mut sockets = [body.socket(&engine).await?, body.socket(&engine).await?];
    let end = |id: &str| Call::delete(format!("/v1/sessions/{id}"));
    // Another's, and none at all.
    for id in [newest.id.as_str(), "s_none", "u_1", "%20", &"s".repeat(300)] {
        ensure_eq!(body.call_as(&eve, end(id)).await?.status, 204, "status for {id}");
    }
    for socket in &mut sockets {
        goes_on(body, &engine, socket).await?;
    }

    let since = Instant::now();
    ensure_eq!(body.call_as(&ada, end(&newest.id)).await?.status, 204, "status");
    for socket in &mut sockets {
        socket.farewell(since).await?;
    }
    has_ended(body, &engine).await?;
    goes_on(body, &ada, &mut own).await?;
    let left: Vec<String> = body.sessions(&ada).await?.into_iter().map(|one| one.id).collect();
    ensure_eq!(left, slice::from_ref(&oldest.id), "sessions that are left");
    ensure_eq!(body.call_as(&ada, end(&newest.id)).await?.status, 204, "status, once more");

    // The one that asks, too.
    let since = Instant::now();
    ensure_eq!(body.call_as(&ada, end(&oldest.id)).await?.status, 204, "status of one's own end");
    own.farewell(since).await?;
    has_ended(body, &ada).await
}

/// All my sessions end at once, with every socket, and nobody else's.
///
/// # Errors
/// What failed.
pub async fn all_sessions_end_at_once(body: &Body) -> Outcome {
    let (ada, eve) = (body.person("ada").await?, body.person("eve").await?);
    let other = body.again(&ada).await?;
    let mut sockets = [body.socket(&ada).await?, body.socket(&other).await?];
    let mut eves = body.socket(&eve).await?;
    let since = Instant::now();
    let ended = body.call_as(&ada, Call::delete("/v1/sessions")).await?;
    ensure_eq!(ended.status, 204, "status");
    ended.set_cookie(SESSION_COOKIE)?;
    for socket in &mut sockets {
        socket.farewell(since).await?;
    }
    has_ended(body, &ada).await?;
    has_ended(body, &other).await?;
    goes_on(body, &eve, &mut eves).await?;
    // They may come again.
    let ada = body.again(&ada).await?;
    ensure_eq!(body.sessions(&ada).await?.len(), 1, "sessions");
    let mut socket = body.socket(&ada).await?;
    goes_on(body, &ada, &mut socket).await
}

/// Who logs out leaves no socket behind, but those of their other sessions.
///
/// # Errors
/// What failed.
pub async fn a_log_out_closes_its_sockets(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let other = body.again(&ada).await?;
    let mut sockets = [body.socket(&ada).await?, body.socket(&ada).await?];
    let mut stays = body.socket(&other).await?;
    // The cookie of now, or the one before.
    body.refreshed(&ada.cookie).await?;
    let since = Instant::now();
    let end = Call::delete("/v1/sessions/current").cookie(&ada.cookie)?;
    ensure_eq!(body.call(end).await?.status, 204, "status");
    for socket in &mut sockets {
        socket.farewell(since).await?;
    }
    has_ended(body, &ada).await?;
    goes_on(body, &other, &mut stays).await
}

/// A ticket that was taken before the session ended opens no socket after it.
///
/// # Errors
/// What failed.
pub async fn an_ended_session_opens_no_socket(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let ticket = body.ticket(&ada).await?;
    end(body, &ada).await?;
    expect_no_socket(body, &ticket, "a ticket of an ended session").await
}

/// Nor does its access token in the socket's address.
///
/// # Errors
/// What failed.
pub async fn a_token_of_an_ended_session_opens_no_socket(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    body.socket_with(&ada.access_token).await?.close().await?;
    end(body, &ada).await?;
    expect_no_socket(body, &ada.access_token, "a token of an ended session").await
}

async fn end(body: &Body, person: &Person) -> Outcome {
    let end = Call::delete("/v1/sessions/current").cookie(&person.cookie)?;
    ensure_eq!(body.call(end).await?.status, 204, "status of a log-out");
    Ok(())
}
