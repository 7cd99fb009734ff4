//! What no client of ours sends: each is answered, once, with a reason, and nothing is stored.

use protocol::ErrorCode::{self, BadRequest, NotFound, UnknownAction};
use protocol::{Pong, RequestId};
use serde_json::json;

use super::sending::ROOM;
use crate::raw::Socket;
use crate::{Body, Outcome, ensure, ensure_eq, verify};

/// Frames that must be refused, and the code to be refused with.
async fn all_refused(body: &Body, frames: &[(String, ErrorCode)]) -> Outcome {
    let mut socket = body.socket(&body.person("mallory").await?).await?;
    let head = verify::head(&mut socket, ROOM).await?;
    for (frame, code) in frames {
        let shown: String = frame.chars().take(80).collect();
        let refused = refused(&mut socket, frame, *code).await;
        refused.map_err(|failure| failure.during(shown))?;
    }
    ensure_eq!(verify::head(&mut socket, ROOM).await?, head, "head: nothing was stored");
    socket.request("ping", json!({})).await?.ok::<Pong>()?;
    let others = socket.take_aside();
    ensure!(others.is_empty(), "answered more than once: {others:?}");
    Ok(())
}

async fn refused(socket: &mut Socket, frame: &str, code: ErrorCode) -> Outcome {
    socket.text(frame).await?;
    let refusal = socket.reply(None).await?.refused()?;
    ensure_eq!(refusal.code, code, "code, of {refusal:?}");
    ensure!(!refusal.message.is_empty() && !refusal.retryable, "{refusal:?}");
    Ok(())
}

fn each(frames: &[&str], code: ErrorCode) -> Vec<(String, ErrorCode)> {
    frames.iter().map(|frame| ((*frame).to_owned(), code)).collect()
}

/// Not JSON, not an object, or without a usable `id`.
///
/// # Errors
/// What failed.
pub async fn malformed_frames_are_refused(body: &Body) -> Outcome {
    let frames = each(
        &[
            " ",
            "hello",
            "{",
            r#"{"action":"sendMessage","content":"x""#,
            r#"{"action":"sendMessage","content":"x"} {}"#,
            r#"{"action":"sendMessage","content":"x",}"#,
            r#"{'action':'sendMessage'}"#,
            r#"{"action":"sendMessage","content":"\ud800"}"#,
            "[]",
            r#"["sendMessage"]"#,
            "null",
            "1",
            r#""sendMessage""#,
            "{}",
            r#"{"action":null}"#,
            r#"{"action":5}"#,
            r#"{"action":["sendMessage"],"content":"x"}"#,
            r#"{"action":{"sendMessage":1}}"#,
            r#"{"action":"ping","id":1.5}"#,
            r#"{"action":"ping","id":true}"#,
            r#"{"action":"ping","id":[1]}"#,
            r#"{"action":"ping","id":{}}"#,
            r#"{"action":"sendMessage","content":"x","id":99999999999999999999}"#,
        ],
        BadRequest,
    );
    all_refused(body, &frames).await
}

/// Brackets within brackets, thousands deep, for a reader that calls itself for each.
///
/// # Errors
/// What failed.
pub async fn deep_frames_are_refused(body: &Body) -> Outcome {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let frames = [
        format!(r#"{{"action":"sendMessage","content":"x","x":{open}{close}}}"#),
        open,
        r#"{"a":"#.repeat(5_000),
    ];
    all_refused(body, &frames.map(|frame| (frame, BadRequest))).await
}

/// Fields that are missing, of another type, or out of their range.
///
/// # Errors
/// What failed.
pub async fn wrong_fields_are_refused(body: &Body) -> Outcome {
    let mut frames = each(
        &[
            r#"{"action":"sendMessage"}"#,
            r#"{"action":"sendMessage","content":null}"#,
            r#"{"action":"sendMessage","content":5}"#,
            r#"{"action":"sendMessage","content":["x"]}"#,
            r#"{"action":"sendMessage","content":{"x":1}}"#,
            r#"{"action":"sendMessage","content":"x","room":5}"#,
            r#"{"action":"sendMessage","content":"x","room":""}"#,
            r#"{"action":"sendMessage","content":"x","room":"General"}"#,
            r#"{"action":"sendMessage","content":"x","room":"a b"}"#,
            r##"{"action":"sendMessage","content":"x","room":"#meta"}"##,
            r#"{"action":"sendMessage","content":"x","room":"../general"}"#,
            r#"{"action":"sendMessage","content":"x","clientId":""}"#,
            r#"{"action":"sendMessage","content":"x","clientId":7}"#,
            r#"{"action":"sendMessage","content":"x","clientId":"é"}"#,
            r#"{"action":"sendMessage","content":"x","clientId":"a\nb"}"#,
            r#"{"action":"getRecentMessages","limit":0}"#,
            r#"{"action":"getRecentMessages","limit":101}"#,
            r#"{"action":"getRecentMessages","limit":-1}"#,
            r#"{"action":"getRecentMessages","limit":1.5}"#,
            r#"{"action":"getRecentMessages","limit":"x"}"#,
            r#"{"action":"getRecentMessages","limit":"10"}"#,
            r#"{"action":"getRecentMessages","before":"x"}"#,
            r#"{"action":"getRecentMessages","before":-1}"#,
            r#"{"action":"getRecentMessages","after":-1}"#,
            r#"{"action":"getRecentMessages","after":[]}"#,
            r#"{"action":"getRecentMessages","before":5,"after":5}"#,
            r#"{"action":"getRecentMessages","room":{}}"#,
            r#"{"action":"ping","rooms":[]}"#,
            r#"{"action":"ping","rooms":{"general":"x"}}"#,
            r#"{"action":"ping","rooms":{"general":-1}}"#,
            r#"{"action":"ping","rooms":{"NOT A ROOM":1}}"#,
        ],
        BadRequest,
    );
    let name = "a".repeat(65);
    frames.push((
        format!(r#"{{"action":"sendMessage","content":"x","clientId":"{name}"}}"#),
        BadRequest,
    ));
    frames
        .push((format!(r#"{{"action":"sendMessage","content":"x","room":"{name}"}}"#), BadRequest));
    frames.extend(each(
        &[
            r#"{"action":"sendMessage","content":"x","room":"no-such-room"}"#,
            r#"{"action":"getRecentMessages","room":"no-such-room"}"#,
            r#"{"action":"getRecentMessages","room":"no-such-room","after":0}"#,
        ],
        NotFound,
    ));
    all_refused(body, &frames).await?;

    let mut socket = body.socket(&body.person("mallory").await?).await?;
    socket.text(r#"{"action":"getRecentMessages","id":"x","limit":0}"#).await?;
    let refusal = socket.reply(Some(RequestId::Text("x".into()))).await?.refused()?;
    ensure_eq!(refusal.code, BadRequest, "code of a refusal with an id");
    Ok(())
}

/// Actions that no route takes, among them the platform's own.
///
/// # Errors
/// What failed.
pub async fn unknown_actions_are_refused(body: &Body) -> Outcome {
    let frames = each(
        &[
            r#"{"action":"nope"}"#,
            r#"{"action":""}"#,
            r#"{"action":"sendmessage","content":"x"}"#,
            r#"{"action":"sendMessage ","content":"x"}"#,
            r#"{"action":"$connect"}"#,
            r#"{"action":"$disconnect"}"#,
            r#"{"action":"$default"}"#,
        ],
        UnknownAction,
    );
    all_refused(body, &frames).await?;

    let mut socket = body.socket(&body.person("mallory").await?).await?;
    let refusal = socket.request("nope", json!({})).await?.refused()?;
    ensure_eq!(refusal.code, UnknownAction, "code of a refusal with an id");
    // The socket is still the room's: $disconnect in a frame is only a word.
    let pong: Pong = socket.request("ping", json!({ "rooms": { ROOM: 0 } })).await?.ok()?;
    ensure!(pong.rooms.get(ROOM).is_some_and(|room| room.subscribed), "{pong:?}");
    Ok(())
}
