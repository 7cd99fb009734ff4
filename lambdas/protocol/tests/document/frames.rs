//! Golden frames: each line of JSON in the document.

use std::collections::{BTreeMap, BTreeSet};

use protocol::limits::LIMITS;
use protocol::{
    Change, Changed, CreateRoom, DeleteMessage, EditMessage, Event, GetRecentMessages, Greeting,
    Hello, JoinRoom, Joined, LeaveRoom, Left, ListRooms, Ping, Pong, RecentMessages, Refusal,
    Reply, RoomsPage, SendMessage, Stored,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{markdown, reflect};

/// The types of an action.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    pub(crate) name: &'static str,
    /// The names of its request's fields.
    pub(crate) fields: fn() -> BTreeSet<&'static str>,
    /// A request, read and written.
    pub(crate) request: fn(Value) -> Result<Value, serde_json::Error>,
    /// A reply, read and written.
    pub(crate) reply: fn(Value) -> Result<Value, serde_json::Error>,
}

/// The action of this name; fails when there is none.
pub(crate) fn action(name: &str) -> Action {
    match name {
        "hello" => of::<Hello, Greeting>("hello"),
        "ping" => of::<Ping, Pong>("ping"),
        "sendMessage" => of::<SendMessage, Stored>("sendMessage"),
        "editMessage" => of::<EditMessage, Changed>("editMessage"),
        "deleteMessage" => of::<DeleteMessage, Changed>("deleteMessage"),
        "getRecentMessages" => of::<GetRecentMessages, RecentMessages>("getRecentMessages"),
        "createRoom" => of::<CreateRoom, Joined>("createRoom"),
        "joinRoom" => of::<JoinRoom, Joined>("joinRoom"),
        "leaveRoom" => of::<LeaveRoom, Left>("leaveRoom"),
        "listRooms" => of::<ListRooms, RoomsPage>("listRooms"),
        other => panic!("{other} has no types here"),
    }
}

fn of<Q, A>(name: &'static str) -> Action
where
    Q: Serialize + DeserializeOwned,
    A: Serialize + DeserializeOwned,
{
    Action { name, fields: reflect::fields::<Q>, request: written::<Q>, reply: written::<Reply<A>> }
}

/// What a type makes of a frame.
fn written<T: Serialize + DeserializeOwned>(frame: Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(frame)?)
}

/// A line, told apart by the rules of the document.
#[derive(Clone)]
pub(crate) enum Golden {
    /// The fields of a request.
    Request {
        action: Action,
        fields: Map<String, Value>,
    },
    /// The answer to a request of this action: the whole frame.
    Reply {
        action: Action,
        frame: Value,
    },
    Refusal(Value),
    Event(Value),
    Platform(Value),
}

/// Every line. A reply answers the request of its number that stands before it.
pub(crate) fn goldens() -> Vec<Golden> {
    let mut asked = BTreeMap::new();
    let mut goldens = Vec::new();
    for line in markdown::json_lines() {
        let frame: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let has = |field| frame.get(field).is_some();
        goldens.push(if has("action") {
            let mut fields = frame.as_object().expect("an object").clone();
            let action = action(fields.remove("action").unwrap().as_str().unwrap());
            let id = fields.remove("id").expect("a request with its id").to_string();
            assert!(asked.insert(id, action).is_none(), "an id that stands twice: {line}");
            Golden::Request { action, fields }
        } else if has("reply") && frame["ok"] == json!(true) {
            let action = asked.remove(&frame["reply"].to_string());
            Golden::Reply { action: action.expect(line), frame }
        } else if has("reply") {
            Golden::Refusal(frame)
        } else if has("event") {
            Golden::Event(frame)
        } else {
            Golden::Platform(frame)
        });
    }
    let unanswered: Vec<_> = asked.values().map(|action| action.name).collect();
    assert_eq!(unanswered, [""; 0], "requests without a reply");
    goldens
}

/// The changes in the document, in events and in pages.
pub(crate) fn changes() -> Vec<Value> {
    let of = |golden| match golden {
        Golden::Reply { frame, .. } | Golden::Event(frame) => frame["changes"].as_array().cloned(),
        _ => None,
    };
    goldens().into_iter().filter_map(of).flatten().collect()
}

#[test]
fn what_the_document_shows_is_what_its_type_reads_and_writes() {
    for golden in goldens() {
        let (shown, written) = match golden {
            Golden::Request { action, fields } => {
                let shown = Value::Object(fields);
                (shown.clone(), (action.request)(shown))
            }
            Golden::Reply { action, frame } => (frame.clone(), (action.reply)(frame)),
            Golden::Refusal(frame) => (frame.clone(), written::<Refusal>(frame)),
            Golden::Event(frame) => (frame.clone(), written::<Event>(frame)),
            // It is none of ours: a client knows it by what it has not.
            Golden::Platform(frame) => (frame.clone(), Ok(frame)),
        };
        let written = written.unwrap_or_else(|error| panic!("{error}: {shown}"));
        assert_eq!(written, shown);
    }
}

#[test]
fn a_page_is_of_the_form_that_was_asked_for() {
    let mut forms = BTreeSet::new();
    let mut after = false;
    for golden in goldens() {
        match golden {
            Golden::Request { fields, .. } => after = fields.contains_key("after"),
            Golden::Reply { action, frame } if action.name == "getRecentMessages" => {
                let page: RecentMessages = serde_json::from_value(frame).unwrap();
                assert_eq!(matches!(page, RecentMessages::Changes(_)), after);
                forms.insert(after);
            }
            _ => {}
        }
    }
    assert_eq!(forms.len(), 2);
}

#[test]
fn a_refusal_and_a_frame_of_the_platform_are_shown() {
    let refusals = |golden: &Golden| matches!(golden, Golden::Refusal(_));
    assert!(goldens().iter().any(refusals));
    let platform = |golden| match golden {
        Golden::Platform(frame) => Some(frame),
        _ => None,
    };
    for frame in goldens().into_iter().filter_map(platform) {
        let fields: Vec<_> = frame.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["connectionId", "message", "requestId"]);
    }
    assert!(goldens().into_iter().any(|golden| platform(golden).is_some()));
}

#[test]
fn every_event_is_shown() {
    let event = |golden| match golden {
        Golden::Event(frame) => Some(frame["event"].as_str().unwrap().to_owned()),
        _ => None,
    };
    let shown: BTreeSet<_> = goldens().into_iter().filter_map(event).collect();
    assert_eq!(shown, reflect::variants::<Event>(json!({ "event": "" })));
}

#[test]
fn every_kind_of_change_is_shown() {
    let kind = |change: Value| change["kind"].as_str().unwrap().to_owned();
    let shown: BTreeSet<_> = changes().into_iter().map(kind).collect();
    assert_eq!(shown, reflect::variants::<Change>(json!({ "kind": "" })));
}

#[test]
fn the_greeting_tells_the_limits_of_this_version() {
    let limits = |golden| match golden {
        Golden::Reply { frame, .. } => frame.get("limits").cloned(),
        _ => None,
    };
    let shown: Vec<_> = goldens().into_iter().filter_map(limits).collect();
    assert_eq!(shown, [serde_json::to_value(LIMITS).unwrap()]);
}
