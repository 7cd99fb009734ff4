//! The cookie of a session, with time passed in its row.

use aws_sdk_dynamodb::types::AttributeValue;
use protocol::{ErrorCode, Me, Session};
use scenarios::{Call, Failure, Outcome, ensure, ensure_eq};
use tokio::time::Instant;

use crate::support::{Here, text};

/// How long the cookie before is good, in milliseconds, and a little longer.
const GRACE_MS: i64 = 31_000;
const A_DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn a_replaced_cookie_is_good_for_a_moment_only() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let next = body.refreshed(&ada.cookie).await?;
    // Within the grace it is as good as the new one, and ends nothing.
    body.refreshed(&ada.cookie).await?;
    here.shift(&["session"], "rotatedAt", -GRACE_MS).await?;
    let since = Instant::now();
    body.refresh(&ada.cookie).await?.problem(ErrorCode::Unauthorized)?;
    let code = socket.farewell(since).await?;
    ensure_eq!(code, Some(protocol::CloseCode::SessionEnded.number()), "code of the close");
    body.refresh(&next).await?.problem(ErrorCode::Unauthorized)?;
    let me = body.call_as(&ada, Call::get("/v1/me")).await?;
    me.problem(ErrorCode::Unauthorized)?;
    here.stop().await
}

#[tokio::test]
async fn the_cookie_of_now_is_good_for_long() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    let cookie = body.refreshed(&ada.cookie).await?;
    here.shift(&["session"], "rotatedAt", -29 * A_DAY * 1_000).await?;
    here.shift(&["session"], "expiresAt", -29 * A_DAY).await?;
    let cookie = body.refreshed(&cookie).await?;
    // It was used, and so goes on.
    here.shift(&["session"], "expiresAt", -29 * A_DAY).await?;
    body.call_as(&ada, Call::get("/v1/me")).await?.expect::<Me>(200)?;
    let cookie = body.refreshed(&cookie).await?;
    // Unused for longer, it has ended, whether or not its row is still there.
    here.shift(&["session"], "expiresAt", -30 * A_DAY - 1).await?;
    body.refresh(&cookie).await?.problem(ErrorCode::Unauthorized)?;
    let me = body.call_as(&ada, Call::get("/v1/me")).await?;
    me.problem(ErrorCode::Unauthorized)?;
    here.stop().await
}

#[tokio::test]
async fn a_session_ends_after_half_a_year_of_use() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    here.shift(&["session"], "endsBy", -180 * A_DAY + 60).await?;
    let cookie = body.refreshed(&ada.cookie).await?;
    let rows = here.accounts("session").await?;
    let [row] = rows.as_slice() else { return Err(Failure::new("one session")) };
    ensure_eq!(row.get("expiresAt"), row.get("endsBy"), "end of the session");
    here.shift(&["session"], "expiresAt", -61).await?;
    body.refresh(&cookie).await?.problem(ErrorCode::Unauthorized)?;
    here.stop().await
}

/// So many windows of one browser may be open, and a lost answer does not end a session: more than
/// that, at once, is told to wait.
#[tokio::test]
async fn too_many_windows_at_once_are_told_to_wait() -> Outcome {
    let here = Here::start().await?;
    let body = &here.body;
    let ada = body.person("ada").await?;
    let mut good = 0;
    let refused = loop {
        let answer = body.refresh(&ada.cookie).await?;
        if answer.status != 200 {
            break answer;
        }
        answer.expect::<Session>(200)?;
        good += 1;
        ensure!(good < 100, "no end of good cookies");
    };
    refused.problem(ErrorCode::Busy)?;
    ensure!(good >= 4, "only {good} windows");
    body.call_as(&ada, Call::get("/v1/me")).await?.expect::<Me>(200)?;
    here.stop().await
}

#[tokio::test]
async fn the_table_holds_no_secret() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let next = here.body.refreshed(&ada.cookie).await?;
    let mut shown = String::new();
    for kind in ["user", "name", "lookalike", "session", "device", "lock", "rate"] {
        shown += &format!("{:?}", here.accounts(kind).await?);
    }
    for cookie in [&*ada.cookie, &next, &*ada.device] {
        let value = cookie.split_once('=').map_or("", |(_, value)| value);
        let secrets = value.split('.').filter(|part| part.len() >= 43);
        ensure!(secrets.clone().count() > 0, "no secret in a cookie");
        for secret in secrets {
            ensure!(!shown.contains(secret), "the table holds a cookie's secret");
        }
    }
    ensure!(!shown.contains(&*ada.password), "the table holds a password");
    ensure!(!shown.contains(&*ada.access_token), "the table holds a token");
    here.stop().await
}

/// An account that an old version wrote as disabled, or that somebody changed by hand, is out at once.
#[tokio::test]
async fn every_call_reads_the_user() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let mut rows = here.accounts("user").await?;
    let mut row = rows.pop().ok_or_else(|| Failure::new("no user"))?;
    row.insert("disabled".to_owned(), AttributeValue::Bool(true));
    here.put_account(row.clone()).await?;
    for call in [Call::get("/v1/me"), Call::post("/v1/tickets"), Call::get("/v1/emails")] {
        let refused = here.body.call_as(&ada, call).await?;
        refused.problem(ErrorCode::Unauthorized)?;
    }
    here.body.refresh(&ada.cookie).await?.problem(ErrorCode::Unauthorized)?;
    row.remove("disabled");
    row.insert("erasedAt".to_owned(), text("2026-11-25T00:00:00.000Z"));
    here.put_account(row).await?;
    let me = here.body.call_as(&ada, Call::get("/v1/me")).await?;
    me.problem(ErrorCode::Unauthorized)?;
    here.stop().await
}
