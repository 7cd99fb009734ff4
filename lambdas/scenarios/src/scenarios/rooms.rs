//! Rooms: made, found, joined and left.

use futures_util::future::try_join_all;
use protocol::{
    Change, ErrorCode, GENERAL, Greeting, Joined, Left, Member, MessagesPage, Pong, RoomInfo,
    RoomsPage, Stored, limits,
};
use serde_json::{Value, json};

use crate::raw::Socket;
use crate::{Body, Failure, Outcome, ensure, ensure_eq, fresh_name};

async fn create(socket: &mut Socket, room: &str) -> Result<Joined, Failure> {
    let fields = json!({ "room": room, "topic": "what it is about" });
    socket.request("createRoom", fields).await?.ok()
}

async fn join(socket: &mut Socket, room: &str) -> Result<Joined, Failure> {
    socket.request("joinRoom", json!({ "room": room })).await?.ok()
}

async fn leave(socket: &mut Socket, room: &str) -> Result<Left, Failure> {
    socket.request("leaveRoom", json!({ "room": room })).await?.ok()
}

async fn send(socket: &mut Socket, room: &str, content: &str) -> Result<Stored, Failure> {
    let fields = json!({ "room": room, "content": content });
    socket.request("sendMessage", fields).await?.ok()
}

fn is_of(member: &Member, user_id: &str, username: &str) -> bool {
    (member.user_id.as_str(), member.username.as_str()) == (user_id, username)
}

/// A room from its beginning: its maker is in it, somebody joins, both hear each other and read all of
/// it, and who has left is told no more and may do no more.
///
/// # Errors
/// What failed.
pub async fn a_room_is_made_joined_and_left(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let (mut maker, mut guest) = (body.socket(&ada).await?, body.socket(&bob).await?);
    let room = fresh_name("room");
    let made = create(&mut maker, &room).await?;
    ensure_eq!((made.seq, made.head, made.duplicate), (1, 1, false), "a new room");
    ensure_eq!(made.room, room, "name");
    match maker.heard(&room).await? {
        Change::Create { seq: 1, topic, member } => {
            ensure_eq!(topic, "what it is about", "topic");
            ensure!(is_of(&member, &ada.user_id, &ada.username), "made by {member:?}");
        }
        other => return Err(Failure::new(format!("{other:?} began the room"))),
    }
    let before = send(&mut maker, &room, "is anybody here?").await?;
    ensure_eq!(before.seq, 2, "number of the first message");

    let joined = join(&mut guest, &room).await?;
    ensure_eq!((joined.seq, joined.head, joined.epoch), (3, 3, made.epoch), "joined");
    maker.heard(&room).await?;
    for socket in [&mut maker, &mut guest] {
        match socket.heard(&room).await? {
            Change::Join { seq: 3, member } => {
                ensure!(is_of(&member, &bob.user_id, &bob.username), "{member:?} came");
            }
            other => return Err(Failure::new(format!("{other:?} was heard of a guest"))),
        }
    }
    let hello: Greeting = guest.request("hello", json!({})).await?.ok()?;
    ensure_eq!(hello.rooms.get(&room).map(|room| room.head), Some(3), "head in hello");
    let page: MessagesPage =
        guest.request("getRecentMessages", json!({ "room": room })).await?.ok()?;
    ensure_eq!(page.messages.len(), 1, "messages from before the guest came");
    let answer = send(&mut guest, &room, "I am").await?;
    ensure_eq!(maker.heard(&room).await?.seq(), answer.seq, "what the maker heard");

    let left = leave(&mut guest, &room).await?;
    ensure_eq!((left.seq, left.duplicate, &left.room), (answer.seq + 1, false, &room), "left");
    match maker.heard(&room).await? {
        Change::Leave { member, .. } => ensure_eq!(member.user_id, *bob.user_id, "who left"),
        other => return Err(Failure::new(format!("{other:?} was heard of a leave"))),
    }
    guest.take_aside();
    send(&mut maker, &room, "a secret").await?;
    let said = send(&mut maker, GENERAL, "not a secret").await?;
    // The next that the guest hears of anything: events of a room that was left would come before it.
    let heard = guest.messages(1).await?;
    ensure_eq!(heard.first().map(|message| message.seq), Some(said.seq), "what the guest heard");
    for (action, fields) in [
        ("sendMessage", json!({ "content": "x" })),
        ("editMessage", json!({ "seq": answer.seq, "content": "x" })),
        ("deleteMessage", json!({ "seq": answer.seq })),
        ("getRecentMessages", json!({})),
        ("getRecentMessages", json!({ "after": 0 })),
        ("leaveRoom", json!({})),
    ] {
        let refusal = guest.request(action, of(&room, fields)).await?.refused()?;
        ensure_eq!(refusal.code, ErrorCode::NotMember, "code for {action}");
    }
    let pong: Pong =
        guest.request("ping", json!({ "rooms": { &room: 1, GENERAL: 1 } })).await?.ok()?;
    ensure_eq!(pong.rooms.keys().collect::<Vec<_>>(), [GENERAL], "rooms of a ping");
    ensure_eq!(pong.joined, Some(vec![GENERAL.to_owned()]), "rooms of the guest");

    let again = join(&mut guest, &room).await?;
    ensure!(again.seq > left.seq && again.head >= again.seq, "joined again: {again:?}");
    Ok(())
}

fn of(room: &str, mut fields: Value) -> Value {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("room".to_owned(), room.into());
    }
    fields
}

/// Whoever looks finds every room, by name, page by page.
///
/// # Errors
/// What failed.
pub async fn rooms_are_listed_by_name(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let (mut maker, mut guest) = (body.socket(&ada).await?, body.socket(&bob).await?);
    // Rooms of a stem that nobody else has.
    let stem = fresh_name("list");
    let rooms: Vec<String> = (0..3).map(|number| format!("{stem}-{number}")).collect();
    for room in rooms.iter().rev() {
        create(&mut maker, room).await?;
    }
    let [_, second, _] = rooms.as_slice() else { return Err(Failure::new("three rooms")) };
    join(&mut guest, second).await?;

    let mut listed: Vec<RoomInfo> = Vec::new();
    let mut after = stem.clone();
    while listed.len() < rooms.len() {
        let fields = json!({ "after": after, "limit": 2 });
        let page: RoomsPage = guest.request("listRooms", fields).await?.ok()?;
        ensure!(!page.rooms.is_empty(), "no room after {after}");
        ensure!(page.more || page.rooms.len() + listed.len() >= rooms.len(), "no more: {page:?}");
        listed.extend(page.rooms);
        after = listed.last().map(|last| last.room.clone()).unwrap_or_default();
    }
    let names: Vec<&String> = listed.iter().take(3).map(|room| &room.room).collect();
    ensure_eq!(names, rooms.iter().collect::<Vec<_>>(), "rooms by name");
    for room in listed.iter().take(3) {
        ensure_eq!(room.joined, room.room == *second, "whether the guest is in {}", room.room);
        ensure_eq!(room.topic, "what it is about", "topic");
        ensure!(room.created_at.ends_with('Z'), "made at {}", room.created_at);
    }
    let all: RoomsPage = guest.request("listRooms", json!({})).await?.ok()?;
    ensure!(all.rooms.iter().all(|room| room.room != GENERAL), "everybody's room is listed");
    for fields in [json!({ "limit": 0 }), json!({ "limit": 101 }), json!({ "after": "A B" })] {
        let refusal = guest.request("listRooms", fields.clone()).await?.refused()?;
        ensure_eq!(refusal.code, ErrorCode::BadRequest, "code for {fields}");
    }
    Ok(())
}

/// What makes no sense is refused, and changes nothing.
///
/// # Errors
/// What failed.
pub async fn what_cannot_be_is_refused(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let (mut maker, mut guest) = (body.socket(&ada).await?, body.socket(&bob).await?);
    let (room, nowhere) = (fresh_name("room"), fresh_name("nowhere"));
    create(&mut maker, &room).await?;
    let topic = "x".repeat(limits::TOPIC_BYTES + 1);
    for (action, fields, code) in [
        ("createRoom", json!({ "room": room }), ErrorCode::RoomTaken),
        ("createRoom", json!({ "room": GENERAL }), ErrorCode::RoomTaken),
        ("createRoom", json!({ "room": nowhere, "topic": topic }), ErrorCode::TooLarge),
        ("createRoom", json!({ "room": "No Name" }), ErrorCode::BadRequest),
        ("createRoom", json!({ "room": "x".repeat(65) }), ErrorCode::BadRequest),
        ("createRoom", json!({}), ErrorCode::BadRequest),
        ("joinRoom", json!({ "room": nowhere }), ErrorCode::NotFound),
        ("joinRoom", json!({ "room": GENERAL }), ErrorCode::AlreadyMember),
        ("joinRoom", json!({}), ErrorCode::BadRequest),
        ("leaveRoom", json!({ "room": room }), ErrorCode::NotMember),
        ("leaveRoom", json!({ "room": GENERAL }), ErrorCode::Forbidden),
        ("leaveRoom", json!({}), ErrorCode::BadRequest),
    ] {
        let answer = guest.request(action, fields.clone()).await?;
        let refusal = answer.refused().map_err(|failure| failure.during(action))?;
        ensure_eq!((refusal.code, refusal.retryable), (code, false), "{action} {fields}");
    }
    let twice = maker.request("joinRoom", json!({ "room": room })).await?.refused()?;
    ensure_eq!(twice.code, ErrorCode::AlreadyMember, "code for who is in the room");
    let page: MessagesPage =
        maker.request("getRecentMessages", json!({ "room": room })).await?.ok()?;
    ensure_eq!(page.head, 1, "head: nothing was stored");
    Ok(())
}

/// A creation, a coming and a going happen once under their `clientId`; of two people who make a room
/// at once, one does.
///
/// # Errors
/// What failed.
pub async fn each_coming_and_going_happens_once(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let (mut maker, mut guest) = (body.socket(&ada).await?, body.socket(&bob).await?);
    let room = fresh_name("room");
    let creation = json!({ "room": room, "topic": "one", "clientId": "the creation" });
    for duplicate in [false, true] {
        let made: Joined = maker.request("createRoom", creation.clone()).await?.ok()?;
        ensure_eq!((made.seq, made.duplicate), (1, duplicate), "creation");
    }
    for (action, duplicate) in
        [("joinRoom", false), ("joinRoom", true), ("leaveRoom", false), ("leaveRoom", true)]
    {
        let fields = json!({ "room": room, "clientId": action });
        let answer: Value = guest.request(action, fields).await?.ok()?;
        let seq = if action == "joinRoom" { 2 } else { 3 };
        ensure_eq!(answer.get("seq"), Some(&json!(seq)), "number of {action}");
        ensure_eq!(answer.get("duplicate"), Some(&json!(duplicate)), "{action} made again");
    }
    // What happened once is answered so for good, wherever its person is now.
    let fields = json!({ "room": room, "clientId": "joinRoom" });
    let again: Joined = guest.request("joinRoom", fields).await?.ok()?;
    ensure_eq!((again.seq, again.duplicate), (2, true), "joining, asked for after leaving");
    let pong: Pong = guest.request("ping", json!({})).await?.ok()?;
    ensure_eq!(pong.joined, Some(vec![GENERAL.to_owned()]), "rooms of who has left");

    for (action, client_id, topic) in [
        ("createRoom", "the creation", "two"),
        ("leaveRoom", "the creation", "one"),
        ("joinRoom", "the creation", "one"),
    ] {
        let fields = json!({ "room": room, "topic": topic, "clientId": client_id });
        let refusal = maker.request(action, fields).await?.refused()?;
        ensure_eq!(refusal.code, ErrorCode::ClientIdReused, "code for {action} under {client_id}");
    }

    let other = fresh_name("room");
    let mut sockets = [&mut maker, &mut guest];
    let racing =
        sockets.iter_mut().map(|socket| socket.request("createRoom", json!({ "room": other })));
    let mut racing = try_join_all(racing).await?;
    racing.sort_by_key(|answer| answer.outcome.is_err());
    let [won, lost] = <[_; 2]>::try_from(racing).map_err(|_| Failure::new("two answers"))?;
    ensure_eq!(won.ok::<Joined>()?.seq, 1, "number of the creation that won");
    ensure_eq!(lost.refused()?.code, ErrorCode::RoomTaken, "code for the other");
    Ok(())
}

/// A room that I join at one socket is heard by all of mine, those that open later too; and none hears
/// it once I have left.
///
/// # Errors
/// What failed.
pub async fn every_socket_of_a_person_hears_their_rooms(body: &Body) -> Outcome {
    let (ada, bob) = (body.person("ada").await?, body.person("bob").await?);
    let mut maker = body.socket(&ada).await?;
    let (mut here, mut there) = (body.socket(&bob).await?, body.socket(&bob).await?);
    let room = fresh_name("room");
    create(&mut maker, &room).await?;
    let joined = join(&mut here, &room).await?;
    ensure_eq!(there.heard(&room).await?.seq(), joined.seq, "the news of joining elsewhere");
    let mut later = body.socket(&bob).await?;
    let said = send(&mut maker, &room, "welcome").await?;
    ensure_eq!(here.heard(&room).await?.seq(), joined.seq, "my own coming");
    for socket in [&mut here, &mut there, &mut later] {
        ensure_eq!(socket.heard(&room).await?.seq(), said.seq, "what was heard");
    }

    let left = leave(&mut there, &room).await?;
    for socket in [&mut here, &mut later] {
        ensure_eq!(socket.heard(&room).await?.seq(), left.seq, "the news of leaving elsewhere");
    }
    send(&mut maker, &room, "a secret").await?;
    let said = send(&mut maker, GENERAL, "not a secret").await?;
    let newest = body.socket(&bob).await?;
    for mut socket in [here, later] {
        let heard = socket.messages(1).await?;
        ensure_eq!(heard.first().map(|message| message.seq), Some(said.seq), "heard by who left");
    }
    newest.close().await
}
