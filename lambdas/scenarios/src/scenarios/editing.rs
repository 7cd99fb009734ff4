//! Changing what was written: another text, or none.

use futures_util::future::try_join_all;
use protocol::{Change, Changed, ErrorCode, MessagesPage, Stored, limits};
use serde_json::{Value, json};

use super::sending::ROOM;
use crate::raw::Socket;
use crate::wire::changes_page;
use crate::{Body, Failure, Outcome, ensure, ensure_eq, verify};

async fn send(socket: &mut Socket, content: &str) -> Result<Stored, Failure> {
    socket.request("sendMessage", json!({ "content": content })).await?.ok()
}

async fn edit(socket: &mut Socket, seq: u64, content: &str) -> Result<Changed, Failure> {
    let fields = json!({ "seq": seq, "content": content });
    socket.request("editMessage", fields).await?.ok()
}

async fn delete(socket: &mut Socket, seq: u64) -> Result<Changed, Failure> {
    socket.request("deleteMessage", json!({ "seq": seq })).await?.ok()
}

async fn newest(socket: &mut Socket, limit: usize) -> Result<MessagesPage, Failure> {
    socket.request("getRecentMessages", json!({ "limit": limit })).await?.ok()
}

/// The changes after a number, as the frame has them.
async fn resume(socket: &mut Socket, after: u64) -> Result<Value, Failure> {
    let fields = json!({ "after": after, "limit": limits::PAGE_MAX });
    socket.request("getRecentMessages", fields).await?.ok()
}

fn kinds(page: &Value) -> Vec<&str> {
    let changes = page.get("changes").and_then(Value::as_array);
    let kinds = changes.into_iter().flatten().map(|change| change.get("kind"));
    kinds.map(|kind| kind.and_then(Value::as_str).unwrap_or_default()).collect()
}

/// Everybody in the room hears of an edit and of a deletion; a page of history shows the messages as
/// they are now, and a resume every change.
///
/// # Errors
/// What failed.
pub async fn changes_are_told_and_shown_as_of_now(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let (mut writer, mut reader) = (body.socket(&ada).await?, body.socket(&bob).await?);
    let one = send(&mut writer, "one").await?;
    let two = send(&mut writer, "two").await?;
    let edited = edit(&mut writer, one.seq, "1").await?;
    ensure_eq!((edited.ver, edited.duplicate), (two.seq + 1, false), "edit");
    for seq in [one.seq, two.seq] {
        ensure_eq!(reader.heard(ROOM).await?.seq(), seq, "message that was heard");
    }
    let heard = reader.heard(ROOM).await?;
    let Change::Edit { seq, user_id, message, .. } = &heard else {
        return Err(Failure::new(format!("{heard:?} was heard of an edit")));
    };
    ensure_eq!((*seq, user_id.as_str()), (edited.ver, &*ada.user_id), "edit that was heard");
    ensure_eq!((message.seq, &message.id), (one.seq, &one.id), "message of the edit");
    ensure_eq!((message.ver, message.content.as_str()), (edited.ver, "1"), "its state");
    ensure_eq!(message.timestamp, one.timestamp, "when it was written");
    ensure!(message.edited_at.is_some(), "when it was edited is not told");

    let page = newest(&mut reader, 2).await?;
    let texts: Vec<&str> = page.messages.iter().map(|message| message.content.as_str()).collect();
    ensure_eq!(texts, ["1", "two"], "a page of history");
    ensure_eq!(
        (page.messages.first(), page.head),
        (Some(message), edited.ver),
        "its first, its head"
    );

    // A second edit: both entries show the message as it is now.
    let again = edit(&mut writer, one.seq, "I").await?;
    let (entries, page) = changes_page(resume(&mut reader, one.seq - 1).await?)?;
    ensure_eq!((entries.len(), page.through), (4, again.ver), "entries of a resume");
    let states = entries.iter().filter_map(|entry| match entry {
        crate::wire::Entry::Known(
            Change::Message { message, .. } | Change::Edit { message, .. },
        ) => Some((message.seq, message.ver, message.content.as_str())),
        _ => None,
    });
    let now = (one.seq, again.ver, "I");
    let expected = vec![now, (two.seq, two.seq, "two"), now, now];
    ensure_eq!(states.collect::<Vec<_>>(), expected, "states in a resume");
    Ok(())
}

/// A deletion leaves a number and a name: its text is in no event, no page and no resume any more.
///
/// # Errors
/// What failed.
pub async fn a_deleted_text_is_nowhere(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let (mut writer, mut reader) = (body.socket(&ada).await?, body.socket(&bob).await?);
    let secret = crate::fresh_name("secret");
    let client_id = crate::fresh_name("id");
    let fields = json!({ "content": secret, "clientId": client_id });
    let stored: Stored = writer.request("sendMessage", fields.clone()).await?.ok()?;
    let edited = edit(&mut writer, stored.seq, &format!("{secret}, edited")).await?;
    let gone = delete(&mut writer, stored.seq).await?;
    ensure_eq!((gone.ver, gone.duplicate), (edited.ver + 1, false), "deletion");
    for seq in [stored.seq, edited.ver] {
        ensure_eq!(reader.heard(ROOM).await?.seq(), seq, "entry that was heard");
    }
    let heard = reader.heard(ROOM).await?;
    let Change::Delete { seq, user_id, message, .. } = &heard else {
        return Err(Failure::new(format!("{heard:?} was heard of a deletion")));
    };
    ensure_eq!((*seq, user_id.as_deref()), (gone.ver, Some(&*ada.user_id)), "deletion");
    ensure_eq!((message.seq, message.ver, message.deleted), (stored.seq, gone.ver, true), "rest");
    ensure_eq!(message.id, stored.id, "name of what is left");

    let changes = resume(&mut reader, stored.seq - 1).await?;
    ensure_eq!(kinds(&changes), ["delete"; 3], "entries of a message that is gone");
    ensure!(!changes.to_string().contains(&secret), "a resume has the text: {changes}");
    let page: Value = reader.request("getRecentMessages", json!({ "limit": 100 })).await?.ok()?;
    ensure!(!page.to_string().contains(&secret), "a page has the text: {page}");

    // A resend of the message is answered as ever, and tells nobody the text.
    let again: Stored = writer.request("sendMessage", fields).await?.ok()?;
    ensure_eq!((again.seq, &again.id, again.duplicate), (stored.seq, &stored.id, true), "resend");
    let last = send(&mut writer, "last").await?;
    loop {
        match reader.heard(ROOM).await? {
            Change::Message { seq, .. } if seq == last.seq => return Ok(()),
            Change::Delete { .. } => {}
            other => return Err(Failure::new(format!("{other:?} was told after the deletion"))),
        }
    }
}

/// A page of history has as many messages as were asked for, however often they were changed, and the
/// pages before it go on from there.
///
/// # Errors
/// What failed.
pub async fn pages_count_messages(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let mut seqs = Vec::new();
    for number in 0..6 {
        let stored = send(&mut socket, &format!("number {number}")).await?;
        edit(&mut socket, stored.seq, &format!("{number}")).await?;
        seqs.push(stored.seq);
    }
    // The third is gone: it is no message any more.
    let gone = seqs.remove(2);
    delete(&mut socket, gone).await?;
    socket.take_aside();
    let page = newest(&mut socket, 3).await?;
    let came =
        |page: &MessagesPage| page.messages.iter().map(|message| message.seq).collect::<Vec<_>>();
    ensure_eq!(came(&page), seqs.split_off(2), "newest messages");
    ensure!(page.more, "there are more");
    let before = page.messages.first().map_or(0, |oldest| oldest.seq);
    let fields = json!({ "limit": 2, "before": before });
    let older: MessagesPage = socket.request("getRecentMessages", fields).await?.ok()?;
    ensure_eq!(came(&older), seqs, "messages before them");
    Ok(())
}

/// Nobody changes what somebody else wrote, or what is not there.
///
/// # Errors
/// What failed.
pub async fn only_its_writer_changes_a_message(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let (mut writer, mut other) = (body.socket(&ada).await?, body.socket(&bob).await?);
    let stored = send(&mut writer, "mine").await?;
    let edited = edit(&mut writer, stored.seq, "still mine").await?;
    let gone = send(&mut writer, "gone").await?;
    let head = delete(&mut writer, gone.seq).await?.ver;
    let text = "x".repeat(limits::TEXT_BYTES + 1);
    for (action, fields) in [
        ("editMessage", json!({ "seq": stored.seq, "content": "not mine" })),
        ("deleteMessage", json!({ "seq": stored.seq })),
    ] {
        let refusal = other.request(action, fields).await?.refused()?;
        ensure_eq!(refusal.code, ErrorCode::Forbidden, "code for {action} of another's message");
    }
    for (seq, content, code) in [
        (json!(gone.seq), "gone", ErrorCode::NotFound),
        (json!(edited.ver), "an entry that is no message", ErrorCode::NotFound),
        (json!(head + 1), "not there yet", ErrorCode::NotFound),
        (json!(0), "not there ever", ErrorCode::NotFound),
        (Value::Null, "no number", ErrorCode::BadRequest),
        (json!(-1), "no number", ErrorCode::BadRequest),
        (json!(stored.seq), " ", ErrorCode::BadRequest),
        (json!(stored.seq), &text, ErrorCode::TooLarge),
    ] {
        let fields = json!({ "seq": seq, "content": content });
        let refusal = writer.request("editMessage", fields).await?.refused()?;
        ensure_eq!(refusal.code, code, "code for an edit of {seq}");
        ensure!(!refusal.retryable, "{code:?} is for good");
        if matches!(code, ErrorCode::Forbidden | ErrorCode::NotFound) {
            let refusal =
                writer.request("deleteMessage", json!({ "seq": seq })).await?.refused()?;
            ensure_eq!(refusal.code, code, "code for a deletion of {seq}");
        }
    }
    ensure_eq!(verify::head(&mut writer, ROOM).await?, head, "head: nothing was stored");
    Ok(())
}

/// An edit or a deletion is made once under its `clientId`, and nothing else is.
///
/// # Errors
/// What failed.
pub async fn each_change_is_made_once(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let fields = json!({ "content": "one", "clientId": "the send" });
    let stored: Stored = socket.request("sendMessage", fields).await?.ok()?;
    let seq = stored.seq;

    let mut sockets = try_join_all((0..5).map(|_| body.socket(&ada))).await?;
    let fields = |content: &str| json!({ "seq": seq, "content": content, "clientId": "the edit" });
    let edits = sockets
        .iter_mut()
        .map(async |socket| socket.request("editMessage", fields("1")).await?.ok::<Changed>());
    let edits = try_join_all(edits).await?;
    ensure!(edits.iter().all(|edit| edit.ver == seq + 1), "one edit under two numbers: {edits:?}");
    ensure_eq!(edits.iter().filter(|edit| !edit.duplicate).count(), 1, "edits that were made");
    // The state of now may be another: what was asked for is the same.
    edit(&mut socket, seq, "I").await?;
    let again: Changed = socket.request("editMessage", fields("1")).await?.ok()?;
    ensure_eq!((again.ver, again.duplicate), (seq + 1, true), "edit made again");

    let delete = json!({ "seq": seq, "clientId": "the deletion" });
    for duplicate in [false, true] {
        let gone: Changed = socket.request("deleteMessage", delete.clone()).await?.ok()?;
        ensure_eq!((gone.ver, gone.duplicate), (seq + 3, duplicate), "deletion");
    }
    let again: Changed = socket.request("editMessage", fields("1")).await?.ok()?;
    ensure_eq!((again.ver, again.duplicate), (seq + 1, true), "edit of what is gone, made again");

    let two = send(&mut socket, "two").await?;
    for (action, client_id) in [
        ("editMessage", "the send"),
        ("editMessage", "the deletion"),
        ("editMessage", "the edit"),
        ("deleteMessage", "the send"),
        ("deleteMessage", "the edit"),
        ("deleteMessage", "the deletion"),
        ("sendMessage", "the edit"),
        ("sendMessage", "the deletion"),
    ] {
        let fields = json!({ "seq": two.seq, "content": "another", "clientId": client_id });
        let refusal = socket.request(action, fields).await?.refused()?;
        ensure_eq!(refusal.code, ErrorCode::ClientIdReused, "code for {action} under {client_id}");
    }
    ensure_eq!(verify::head(&mut socket, ROOM).await?, two.seq, "head: nothing more was stored");
    Ok(())
}
