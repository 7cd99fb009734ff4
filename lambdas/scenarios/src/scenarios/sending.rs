//! Sending: each message once, in one order, whole.

use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use protocol::{ErrorCode, GENERAL, Message, RequestId, Stored, limits};
use serde_json::json;

use crate::client::Sending;
use crate::{Body, Client, Failure, Outcome, ensure, ensure_eq, verify, within};

/// The room of all scenarios.
pub const ROOM: &str = GENERAL;
/// How long a crowd may take until all is acknowledged: much is to be done in a room with one order.
const CROWD_PATIENCE: Duration = Duration::from_secs(300);

/// Ten resends that arrive together store one message, and all learn its number.
///
/// # Errors
/// What failed.
pub async fn one_message_for_ten_sends_at_once(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut listener = body.socket(&ada).await?;
    let after = verify::head(&mut listener, ROOM).await?;
    let mut sockets = try_join_all((0..10).map(|_| body.socket(&ada))).await?;
    let sends = sockets.iter_mut().map(|socket| async {
        let fields = json!({ "content": "once", "clientId": "the-only-one" });
        socket.request("sendMessage", fields).await?.ok::<Stored>()
    });
    let replies = try_join_all(sends).await?;
    for stored in &replies {
        ensure_eq!(stored.seq, after + 1, "number in {stored:?}");
        ensure_eq!(Some(&stored.id), replies.first().map(|first| &first.id), "id");
        ensure_eq!(Some(&stored.timestamp), replies.first().map(|first| &first.timestamp), "time");
    }
    let first = replies.iter().filter(|stored| !stored.duplicate).count();
    ensure_eq!(first, 1, "replies that are no duplicate");
    let log = verify::read_log(&mut listener, ROOM, after).await?;
    ensure_eq!(log.len(), 1, "messages stored");
    Ok(())
}

/// A `clientId` is its person's, and stands for one body.
///
/// # Errors
/// What failed.
pub async fn a_client_id_names_one_message_for_good(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let mut socket = body.socket(&ada).await?;
    let send = |content: &str| json!({ "content": content, "clientId": "mine" });
    let first: Stored = socket.request("sendMessage", send("one")).await?.ok()?;
    ensure!(!first.duplicate, "the first send is a duplicate");
    let refusal = socket.request("sendMessage", send("two")).await?.refused()?;
    ensure_eq!(refusal.code, ErrorCode::ClientIdReused, "code");
    ensure!(!refusal.retryable, "a reused id is for good");
    let again: Stored = socket.request("sendMessage", send("one")).await?.ok()?;
    ensure_eq!((again.seq, &again.id, again.duplicate), (first.seq, &first.id, true), "resend");

    let mut other = body.socket(&bob).await?;
    let theirs: Stored = other.request("sendMessage", send("two")).await?.ok()?;
    ensure_eq!((theirs.seq, theirs.duplicate), (first.seq + 1, false), "another person's send");

    // Without a clientId, the same text twice is two messages.
    for seq in 2..=3 {
        let fields = json!({ "content": "one" });
        let stored: Stored = socket.request("sendMessage", fields).await?.ok()?;
        ensure_eq!(
            (stored.seq, stored.duplicate),
            (first.seq + seq, false),
            "send without clientId"
        );
    }
    Ok(())
}

/// A text comes out as it went in, live and from the log.
///
/// # Errors
/// What failed.
pub async fn texts_keep_their_bytes(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let after = verify::head(&mut socket, ROOM).await?;
    let texts = [
        "x".repeat(limits::TEXT_BYTES),
        "é".repeat(limits::TEXT_BYTES / 2),
        "🦀".repeat(limits::TEXT_BYTES / 4),
        // Each takes six bytes of a frame.
        "\u{1}".repeat(4_800),
        r#"\""#.repeat(limits::TEXT_BYTES / 2),
        "<script>alert(1)</script> &amp; \u{202e} \u{0} \u{feff} \u{2028}\r\n\t".to_owned(),
        r#"{"action":"sendMessage","reply":1}"#.to_owned(),
        "e\u{301} is not \u{e9}".to_owned(),
        " kept as it is \n".to_owned(),
    ];
    for text in &texts {
        let fields = json!({ "content": text });
        let _: Stored = socket.request("sendMessage", fields).await?.ok()?;
    }
    let live = socket.messages(texts.len()).await?;
    let log = verify::read_log(&mut socket, ROOM, after).await?;
    for messages in [&live, &log] {
        let came = messages.iter().map(|message: &Message| &message.content);
        ensure!(came.eq(texts.iter()), "a text was changed");
    }
    ensure_eq!(live, log, "live messages and the log");
    Ok(())
}

/// One byte over the limit is too much, whatever the characters.
///
/// # Errors
/// What failed.
pub async fn too_much_text_is_refused(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let head = verify::head(&mut socket, ROOM).await?;
    for text in [
        "x".repeat(limits::TEXT_BYTES + 1),
        "é".repeat(limits::TEXT_BYTES / 2) + "x",
        "🦀".repeat(limits::TEXT_BYTES / 4 + 1),
        "\u{1}".repeat(limits::TEXT_JSON_BYTES / 6 + 1),
    ] {
        let refusal = socket.request("sendMessage", json!({ "content": text })).await?.refused()?;
        ensure_eq!((refusal.code, refusal.retryable), (ErrorCode::TooLarge, false), "refusal");
    }
    for text in ["", " ", "\n\t  \u{a0}"] {
        let refusal = socket.request("sendMessage", json!({ "content": text })).await?.refused()?;
        ensure_eq!(refusal.code, ErrorCode::BadRequest, "code for {text:?}");
    }
    // A frame that the platform takes and the protocol does not.
    let padding = "x".repeat(limits::FRAME_BYTES);
    socket.text(format!(r#"{{"action":"sendMessage","content":"x","pad":"{padding}"}}"#)).await?;
    let refusal = socket.reply(None).await?.refused()?;
    ensure_eq!(refusal.code, ErrorCode::TooLarge, "code for a frame over 30 KB");
    ensure_eq!(verify::head(&mut socket, ROOM).await?, head, "head: nothing was stored");
    Ok(())
}

/// Many people who all send at once see the same messages in the same order.
///
/// # Errors
/// What failed.
pub async fn a_crowd_agrees_on_one_order(body: &Body) -> Outcome {
    crowd(body, body.writers, 10, async |_| Ok(())).await
}

/// So many people send so many messages each, all at once, after `prepare` has seen their clients;
/// then everything must have settled.
///
/// # Errors
/// What failed.
pub async fn crowd(
    body: &Body,
    people: usize,
    each: usize,
    prepare: impl AsyncFnOnce(&[Client]) -> Outcome,
) -> Outcome {
    let people = body.people(people).await?;
    let reader = people.first().ok_or_else(|| Failure::new("a crowd has people"))?;
    let mut socket = body.socket(reader).await?;
    let after = verify::head(&mut socket, ROOM).await?;
    socket.close().await?;

    let clients = try_join_all(people.iter().map(|person| Client::open(body, person))).await?;
    prepare(&clients).await?;
    let mut sends = Vec::new();
    for number in 0..each {
        for client in &clients {
            let text = format!("{} says {number}", client.person.username);
            sends.push(client.post(ROOM, text));
        }
    }
    let all = try_join_all(sends.into_iter().map(Sending::acknowledged));
    tokio::time::timeout(CROWD_PATIENCE, all).await.map_err(|_| {
        Failure::new(format!("not all is acknowledged after {} s", CROWD_PATIENCE.as_secs()))
    })??;
    let log = verify::settled(body, reader, &clients, ROOM, after).await?;
    ensure_eq!(log.len(), people.len() * each, "messages stored");
    ensure_eq!(log.last().map(|last| last.seq), Some(after + u64::try_from(log.len())?), "head");
    Ok(())
}

/// A client whose connection is cut again and again shows every message once, in order.
///
/// # Errors
/// What failed.
pub async fn a_reconnecting_client_misses_nothing(body: &Body) -> Outcome {
    let (ada, bob) = try_join(body.person("ada"), body.person("bob")).await?;
    let mut socket = body.socket(&ada).await?;
    let after = verify::head(&mut socket, ROOM).await?;
    socket.close().await?;
    let (writer, unlucky) = try_join(Client::open(body, &ada), Client::open(body, &bob)).await?;
    for round in 1..=5 {
        let own = unlucky.post(ROOM, format!("from a cut client, {round}"));
        unlucky.cut();
        for number in 0..4 {
            writer.send(ROOM, format!("{round}.{number}")).await?;
        }
        within("acknowledgement", own.acknowledged()).await??;
        unlucky
            .until("reconnection", |view| view.losses >= round && view.sockets > view.losses)
            .await?;
    }
    let clients = [writer, unlucky];
    let log = verify::settled(body, &ada, &clients, ROOM, after).await?;
    ensure_eq!(log.len(), 25, "messages stored");
    Ok(())
}

/// A request's `id` may be any string or integer, and comes back as it was.
///
/// # Errors
/// What failed.
pub async fn ids_come_back_as_they_were(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    for (id, expected) in [
        ("0", RequestId::Number(0)),
        ("-1", RequestId::Number(-1)),
        ("9007199254740991", RequestId::Number(9_007_199_254_740_991)),
        (r#""""#, RequestId::Text(String::new())),
        (r#""7""#, RequestId::Text("7".into())),
        (r#""\"é🦀\n""#, RequestId::Text("\"é🦀\n".into())),
    ] {
        socket.text(format!(r#"{{"action":"ping","id":{id}}}"#)).await?;
        socket.reply(Some(expected)).await?.ok::<protocol::Pong>()?;
    }
    Ok(())
}
