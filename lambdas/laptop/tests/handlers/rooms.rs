use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all};
use laptop::embedded::{FakeConnection, Fault, Rule};
use serde_json::{Value, json};

use crate::stage::{Caller, Stage};

const ATTIC: &str = "attic";

fn room(action: &str, room: &str, client_id: &str) -> Value {
    json!({ "action": action, "id": 1, "room": room, "clientId": client_id })
}

fn say(content: &str) -> Value {
    json!({ "action": "sendMessage", "id": 1, "room": ATTIC, "content": content })
}

fn told(socket: &mut FakeConnection) -> Vec<Value> {
    let frames = socket.posted().into_iter();
    frames.map(|frame| serde_json::from_str(&frame).unwrap()).collect()
}

/// Who hears the room, by connection.
async fn listeners(stage: &Stage) -> Vec<String> {
    let rows = stage.rows("subscriptions").await.into_iter();
    let attic = rows.filter(|row| row["room"] == ATTIC);
    attic.map(|row| row["connectionId"].as_str().unwrap().to_owned()).collect()
}

/// Ada has made the attic, and Bob has joined it.
async fn two_in_the_attic(stage: &Stage) -> ((Caller, FakeConnection), (Caller, FakeConnection)) {
    let (ada, bob) = (stage.connect("ada").await, stage.connect("bob").await);
    stage.send(&ada.0, room("createRoom", ATTIC, "c1")).await;
    stage.send(&bob.0, room("joinRoom", ATTIC, "b1")).await;
    (ada, bob)
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("ok")
}

#[tokio::test]
async fn a_room_is_made_found_joined_and_left() {
    let stage = Stage::new().await;
    let (ada, mut adas) = stage.connect("ada").await;
    let (bob, mut bobs) = stage.connect("bob").await;
    let mut create = room("createRoom", ATTIC, "c1");
    create["topic"] = json!("Old things");
    let created = stage.send(&ada, create).await;
    assert_eq!((&created["room"], &created["seq"]), (&json!(ATTIC), &json!(1)));
    assert_eq!((&created["head"], &created["duplicate"]), (&json!(1), &json!(false)));
    let listed = stage.send(&bob, json!({ "action": "listRooms", "id": 1 })).await;
    let attic = &listed["rooms"][0];
    assert_eq!((&attic["room"], &attic["topic"]), (&json!(ATTIC), &json!("Old things")));
    assert_eq!((&attic["joined"], &listed["more"]), (&json!(false), &json!(false)));

    let joined = stage.send(&bob, room("joinRoom", ATTIC, "b1")).await;
    assert_eq!((&joined["seq"], &joined["epoch"]), (&json!(2), &created["epoch"]));
    let listed = stage.send(&bob, json!({ "action": "listRooms", "id": 1 })).await;
    assert_eq!(listed["rooms"][0]["joined"], true);
    stage.send(&ada, say("hello up there")).await;
    let kinds = |events: &[Value]| {
        let kind =
            |event: &Value| event["changes"][0]["kind"].as_str().unwrap_or("message").to_owned();
        events.iter().map(kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&told(&mut adas)), ["create", "join", "message"]);
    assert_eq!(kinds(&told(&mut bobs)), ["join", "message"]);

    let left = stage.send(&bob, room("leaveRoom", ATTIC, "b2")).await;
    assert_eq!((&left["seq"], &left["duplicate"]), (&json!(4), &json!(false)));
    assert_eq!(listeners(&stage).await, std::slice::from_ref(&ada.connection_id));
    assert_eq!(kinds(&told(&mut bobs)), ["leave"], "my own windows learn that I left");
    stage.send(&ada, say("alone again")).await;
    assert!(told(&mut bobs).is_empty());
    let all = json!({ "action": "getRecentMessages", "id": 1, "room": ATTIC, "after": 0 });
    let changes = stage.send(&ada, all).await["changes"].clone();
    let seqs: Vec<_> = changes.as_array().unwrap().iter().map(|change| &change["seq"]).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    assert_eq!(changes[0]["topic"], "Old things");
    assert_eq!(changes[3]["username"], "bob");
}

#[tokio::test]
async fn who_is_not_in_a_room_gets_nothing_of_it() {
    let stage = Stage::new().await;
    let (ada, _adas) = stage.connect("ada").await;
    let (eve, mut eves) = stage.connect("eve").await;
    stage.send(&ada, room("createRoom", ATTIC, "c1")).await;
    stage.send(&ada, say("between us")).await;
    let frames = [
        say("let me in"),
        json!({ "action": "editMessage", "id": 1, "room": ATTIC, "seq": 2, "content": "x" }),
        json!({ "action": "deleteMessage", "id": 1, "room": ATTIC, "seq": 2 }),
        json!({ "action": "getRecentMessages", "id": 1, "room": ATTIC }),
        json!({ "action": "getRecentMessages", "id": 1, "room": ATTIC, "after": 0 }),
        room("leaveRoom", ATTIC, "e1"),
    ];
    for mut frame in frames {
        assert_eq!(code(&stage.send(&eve, frame.clone()).await), "not_member", "{frame}");
        frame["room"] = json!("no-such-room");
        let unknown = stage.send(&eve, frame.clone()).await;
        let expected = if frame["action"] == "leaveRoom" { "not_member" } else { "not_found" };
        assert_eq!(code(&unknown), expected, "{frame}");
    }
    let ping = json!({ "action": "ping", "id": 1, "rooms": { ATTIC: 0, "general": 0 } });
    let pong = stage.send(&eve, ping).await;
    assert!(pong["rooms"][ATTIC].is_null() && pong["rooms"]["general"].is_object());
    assert_eq!(pong["joined"], json!(["general"]));
    assert!(told(&mut eves).is_empty());
    assert!(!listeners(&stage).await.contains(&eve.connection_id));
}

#[tokio::test]
async fn refusals_of_rooms() {
    let stage = Stage::new().await;
    let (ada, _socket) = stage.connect("ada").await;
    let (bob, _bobs) = stage.connect("bob").await;
    stage.send(&ada, room("createRoom", ATTIC, "c1")).await;
    let mut long = room("createRoom", "cellar", "c2");
    long["topic"] = json!("x".repeat(257));
    let cases = [
        (room("createRoom", ATTIC, "c3"), "room_taken"),
        (room("createRoom", "general", "c4"), "room_taken"),
        (room("createRoom", "The Attic", "c5"), "bad_request"),
        (long, "too_large"),
        (room("joinRoom", "cellar", "c6"), "not_found"),
        (room("joinRoom", ATTIC, "c7"), "already_member"),
        (room("joinRoom", "general", "c8"), "already_member"),
        (room("leaveRoom", "general", "c9"), "forbidden"),
        (room("joinRoom", ATTIC, ""), "bad_request"),
        (json!({ "action": "listRooms", "id": 1, "limit": 101 }), "bad_request"),
        (json!({ "action": "listRooms", "id": 1, "after": "The Attic" }), "bad_request"),
    ];
    for (frame, expected) in cases {
        assert_eq!(code(&stage.send(&ada, frame.clone()).await), expected, "{frame}");
    }
    let taken = stage.send(&bob, room("createRoom", ATTIC, "b1")).await;
    assert_eq!(code(&taken), "room_taken");
    assert_eq!(stage.rows("messages").await.len(), 1, "what is refused leaves nothing");
    assert_eq!(stage.rows("memberships").await.len(), 1);
}

#[tokio::test]
async fn each_write_is_stored_once() {
    let stage = Stage::new().await;
    let (ada, _adas) = stage.connect("ada").await;
    let (bob, _bobs) = stage.connect("bob").await;
    let create = room("createRoom", ATTIC, "c1");
    let (join, leave) = (room("joinRoom", ATTIC, "b1"), room("leaveRoom", ATTIC, "b2"));
    for (caller, frame) in [(&ada, &create), (&bob, &join), (&bob, &leave)] {
        let first = stage.send(caller, frame.clone()).await;
        assert_eq!(first["duplicate"], false, "{first}");
        let again = stage.send(caller, frame.clone()).await;
        assert_eq!((&again["seq"], &again["duplicate"]), (&first["seq"], &json!(true)), "{again}");
    }
    // However late: it was so once.
    let late = stage.send(&bob, join).await;
    assert_eq!((&late["seq"], &late["duplicate"]), (&json!(2), &json!(true)));
    assert_eq!(
        listeners(&stage).await,
        std::slice::from_ref(&ada.connection_id),
        "it brings nobody back"
    );
    let other = stage.send(&bob, room("leaveRoom", ATTIC, "b1")).await;
    assert_eq!(code(&other), "client_id_reused");
    let mut other = create;
    other["topic"] = json!("another");
    assert_eq!(code(&stage.send(&ada, other).await), "client_id_reused");
    assert_eq!(stage.rows("messages").await.len(), 3);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_again() {
    let stage = Stage::new().await;
    let (ada, _adas) = stage.connect("ada").await;
    let (bob, mut bobs) = stage.connect("bob").await;
    let frames = [
        (&ada, room("createRoom", ATTIC, "c1")),
        (&bob, room("joinRoom", ATTIC, "b1")),
        (&bob, room("leaveRoom", ATTIC, "b2")),
    ];
    for ((caller, frame), seq) in frames.into_iter().zip(1..) {
        let lost = Rule::on("TransactWriteItems").times(1).after();
        stage.aws.faults().inject(lost.with(Fault::InternalServerError));
        let answer = stage.send(caller, frame).await;
        assert_eq!((&answer["seq"], &answer["duplicate"]), (&json!(seq), &json!(false)));
    }
    assert_eq!(told(&mut bobs).len(), 2);
}

#[tokio::test]
async fn all_sockets_of_a_person_hear_its_rooms() {
    let stage = Stage::new().await;
    let (ada, _adas) = stage.connect("ada").await;
    let (bob, _bobs) = stage.connect("bob").await;
    let (_, mut second) = stage.connect("bob").await;
    stage.send(&ada, room("createRoom", ATTIC, "c1")).await;
    stage.send(&bob, room("joinRoom", ATTIC, "b1")).await;
    let (third, mut later) = stage.connect("bob").await;
    let greeting = stage.send(&third, json!({ "action": "hello", "id": 1 })).await;
    assert_eq!(greeting["rooms"][ATTIC]["head"], 2);
    stage.send(&ada, say("all of you")).await;
    assert_eq!((told(&mut second).len(), told(&mut later).len()), (2, 1));

    stage.send(&bob, room("leaveRoom", ATTIC, "b2")).await;
    assert_eq!(listeners(&stage).await, std::slice::from_ref(&ada.connection_id));
    stage.send(&ada, say("none of you")).await;
    assert_eq!((told(&mut second).len(), told(&mut later).len()), (1, 1), "that I left");
    stage.life(&third, "$disconnect").await;
    stage.life(&ada, "$disconnect").await;
    assert!(listeners(&stage).await.is_empty());
}

#[tokio::test]
async fn a_ping_repairs_what_a_member_should_hear_and_nothing_else() {
    let stage = Stage::new().await;
    let (ada, _adas) = stage.connect("ada").await;
    let (eve, _eves) = stage.connect("eve").await;
    stage.send(&ada, room("createRoom", ATTIC, "c1")).await;
    stage
        .aws
        .database()
        .delete_item()
        .table_name(stage.aws.table("subscriptions"))
        .key("room", AttributeValue::S(ATTIC.into()))
        .key("connectionId", AttributeValue::S(ada.connection_id.clone()))
        .send()
        .await
        .unwrap();
    let ping = json!({ "action": "ping", "id": 1, "rooms": { ATTIC: 0 } });
    for subscribed in [false, true] {
        let pong = stage.send(&ada, ping.clone()).await;
        let presence = &pong["rooms"][ATTIC];
        assert_eq!((&presence["subscribed"], &presence["head"]), (&json!(subscribed), &json!(1)));
        assert_eq!(pong["joined"], json!([ATTIC, "general"]));
    }
    stage.send(&eve, ping).await;
    assert_eq!(listeners(&stage).await, std::slice::from_ref(&ada.connection_id));
}

/// Whoever leaves while a socket of theirs begins to hear the room, be it by joining, connecting or a
/// ping: when all is done, no socket of theirs hears it.
#[tokio::test]
async fn leaving_while_a_socket_begins_to_hear_leaves_no_listener() {
    let stage = Stage::with(&[("RATE_LIMITS", "off")]).await;
    let (ada, _adas) = stage.connect("ada").await;
    stage.send(&ada, room("createRoom", ATTIC, "c1")).await;
    let (bob, _bobs) = stage.connect("bob").await;
    for turn in 0..30 {
        let join_id = format!("j{turn}");
        let connection = stage.aws.connections().open_fake();
        let new = Caller::new("bob", connection.id());
        stage.send(&bob, room("joinRoom", ATTIC, &join_id)).await;
        let begin = async {
            match turn % 3 {
                0 => drop(stage.life(&new, "$connect").await),
                1 => {
                    let ping = json!({ "action": "ping", "id": 1, "rooms": { ATTIC: 0 } });
                    drop(stage.send(&bob, ping).await);
                }
                _ => drop(stage.send(&bob, room("joinRoom", ATTIC, &join_id)).await),
            }
        };
        let pause = tokio::time::sleep(std::time::Duration::from_micros(turn * 100));
        let leave = async {
            pause.await;
            let left = stage.send(&bob, room("leaveRoom", ATTIC, &format!("l{turn}"))).await;
            assert_eq!(left["ok"], true, "{left}");
        };
        join(begin, leave).await;
        assert_eq!(
            listeners(&stage).await,
            std::slice::from_ref(&ada.connection_id),
            "turn {turn}"
        );
        stage.life(&new, "$disconnect").await;
    }
}

/// The function ends between the membership's end and that of the subscriptions: the next try, under
/// the same name, does the rest.
#[tokio::test]
async fn a_leave_that_was_cut_short_is_finished_by_its_resend() {
    let stage = Stage::new().await;
    let ((ada, _adas), (bob, _bobs)) = two_in_the_attic(&stage).await;
    let rule = Rule::on("TransactWriteItems").function("rooms").skip(1);
    let cut = stage.aws.faults().inject(rule.with(Fault::InternalServerError));
    let leave = room("leaveRoom", ATTIC, "b2");
    assert_eq!(code(&stage.send(&bob, leave.clone()).await), "unavailable");
    assert_eq!(listeners(&stage).await.len(), 2);
    cut.remove();
    let again = stage.send(&bob, leave).await;
    assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &json!(3)));
    assert_eq!(listeners(&stage).await, std::slice::from_ref(&ada.connection_id));
}

/// A leave whose answer was lost is sent again, when another window has joined meanwhile.
#[tokio::test]
async fn an_old_leave_makes_nobody_deaf() {
    let stage = Stage::new().await;
    let ((ada, _adas), (bob, mut bobs)) = two_in_the_attic(&stage).await;
    let leave = room("leaveRoom", ATTIC, "b2");
    stage.send(&bob, leave.clone()).await;
    stage.send(&bob, room("joinRoom", ATTIC, "b3")).await;
    assert_eq!(stage.send(&bob, leave).await["duplicate"], true);
    told(&mut bobs);
    stage.send(&ada, say("still here?")).await;
    assert_eq!(told(&mut bobs).len(), 1);
}

/// The function ended before the socket stopped to hear the room, and nobody sends the leave again.
#[tokio::test]
async fn a_ping_ends_what_a_leave_left() {
    let stage = Stage::new().await;
    let ((ada, _adas), (bob, _bobs)) = two_in_the_attic(&stage).await;
    let rule = Rule::on("TransactWriteItems").function("rooms").skip(1);
    let cut = stage.aws.faults().inject(rule.with(Fault::InternalServerError));
    assert_eq!(code(&stage.send(&bob, room("leaveRoom", ATTIC, "b2")).await), "unavailable");
    cut.remove();
    assert!(listeners(&stage).await.contains(&bob.connection_id));
    stage.send(&bob, json!({ "action": "ping", "id": 1, "rooms": { ATTIC: 2 } })).await;
    assert_eq!(listeners(&stage).await, std::slice::from_ref(&ada.connection_id));
}

/// A socket whose rows were taken away with its session gets none again by joining.
#[tokio::test]
async fn a_socket_without_a_row_begins_to_hear_nothing() {
    let stage = Stage::new().await;
    let (ada, _adas) = stage.connect("ada").await;
    let eve = Caller::new("eve", "gone=");
    stage.send(&ada, room("createRoom", ATTIC, "c1")).await;
    assert_eq!(stage.send(&eve, room("joinRoom", ATTIC, "e1")).await["ok"], true);
    assert_eq!(listeners(&stage).await, std::slice::from_ref(&ada.connection_id));
}

#[tokio::test]
async fn a_person_is_in_a_hundred_rooms_at_the_most() {
    let stage = Stage::with(&[("RATE_LIMITS", "off")]).await;
    let (ada, _socket) = stage.connect("ada").await;
    let name = |number: usize| format!("room-{number:03}-{}", "x".repeat(50));
    let creations = (1..=99).map(|number| {
        let frame = room("createRoom", &name(number), &number.to_string());
        stage.send(&ada, frame)
    });
    assert!(join_all(creations).await.iter().all(|answer| answer["ok"] == true));
    let more = stage.send(&ada, room("createRoom", ATTIC, "c100")).await;
    assert_eq!(code(&more), "too_many_rooms");
    let (bob, _bobs) = stage.connect("bob").await;
    stage.send(&bob, room("createRoom", ATTIC, "b1")).await;
    let more = stage.send(&ada, room("joinRoom", ATTIC, "c101")).await;
    assert_eq!(code(&more), "too_many_rooms");

    // What such a person's socket asks for fits a frame.
    let (again, _second) = stage.connect("ada").await;
    let greeting = stage.send(&again, json!({ "action": "hello", "id": 1 })).await;
    let rooms = greeting["rooms"].as_object().unwrap();
    assert_eq!(rooms.len(), 100);
    assert!(greeting.to_string().len() <= 30 * 1_024);
    let numbers: serde_json::Map<_, _> =
        rooms.keys().map(|name| (name.clone(), json!(0))).collect();
    let ping = json!({ "action": "ping", "id": 1, "rooms": numbers });
    let pong = stage.send(&again, ping).await;
    assert_eq!(pong["rooms"].as_object().unwrap().len(), 100);
    assert!(pong.to_string().len() <= 30 * 1_024, "{}", pong.to_string().len());
    assert!(pong["rooms"].as_object().unwrap().values().all(|room| room["subscribed"] == true));
    stage.send(&again, room("leaveRoom", &name(7), "l1")).await;
    assert_eq!(stage.send(&again, room("joinRoom", ATTIC, "c102")).await["ok"], true);

    let mut after = Value::Null;
    let mut listed = Vec::new();
    loop {
        let mut frame = json!({ "action": "listRooms", "id": 1, "limit": 40 });
        if after.is_string() {
            frame["after"] = after;
        }
        let page = stage.send(&ada, frame).await;
        listed.extend(page["rooms"].as_array().unwrap().clone());
        after = listed.last().unwrap()["room"].clone();
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(listed.len(), 100);
    let names: Vec<_> = listed.iter().map(|listed| listed["room"].as_str().unwrap()).collect();
    assert!(names.is_sorted());
}

/// One that is still opening answers as one that is gone: were its row deleted, it would open all the
/// same, and nobody would find it.
#[tokio::test]
async fn sockets_that_may_still_be_opening_are_not_forgotten() {
    let stage = Stage::new().await;
    for number in 0..20 {
        let opening = Caller::new("ada", &format!("opening-{number}="));
        assert_eq!(stage.life(&opening, "$connect").await, 200);
    }
    let (new, mut old) = (Caller::new("ada", "new="), Caller::new("ada", "old="));
    old.connected_at -= 1_000;
    for caller in [&new, &old] {
        assert_eq!(stage.life(caller, "$connect").await, 429, "{caller:?}");
    }
    let rows = stage.rows("connections").await;
    assert_eq!(rows.len(), 20);
    assert!(rows.iter().all(|row| row["connectionId"].as_str().unwrap().starts_with("opening")));
}

#[tokio::test]
async fn the_oldest_of_too_many_sockets_makes_room() {
    let stage = Stage::new().await;
    let mut sockets = Vec::new();
    for number in 0..22 {
        let socket = stage.aws.connections().open_fake();
        let mut caller = Caller::new("ada", socket.id());
        caller.connected_at -= 60_000 - number;
        assert_eq!(stage.life(&caller, "$connect").await, 200);
        sockets.push(socket);
    }
    assert_eq!(stage.rows("connections").await.len(), 20);
    for socket in sockets.iter_mut().take(2) {
        let bye: Value = serde_json::from_str(&socket.next().await.unwrap()).unwrap();
        assert_eq!((&bye["code"], &bye["reconnect"]), (&json!(4_005), &json!(false)));
        assert_eq!(socket.next().await, None, "it is closed");
    }
    assert!(sockets.iter_mut().skip(2).all(|socket| socket.posted().is_empty()));
}
