//! Two versions that meet: for as long as a deployment takes, and for as long as a page stays open.

mod wire;

use std::collections::BTreeMap;

use protocol::limits::LIMITS;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::frames::{Golden, goldens};

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// What one version says, as the other reads it.
fn across<T: DeserializeOwned>(said: impl Serialize) -> T {
    read(&serde_json::to_value(said).unwrap())
}

/// An event as the version before takes it: passed over if it is of another kind.
fn event(frame: &Value) -> Option<wire::Event> {
    ["messages", "bye"].contains(&frame["event"].as_str().unwrap()).then(|| read(frame))
}

/// A page of changes as the version before takes it: the kinds that it knows, and the number that it
/// goes on from.
fn changes_page(frame: &Value) -> (Vec<wire::Change>, u64) {
    let mut known = frame.clone();
    let changes = known["changes"].as_array_mut().unwrap();
    let numbers: Vec<_> = changes.iter().map(|change| change["seq"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one + 1 == *next), "{frame}");
    changes.retain(|change| change["kind"] == "message");
    let page: wire::ChangesPage = read(&known);
    assert_eq!(numbers.last(), Some(&page.through), "{frame}");
    (page.changes, page.through)
}

#[test]
fn the_version_before_reads_what_it_knows_and_passes_over_the_rest() {
    let mut known = Vec::new();
    let mut numbers = Vec::new();
    for golden in goldens() {
        match golden {
            Golden::Event(frame) => {
                known.extend(event(&frame).map(|_| frame["event"].as_str().unwrap().to_owned()));
            }
            Golden::Reply { action, frame } => {
                match action.name {
                    "hello" => drop(read::<wire::Greeting>(&frame)),
                    "ping" => drop(read::<wire::Pong>(&frame)),
                    "sendMessage" => drop(read::<wire::Stored>(&frame)),
                    "getRecentMessages" if frame.get("changes").is_some() => {
                        let (changes, through) = changes_page(&frame);
                        numbers.push((changes.len(), through));
                    }
                    "getRecentMessages" => drop(read::<wire::MessagesPage>(&frame)),
                    // It never asks this.
                    _ => continue,
                }
                known.push(action.name.to_owned());
            }
            Golden::Request { .. } | Golden::Refusal(_) | Golden::Platform(_) => {}
        }
    }
    // An edited message is one that it knows; its edit, and all of a deleted one, are not.
    assert_eq!(numbers, [(1, 43), (0, 44)]);
    known.sort_unstable();
    known.dedup();
    assert_eq!(known, ["bye", "getRecentMessages", "hello", "messages", "ping", "sendMessage"]);
}

#[test]
fn the_version_before_is_asked_in_its_own_words() {
    let mut asked = 0;
    for golden in goldens() {
        let Golden::Request { action, fields } = golden else { continue };
        let fields = Value::Object(fields);
        let read: Value = match action.name {
            "ping" => across(read::<wire::Ping>(&fields)),
            "sendMessage" => across(read::<wire::SendMessage>(&fields)),
            "getRecentMessages" => across(read::<wire::GetRecentMessages>(&fields)),
            // It has no fields, or is an action that the version before refuses.
            _ => continue,
        };
        assert_eq!(read, fields);
        asked += 1;
    }
    assert!(asked >= 3, "{asked}");
}

fn message() -> wire::Message {
    wire::Message {
        seq: 42,
        id: "m_5cQ".into(),
        user_id: "u_ada".into(),
        username: "ada".into(),
        content: "hi".into(),
        timestamp: "2026-11-22T12:00:00.000Z".into(),
        ver: 42,
        client_id: "01JD7Z".into(),
    }
}

#[test]
fn a_greeting_of_the_version_before_tells_fewer_limits() {
    let greeting: protocol::Greeting = across(wire::Greeting {
        username: "ada".into(),
        user_id: "u_ada".into(),
        connection_id: "c=".into(),
        server_time: "2026-11-22T12:00:00.000Z".into(),
        limits: wire::Limits {
            text_bytes: 1,
            frame_bytes: 2,
            page_messages: 3,
            client_id_characters: 4,
            ping_after_ms: 5,
            request_timeout_ms: 6,
        },
        reconnect_by: "2026-11-22T13:55:00.000Z".into(),
        rooms: BTreeMap::from([("general".into(), wire::RoomHead { head: 42, epoch: 7 })]),
    });
    let limits = protocol::limits::Limits {
        text_bytes: 1,
        frame_bytes: 2,
        page_messages: 3,
        client_id_characters: 4,
        ping_after_ms: 5,
        request_timeout_ms: 6,
        ..LIMITS
    };
    assert_eq!(greeting.limits, limits);
    assert_eq!(greeting.rooms["general"].head, 42);
}

#[test]
fn a_pong_of_the_version_before_names_no_rooms_that_i_am_in() {
    let presence = wire::RoomPresence { head: 42, epoch: 7, subscribed: true };
    let pong: protocol::Pong = across(wire::Pong {
        server_time: "2026-11-22T12:00:00.000Z".into(),
        rooms: BTreeMap::from([("general".into(), presence)]),
    });
    assert_eq!(pong.joined, None);
    assert!(pong.rooms["general"].subscribed);
}

#[test]
fn messages_of_the_version_before_are_messages() {
    let now: protocol::Message = across(message());
    assert_eq!((now.ver, now.edited_at.as_deref()), (42, None));
    let messages = vec![message()];
    let event: protocol::Event =
        across(wire::Event::Messages { room: "general".into(), messages: messages.clone() });
    let event_of = |messages| protocol::Event::Messages { room: "general".into(), messages };
    assert_eq!(event, event_of(vec![now.clone()]));

    let page: protocol::RecentMessages = across(wire::MessagesPage {
        room: "general".into(),
        messages,
        more: true,
        head: 42,
        epoch: 7,
    });
    assert!(
        matches!(&page, protocol::RecentMessages::Messages(page) if page.messages == [now.clone()])
    );

    let page: protocol::RecentMessages = across(wire::ChangesPage {
        room: "general".into(),
        changes: vec![wire::Change::Message { seq: 42, message: message() }],
        through: 42,
        more: false,
        head: 42,
        recovered: true,
        floor: 1,
        epoch: 7,
    });
    let protocol::RecentMessages::Changes(page) = page else { panic!("{page:?}") };
    assert_eq!(page.changes, [protocol::Change::Message { seq: 42, message: now }]);
}

#[test]
fn the_other_words_of_the_version_before_are_understood() {
    let stored: protocol::Stored = across(wire::Stored {
        seq: 42,
        id: "m_5cQ".into(),
        timestamp: "2026-11-22T12:00:00.000Z".into(),
        duplicate: true,
    });
    assert!(stored.duplicate && stored.seq == 42);
    let bye = wire::Event::Bye { code: 4200, reason: "A new version.".into(), reconnect: true };
    let bye: protocol::Event = across(bye);
    assert!(matches!(bye, protocol::Event::Bye { code: 4200, reconnect: true, .. }));
}
