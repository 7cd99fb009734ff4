//! What one person may do at once.

use std::time::Duration;

use futures_util::future::try_join_all;
use protocol::{Changed, CloseCode, ErrorCode, Event, RequestId, Stored, limits};
use serde_json::json;

use crate::raw::Incoming;
use crate::wire::Frame;
use crate::{Body, Failure, Outcome, ensure, ensure_eq, within};

/// Sockets over which somebody writes at once.
const SOCKETS: usize = 5;

/// Whoever writes too often is told for how long to wait, and may write then; it is the person that is
/// counted, not the socket.
///
/// # Errors
/// What failed.
pub async fn who_writes_too_often_has_to_wait(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut sockets = try_join_all((0..SOCKETS).map(|_| body.socket(&ada))).await?;
    // More than two windows take: wherever the border of two falls, one is too many. What is asked
    // for is not there, which is found after it is counted.
    let each = 2 * usize::try_from(limits::WRITES_MAX)? / SOCKETS + 2;
    let tries = sockets.iter_mut().map(async |socket| {
        let mut ids = Vec::new();
        for _ in 0..each {
            ids.push(socket.ask("deleteMessage", json!({ "seq": 0 })).await?);
        }
        let mut waits = Vec::new();
        for id in ids {
            let refusal = socket.reply(Some(RequestId::Number(id))).await?.refused()?;
            match (refusal.code, refusal.retry_after_ms) {
                (ErrorCode::NotFound, None) => {}
                (ErrorCode::RateLimited, Some(wait)) if refusal.retryable => waits.push(wait),
                _ => return Err(Failure::new(format!("refused: {refusal:?}"))),
            }
        }
        Ok(waits)
    });
    let waits: Vec<u64> = try_join_all(tries).await?.into_iter().flatten().collect();
    ensure!(!waits.is_empty(), "nobody had to wait");
    ensure!(
        waits.iter().all(|wait| (1..=limits::WRITE_WINDOW_MS).contains(wait)),
        "waits that fit into no window: {waits:?}"
    );
    let socket = sockets.first_mut().ok_or_else(|| Failure::new("no socket"))?;
    // Others are not kept waiting.
    let bob = body.person("bob").await?;
    let mut other = body.socket(&bob).await?;
    let _: Stored = other.request("sendMessage", json!({ "content": "calm" })).await?.ok()?;
    let stored: Stored =
        socket.request_patiently("sendMessage", json!({ "content": "calm again" })).await?.ok()?;
    let gone = json!({ "seq": stored.seq });
    let _: Changed = socket.request_patiently("deleteMessage", gone).await?.ok()?;
    Ok(())
}

/// One socket too many ends the oldest, which is told why.
///
/// # Errors
/// What failed.
pub async fn the_oldest_socket_makes_room(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut oldest = body.socket(&ada).await?;
    // It is the oldest by the server's clock too, which counts in milliseconds.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let mut others = try_join_all((1..limits::SOCKETS_MAX).map(|_| body.socket(&ada))).await?;
    oldest.request("ping", json!({})).await?.ok::<protocol::Pong>()?;
    let newest = body.socket(&ada).await?;
    let end = async {
        let mut told = None;
        loop {
            match oldest.incoming().await {
                Incoming::Frame(Frame::Event(Event::Bye { code, reconnect, .. })) => {
                    told = Some((code, reconnect));
                }
                Incoming::Frame(_) => {}
                Incoming::Broken(why) => return Err(Failure::new(why)),
                Incoming::End(_) => return Ok(told),
            }
        }
    };
    let told = within("end of the oldest socket", end).await??;
    ensure_eq!(told, Some((CloseCode::TooManySockets.number(), false)), "goodbye");
    for socket in &mut others {
        socket.request("ping", json!({})).await?.ok::<protocol::Pong>()?;
    }
    newest.close().await
}
