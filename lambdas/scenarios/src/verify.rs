//! What must hold once everybody has stopped sending, whatever went wrong on the way: what was
//! acknowledged is in the log, once; the log has no hole; everybody shows the log.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::try_join_all;
use protocol::{Change, ChangesPage, Message, limits};
use serde_json::json;

use crate::client::{Sent, Write};
use crate::raw::Socket;
use crate::{Body, Client, Failure, Outcome, Person, ensure, ensure_eq};

/// Where a room's log stands.
///
/// # Errors
/// When the body does not say.
pub async fn head(socket: &mut Socket, room: &str) -> Result<u64, Failure> {
    let fields = json!({ "room": room, "limit": 1 });
    let page: protocol::MessagesPage = socket.request("getRecentMessages", fields).await?.ok()?;
    Ok(page.head)
}

/// Reads a room's log through a socket, from after a number to its end.
///
/// # Errors
/// When a page breaks the rules of pages.
pub async fn read_log(
    socket: &mut Socket,
    room: &str,
    after: u64,
) -> Result<Vec<Message>, Failure> {
    let mut messages = Vec::new();
    let mut at = after;
    loop {
        let fields = json!({ "room": room, "after": at, "limit": limits::PAGE_MAX });
        let page: ChangesPage = socket.request("getRecentMessages", fields).await?.ok()?;
        ensure!(page.recovered, "the log does not reach to {at}");
        let expected = at + u64::try_from(page.changes.len())?;
        ensure_eq!(page.through, expected, "number of the last of a page after {at}");
        for (seq, change) in (at + 1..).zip(page.changes) {
            ensure_eq!(change.seq(), seq, "number of an entry");
            let Change::Message { message, .. } = change else { continue };
            ensure_eq!(message.seq, seq, "number of a message");
            messages.push(message);
        }
        ensure_eq!(page.more, page.through < page.head, "`more` of a page after {at}");
        if !page.more {
            return Ok(messages);
        }
        ensure!(page.through > at, "a page after {at} is empty, and not the last");
        at = page.through;
    }
}

/// Checks one room of all these clients against its log, as `reader` reads it, and returns what the
/// log holds after a number.
///
/// # Errors
/// At the first thing that does not hold.
pub async fn settled(
    body: &Body,
    reader: &Person,
    clients: &[Client],
    room: &str,
    after: u64,
) -> Result<Vec<Message>, Failure> {
    let mut socket = body.socket(reader).await?;
    let log = read_log(&mut socket, room, after).await?;
    socket.close().await?;
    each_message_once(&log)?;
    for client in clients {
        client.look(|view| acknowledged_is_stored(&client.person, &view.sent, room, &log))?;
        in_the_order_of_sending(client, room, &log)?;
    }
    let head = log.last().map_or(after, |last| last.seq);
    try_join_all(clients.iter().map(|client| shows_the_log(client, room, &log, head))).await?;
    Ok(log)
}

/// No message of a person's is in the log twice.
///
/// # Errors
/// When one is.
pub fn each_message_once(log: &[Message]) -> Outcome {
    let mut seen = HashMap::new();
    for message in log {
        let key = (&message.user_id, &message.client_id);
        if let Some(first) = seen.insert(key, message.seq) {
            let (seq, name) = (message.seq, &message.client_id);
            return Err(Failure::new(format!("{name} is stored as {first} and as {seq}")));
        }
    }
    Ok(())
}

/// Every acknowledgement of what a person sent is true of this log.
///
/// # Errors
/// When one is not.
pub fn acknowledged_is_stored(
    person: &Person,
    sent: &[Sent],
    room: &str,
    log: &[Message],
) -> Outcome {
    let by_seq: BTreeMap<u64, &Message> = log.iter().map(|entry| (entry.seq, entry)).collect();
    let lowest = log.first().map_or(0, |first| first.seq);
    for sent in sent.iter().filter(|sent| sent.room == room) {
        let Some(acknowledged) = &sent.acknowledged else { continue };
        let (Write::Send { content }, Some(message)) = (&sent.write, &acknowledged.message) else {
            continue;
        };
        if acknowledged.seq < lowest {
            continue;
        }
        let stored = by_seq.get(&acknowledged.seq).ok_or_else(|| {
            Failure::new(format!("{} was acknowledged, and is not stored", acknowledged.seq))
        })?;
        ensure_eq!(stored.id, message.id, "id of {}", stored.seq);
        ensure_eq!(stored.timestamp, message.timestamp, "time of {}", stored.seq);
        ensure_eq!(stored.client_id, sent.client_id, "clientId of {}", stored.seq);
        ensure_eq!(stored.content, *content, "text of {}", stored.seq);
        ensure_eq!(stored.user_id, *person.user_id, "writer of {}", stored.seq);
        ensure_eq!(stored.username, *person.username, "writer's name, {}", stored.seq);
    }
    Ok(())
}

/// A client's messages stand in the log in the order in which it was told to send them.
///
/// # Errors
/// When they do not.
pub fn in_the_order_of_sending(client: &Client, room: &str, log: &[Message]) -> Outcome {
    let seqs: HashMap<&str, u64> = log
        .iter()
        .filter(|message| *message.user_id == *client.person.user_id)
        .map(|message| (message.client_id.as_str(), message.seq))
        .collect();
    client.look(|view| {
        let order = view.sent.iter().filter(|sent| sent.room == room);
        let order: Vec<u64> =
            order.filter_map(|sent| seqs.get(sent.client_id.as_str()).copied()).collect();
        ensure!(order.is_sorted(), "a person's own order was lost: {order:?}");
        Ok(())
    })
}

async fn shows_the_log(client: &Client, room: &str, log: &[Message], head: u64) -> Outcome {
    // The next ping is where a client at last finds what it missed.
    client.ping().await?;
    let shown = client.shown_to(room, head).await?;
    let name = &client.person.username;
    client.look(|view| match view.all_violations().next() {
        Some(violation) => Err(Failure::new(format!("{name} saw that {violation}"))),
        None => Ok(()),
    })?;
    // A client that came later shows a part, and one that came earlier more than was read.
    let start = client.look(|view| view.rooms.get(room).map_or(0, crate::client::Room::start));
    let from = start.max(log.first().map_or(u64::MAX, |first| first.seq - 1));
    let expected = log.iter().filter(|message| message.seq > from && message.seq <= head);
    let shown = shown.iter().filter(|message| message.seq > from && message.seq <= head);
    ensure!(
        shown.clone().eq(expected.clone()),
        "{name} shows something else than the log: {:?} of {:?}",
        shown.map(|message| message.seq).collect::<Vec<_>>(),
        expected.map(|message| message.seq).collect::<Vec<_>>()
    );
    Ok(())
}
