//! Rows of the version before, read by this one, and rows of this one, read as the version before
//! reads them: while a new version is deployed, and long after.

mod readers;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::{
    AdminCommand, Change, Changed, ChangesPage, ErrorCode, Joined, Left, MessagesPage, Pong,
    Stored, Tombstone,
};
use scenarios::raw::Socket;
use scenarios::{Failure, Outcome, ensure, ensure_eq};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::golden::{PASSWORD, with_old_account};
use crate::support::{Here, ROOM, Row, connection_id, text};
use readers::{Connection, Entry, Subscription};

/// What the version before stored: Eve's message, erased; two of Ada's; the room; a socket of Ada's.
const ROWS: &str = include_str!("rows.json");

/// A value as DynamoDB's own JSON writes it.
fn value(written: &Value) -> Result<AttributeValue, Failure> {
    let one = written.as_object().and_then(|one| one.iter().next());
    let (kind, value) = one.ok_or_else(|| Failure::new("no value"))?;
    let value = value.as_str().ok_or_else(|| Failure::new("no text"))?.to_owned();
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(value),
        "N" => AttributeValue::N(value),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(value)?)),
        other => return Err(Failure::new(format!("no kind of value: {other}"))),
    })
}

/// The rows of a table.
fn rows(table: &str) -> Result<Vec<Row>, Failure> {
    let all: BTreeMap<String, Vec<BTreeMap<String, Value>>> = serde_json::from_str(ROWS)?;
    let rows = all.get(table).ok_or_else(|| Failure::new("no such table"))?;
    let row = |row: &BTreeMap<String, Value>| {
        row.iter().map(|(name, written)| Ok((name.clone(), value(written)?))).collect()
    };
    rows.iter().map(row).collect()
}

async fn put(here: &Here, table: &str, row: Row) -> Outcome {
    let put = here.laptop.database().put_item().set_item(Some(row));
    put.table_name(here.laptop.aws().table(table)).send().await?;
    Ok(())
}

/// Every row of a table.
async fn all(here: &Here, table: &str) -> Result<Vec<Row>, Failure> {
    let scan = here.laptop.database().scan().table_name(here.laptop.aws().table(table));
    Ok(scan.consistent_read(true).send().await?.items.unwrap_or_default())
}

/// A laptop with the log of the version before, and a socket of Ada's.
async fn with_old_log() -> Result<(Here, Socket), Failure> {
    let here = with_old_account().await?;
    for table in ["messages", "sends", "rooms"] {
        for row in rows(table)? {
            put(&here, table, row).await?;
        }
    }
    let ada = here.body.log_in("ada", PASSWORD).await?;
    let socket = here.body.socket(&ada).await?;
    Ok((here, socket))
}

async fn ok<T: DeserializeOwned>(
    socket: &mut Socket,
    action: &str,
    fields: Value,
) -> Result<T, Failure> {
    socket.request(action, fields).await?.ok()
}

/// The whole log as a resume shows it: each entry's number and kind, and the state that it shows.
async fn resume(socket: &mut Socket) -> Result<Vec<Change>, Failure> {
    let page: ChangesPage = ok(socket, "getRecentMessages", json!({ "after": 0 })).await?;
    ensure!(page.recovered && !page.more && page.floor == 1, "{page:?}");
    ensure_eq!(page.through, page.head, "through");
    Ok(page.changes)
}

fn gone(seq: u64, id: &str, ver: u64) -> Tombstone {
    Tombstone { seq, id: id.to_owned(), ver, deleted: true }
}

#[tokio::test]
async fn messages_of_the_version_before_are_history_and_log() -> Outcome {
    let (here, mut socket) = with_old_log().await?;
    let page: MessagesPage = ok(&mut socket, "getRecentMessages", json!({})).await?;
    ensure_eq!((page.head, page.epoch, page.more), (3, 1_795_348_800_762, false), "page");
    let [hi, there] = page.messages.as_slice() else { return Err(Failure::new("two messages")) };
    ensure_eq!((hi.seq, hi.ver, hi.content.as_str()), (2, 2, "hi"), "the first");
    ensure_eq!((there.seq, there.username.as_str()), (3, "Ada"), "the second");
    ensure_eq!((hi.client_id.as_str(), hi.edited_at.as_deref()), ("01JD7Z", None), "the first");

    let erased = gone(1, "m_kfxPC7CNcQ4oqsu5Soj-VA", 1);
    let log = [
        Change::Delete { seq: 1, user_id: None, client_id: None, message: erased },
        Change::Message { seq: 2, message: hi.clone() },
        Change::Message { seq: 3, message: there.clone() },
    ];
    ensure_eq!(resume(&mut socket).await?, log, "log");
    let pong: Pong = ok(&mut socket, "ping", json!({ "rooms": { ROOM: 0 } })).await?;
    let stand = pong.rooms.get(ROOM).map(|room| (room.head, room.epoch));
    ensure_eq!(stand, Some((3, 1_795_348_800_762)), "room");
    here.stop().await
}

#[tokio::test]
async fn a_client_id_of_the_version_before_is_used() -> Outcome {
    let (here, mut socket) = with_old_log().await?;
    let fields = json!({ "content": "hi", "clientId": "01JD7Z" });
    let stored: Stored = ok(&mut socket, "sendMessage", fields).await?;
    let timestamp = "2026-11-22T12:00:01.786Z".to_owned();
    let id = "m_hb6AfyWDe8c6RmCytytLUw".to_owned();
    ensure_eq!(stored, Stored { seq: 2, id, timestamp, duplicate: true }, "resend");
    for (action, fields) in [
        ("sendMessage", json!({ "content": "hi!", "clientId": "01JD7Z" })),
        ("sendMessage", json!({ "content": "hi", "clientId": "01JD80" })),
        ("editMessage", json!({ "seq": 2, "content": "hi", "clientId": "01JD7Z" })),
        ("deleteMessage", json!({ "seq": 2, "clientId": "01JD7Z" })),
        ("createRoom", json!({ "room": "hi", "clientId": "01JD7Z" })),
    ] {
        let refused = socket.request(action, fields).await?.refused()?;
        ensure_eq!(refused.code, ErrorCode::ClientIdReused, "{action}");
    }
    here.stop().await
}

#[tokio::test]
async fn messages_of_the_version_before_are_edited_and_deleted() -> Outcome {
    let (here, mut socket) = with_old_log().await?;
    let edit = json!({ "seq": 2, "content": "hi all", "clientId": "01JD81" });
    for duplicate in [false, true] {
        let changed: Changed = ok(&mut socket, "editMessage", edit.clone()).await?;
        ensure_eq!(changed, Changed { ver: 4, duplicate }, "edit");
    }
    let delete = json!({ "seq": 3, "clientId": "01JD82" });
    for duplicate in [false, true] {
        let changed: Changed = ok(&mut socket, "deleteMessage", delete.clone()).await?;
        ensure_eq!(changed, Changed { ver: 5, duplicate }, "deletion");
    }
    let erased = socket.request("editMessage", json!({ "seq": 1, "content": "x" })).await?;
    ensure_eq!(erased.refused()?.code, ErrorCode::NotFound, "edit of what was erased");

    let log = resume(&mut socket).await?;
    let [_, Change::Message { message, .. }, deleted, edited, deletion] = log.as_slice() else {
        return Err(Failure::new(format!("another log: {log:?}")));
    };
    ensure_eq!((message.ver, message.content.as_str()), (4, "hi all"), "edited");
    ensure!(message.edited_at.is_some(), "when it was edited");
    let left = gone(3, "m_QsT6CRdUGkz0MFhAnqIqDw", 5);
    let by = |seq, client_id: Option<&str>, message: &Tombstone| Change::Delete {
        seq,
        user_id: client_id.map(|_| "u_AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        client_id: client_id.map(str::to_owned),
        message: message.clone(),
    };
    ensure_eq!(*deleted, by(3, None, &left), "the message");
    let edit = Change::Edit {
        seq: 4,
        user_id: "u_AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        client_id: "01JD81".to_owned(),
        message: message.clone(),
    };
    ensure_eq!(*edited, edit, "the edit");
    ensure_eq!(*deletion, by(5, Some("01JD82"), &left), "the deletion");

    // What was sent under these names stays what it was.
    for (content, client_id, seq) in [("hi", "01JD7Z", 2), ("there", "01JD80", 3)] {
        let fields = json!({ "content": content, "clientId": client_id });
        let stored: Stored = ok(&mut socket, "sendMessage", fields).await?;
        ensure_eq!((stored.seq, stored.duplicate), (seq, true), "resend of {content}");
    }
    here.stop().await
}

#[tokio::test]
async fn what_an_erased_person_wrote_before_is_gone() -> Outcome {
    let (here, mut socket) = with_old_log().await?;
    let _: Changed = ok(&mut socket, "editMessage", json!({ "seq": 2, "content": "x" })).await?;
    socket.close().await?;
    let eve = here.body.person("eve").await?;
    while here.body.admin(AdminCommand::Erase { user: "ada".to_owned() }).await?.more {}
    let mut socket = here.body.socket(&eve).await?;
    let log = resume(&mut socket).await?;
    ensure!(log.iter().all(|change| matches!(change, Change::Delete { .. })), "{log:?}");
    ensure_eq!(log.iter().map(Change::seq).collect::<Vec<_>>(), [1, 2, 3, 4], "numbers");
    here.stop().await
}

/// A socket that the version before let in: its rows are as that version wrote them.
#[tokio::test]
async fn a_socket_of_the_version_before_goes_on() -> Outcome {
    let (here, mut socket) = with_old_log().await?;
    let id = connection_id(&mut socket).await?;
    let ada = "u_AAAAAAAAAAAAAAAAAAAAAA";
    for table in ["connections", "subscriptions"] {
        let now = all(&here, table).await?;
        let [now] = now.as_slice() else { return Err(Failure::new("one row")) };
        let [mut old] = <[Row; 1]>::try_from(rows(table)?).map_err(|_| Failure::new("one row"))?;
        for moving in ["connectionId", "sessionId", "connectedAt", "expiresAt"] {
            if let Some(value) = now.get(moving) {
                old.insert(moving.to_owned(), value.clone());
            }
        }
        ensure_eq!(old.get("userId"), Some(&text(ada)), "whose");
        put(&here, table, old).await?;
    }
    let pong: Pong = ok(&mut socket, "ping", json!({ "rooms": { ROOM: 3 } })).await?;
    ensure!(pong.rooms.get(ROOM).is_some_and(|room| room.subscribed), "{pong:?}");
    ensure_eq!(pong.joined, Some(vec![ROOM.to_owned()]), "rooms");

    // It hears a room that its person makes elsewhere.
    let person = here.body.log_in("ada", PASSWORD).await?;
    let mut other = here.body.socket(&person).await?;
    let _: Joined = ok(&mut other, "createRoom", json!({ "room": "dev" })).await?;
    let _: Stored =
        ok(&mut other, "sendMessage", json!({ "room": "dev", "content": "here" })).await?;
    let heard = socket.messages(1).await?;
    ensure_eq!(heard.first().map(|message| message.content.as_str()), Some("here"), "heard");
    let heard =
        here.laptop.database().get_item().table_name(here.laptop.aws().table("subscriptions"));
    let heard = heard.key("room", text("dev")).key("connectionId", text(&id)).send().await?;
    ensure!(heard.item.is_some(), "no row for the socket");
    here.stop().await
}

/// One of each entry, of which the version before knows messages: two that stay (one of them edited),
/// one that is deleted, and the beginning of a room, a coming and a leaving.
async fn with_every_entry() -> Result<(Here, Socket), Failure> {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let eve = here.body.person("eve").await?;
    let mut socket = here.body.socket(&ada).await?;
    let mut other = here.body.socket(&eve).await?;
    for (content, client_id) in [("one", "c1"), ("two", "c2"), ("three", "c3")] {
        let fields = json!({ "content": content, "clientId": client_id });
        let _: Stored = ok(&mut socket, "sendMessage", fields).await?;
    }
    let edit = json!({ "seq": 2, "content": "2", "clientId": "c4" });
    let _: Changed = ok(&mut socket, "editMessage", edit).await?;
    let _: Changed =
        ok(&mut socket, "deleteMessage", json!({ "seq": 3, "clientId": "c5" })).await?;
    let fields = json!({ "room": "dev", "topic": "What we build", "clientId": "c6" });
    let _: Joined = ok(&mut socket, "createRoom", fields).await?;
    let fields = || json!({ "room": "dev" });
    let _: Joined = ok(&mut other, "joinRoom", fields()).await?;
    let _: Left = ok(&mut other, "leaveRoom", fields()).await?;
    Ok((here, socket))
}

fn room_of(row: &Row) -> Result<String, Failure> {
    let room = row.get("room").and_then(|room| room.as_s().ok()).cloned();
    room.ok_or_else(|| Failure::new("no room"))
}

#[tokio::test]
async fn the_version_before_reads_entries_or_passes_over_them() -> Outcome {
    let (here, _socket) = with_every_entry().await?;
    let (mut known, mut unknown) = (BTreeMap::new(), BTreeSet::new());
    for row in all(&here, "messages").await? {
        let room = room_of(&row)?;
        match readers::entry(row)? {
            Entry::Message(message) => {
                known.insert((room, message.seq), (message.content, message.ver));
            }
            Entry::Unknown { seq } => {
                unknown.insert((room, seq));
            }
        }
    }
    let general = |seq| (ROOM.to_owned(), seq);
    let dev = |seq| ("dev".to_owned(), seq);
    let messages = [(general(1), ("one".to_owned(), 1)), (general(2), ("2".to_owned(), 4))];
    ensure_eq!(known, BTreeMap::from(messages), "messages");
    let passed = [general(3), general(4), general(5), dev(1), dev(2), dev(3)];
    ensure_eq!(unknown, BTreeSet::from(passed), "passed over");
    here.stop().await
}

#[tokio::test]
async fn the_version_before_reads_what_became_of_a_client_id() -> Outcome {
    let (here, _socket) = with_every_entry().await?;
    let mut known = BTreeMap::new();
    for row in all(&here, "sends").await? {
        let same = ["one", "two", "three"]
            .iter()
            .filter_map(|content| readers::is_of(&row, ROOM, content))
            .any(|same| same);
        let has_digest = row.contains_key("digest") && row.contains_key("salt");
        let send = readers::send(row)?;
        known.insert((send.room, send.seq), (same, has_digest));
    }
    let general = |seq| (ROOM.to_owned(), seq);
    // Resends of what stays are duplicates. What has no digest, the version before cannot tell from
    // another message: it answers `internal`, which is retryable.
    ensure_eq!(known.remove(&general(1)), Some((true, true)), "a message");
    ensure_eq!(known.remove(&general(2)), Some((true, true)), "an edited message");
    ensure_eq!(known.remove(&general(3)), Some((false, false)), "a deleted message");
    ensure_eq!(known.remove(&general(4)), Some((false, false)), "an edit");
    // All others are of another body.
    for (entry, (same, has_digest)) in known {
        ensure!(!same && has_digest, "{entry:?}");
    }
    here.stop().await
}

#[tokio::test]
async fn the_version_before_reads_sockets_and_rooms() -> Outcome {
    let (here, mut socket) = with_every_entry().await?;
    let id = connection_id(&mut socket).await?;
    let mut heard = BTreeSet::new();
    for row in all(&here, "subscriptions").await? {
        let row: Subscription = serde_dynamo::from_item(row)?;
        if row.connection_id == id {
            heard.insert(row.room);
        }
    }
    ensure_eq!(heard, BTreeSet::from([ROOM.to_owned(), "dev".to_owned()]), "rooms of a socket");
    let mut sockets = BTreeSet::new();
    for row in all(&here, "connections").await? {
        let row: Connection = serde_dynamo::from_item(row)?;
        sockets.insert(row.connection_id);
    }
    ensure!(sockets.contains(&id), "{sockets:?}");
    let meta = all(&here, "rooms").await?.into_iter().filter(|row| row["id"] == text("#meta"));
    let epochs: Vec<_> = meta.map(|row| readers::epoch(&row)).collect();
    ensure!(epochs.len() == 2 && epochs.iter().all(Option::is_some), "{epochs:?}");
    here.stop().await
}

/// While both versions run, the one before may erase somebody who has edited, deleted and joined: it
/// takes every entry that a `clientId` became for a message.
#[tokio::test]
async fn what_the_version_before_erased_can_be_read() -> Outcome {
    let (here, mut socket) = with_every_entry().await?;
    for row in all(&here, "sends").await? {
        let user = row["userId"].clone();
        here.laptop
            .database()
            .update_item()
            .table_name(here.laptop.aws().table("messages"))
            .key("room", row["room"].clone())
            .key("seq", row["seq"].clone())
            .update_expression("SET kind = :tombstone REMOVE content, username, clientId")
            .condition_expression("userId = :user")
            .expression_attribute_values(":tombstone", text("tombstone"))
            .expression_attribute_values(":user", user)
            .send()
            .await?;
    }
    let log = resume(&mut socket).await?;
    ensure!(log.iter().all(|change| matches!(change, Change::Delete { .. })), "{log:?}");
    let page: ChangesPage =
        ok(&mut socket, "getRecentMessages", json!({ "room": "dev", "after": 0 })).await?;
    ensure_eq!((page.through, page.head), (3, 3), "the other room");
    let page: MessagesPage = ok(&mut socket, "getRecentMessages", json!({})).await?;
    ensure!(page.messages.is_empty() && page.head == 5, "{page:?}");
    here.stop().await
}
