//! The seed tutorial's page, whose frames must work as they stand: no `id`, a `token` in each
//! message, and the JWT itself in the socket's URL.

use protocol::{ErrorCode, Event, Message, MessagesPage, RequestId};
use serde_json::json;

use crate::raw::Socket;
use crate::wire::Frame;
use crate::{Body, Failure, Outcome, ensure, ensure_eq};

async fn recent(page: &mut Socket) -> Result<MessagesPage, Failure> {
    page.text(r#"{"action":"getRecentMessages"}"#).await?;
    page.reply(None).await?.ok()
}

/// Everything that came before the answer to a `ping`.
async fn until_fence(page: &mut Socket) -> Result<Vec<Frame>, Failure> {
    page.text(r#"{"action":"ping","id":"fence"}"#).await?;
    page.reply(Some(RequestId::Text("fence".into()))).await?.ok::<protocol::Pong>()?;
    Ok(page.take_aside())
}

/// The page shows history, sends, and sees what it sent; a send that succeeds is not answered.
///
/// # Errors
/// What failed.
pub async fn its_frames_work_as_they_stand(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut page = body.socket_with(&ada.access_token).await?;
    let before = recent(&mut page).await?.head;

    let frame = format!(
        r#"{{"action":"sendMessage","token":"{}","content":"Hello, world"}}"#,
        ada.access_token
    );
    page.text(frame).await?;
    let [message]: [Message; 1] = page
        .messages(1)
        .await?
        .try_into()
        .map_err(|came| Failure::new(format!("one message was sent, {came:?} came")))?;
    ensure_eq!(message.seq, before + 1, "number");
    ensure_eq!(message.content, "Hello, world", "text");
    ensure_eq!(message.username, *ada.username, "writer's name");
    ensure_eq!(message.user_id, *ada.user_id, "writer");
    ensure!(!message.timestamp.is_empty() && !message.id.is_empty(), "{message:?}");

    let others = until_fence(&mut page).await?;
    ensure!(others.is_empty(), "a send without an id was answered: {others:?}");
    let after = recent(&mut page).await?;
    ensure_eq!(after.messages.last(), Some(&message), "newest message of the page");
    Ok(())
}

/// A page that sends nothing useful is told so, with `"reply":null`.
///
/// # Errors
/// What failed.
pub async fn a_refusal_is_told_even_without_an_id(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut page = body.socket(&ada).await?;
    for (frame, code) in [
        (r#"{"action":"sendMessage","token":"x","content":""}"#, ErrorCode::BadRequest),
        (r#"{"action":"sendMessage","token":"x"}"#, ErrorCode::BadRequest),
        (r#"{"action":"doesNotExist"}"#, ErrorCode::UnknownAction),
    ] {
        page.text(frame).await?;
        ensure_eq!(page.reply(None).await?.refused()?.code, code, "code for {frame}");
    }
    Ok(())
}

/// Whoever the body names as its sender, the socket's owner is.
///
/// # Errors
/// What failed.
pub async fn the_body_of_a_frame_speaks_for_nobody_else(body: &Body) -> Outcome {
    let (mallory, alice) = (body.person("mallory").await?, body.person("alice").await?);
    let mut socket = body.socket(&mallory).await?;
    let mut listener = body.socket(&alice).await?;
    let frame = json!({
        "action": "sendMessage", "token": *alice.access_token, "username": *alice.username,
        "userId": *alice.user_id, "name": *alice.username, "seq": 1, "content": "it is I, alice",
    });
    socket.text(frame.to_string()).await?;
    for heard in [&mut socket, &mut listener] {
        let messages = heard.messages(1).await?;
        for message in messages {
            ensure_eq!(message.user_id, *mallory.user_id, "writer");
            ensure_eq!(message.username, *mallory.username, "writer's name");
        }
    }
    Ok(())
}

/// `getRecentMessages` without more answers the ten newest, oldest first.
///
/// # Errors
/// What failed.
pub async fn the_ten_newest_come_oldest_first(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let mut sent = Vec::new();
    for text in 1..=12 {
        let fields = json!({ "content": text.to_string() });
        let stored: protocol::Stored = socket.request("sendMessage", fields).await?.ok()?;
        sent.push((stored.seq, stored.id, text.to_string()));
    }
    let page = recent(&mut socket).await?;
    let came: Vec<_> = page
        .messages
        .into_iter()
        .map(|message| (message.seq, message.id, message.content))
        .collect();
    ensure_eq!(Some(came.as_slice()), sent.get(2..), "page");
    ensure!(page.more, "there are older messages");
    ensure_eq!(Some(page.head), sent.last().map(|(seq, ..)| *seq), "head");

    let heard = socket.take_aside().into_iter().filter_map(|frame| match frame {
        Frame::Event(Event::Messages { messages, .. }) => Some(messages.len()),
        _ => None,
    });
    ensure_eq!(heard.sum::<usize>(), sent.len(), "events to the sender's own socket");
    Ok(())
}
