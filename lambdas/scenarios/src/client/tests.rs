//! The client against a server that does as it is told: each rule of a client, one by one.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message as WireMessage;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::*;
use crate::within;

/// The server's end of one socket.
struct Peer(WebSocketStream<TcpStream>);

struct Server(TcpListener);

impl Server {
    async fn start() -> (Self, Body, Person) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (http, socket) = (format!("http://{address}"), format!("ws://{address}/ws"));
        let body = Body::new(&http, &socket, []).unwrap();
        let person = Person {
            username: "ada".into(),
            password: "".into(),
            user_id: "u_ada".into(),
            access_token: "x".into(),
            cookie: "".into(),
            device: "".into(),
        };
        (Self(listener), body, person)
    }

    /// Accepts a socket and answers its `hello`.
    async fn accept(&self, head: u64) -> Peer {
        let (tcp, _) = within("connection", self.0.accept()).await.unwrap().unwrap();
        let mut peer = Peer(accept_async(tcp).await.unwrap());
        let hello = peer.request("hello").await;
        peer.greet(&hello, head, "2030-01-01T00:00:00.000Z").await;
        peer
    }
}

impl Peer {
    async fn request(&mut self, action: &str) -> Value {
        let message = within(action, self.0.next()).await.unwrap().unwrap().unwrap();
        let frame: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        assert_eq!(frame["action"], action, "{frame}");
        frame
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(WireMessage::text(frame.to_string())).await.unwrap();
    }

    async fn greet(&mut self, hello: &Value, head: u64, reconnect_by: &str) {
        self.say(json!({
            "reply": hello["id"], "ok": true, "username": "ada", "userId": "u_ada",
            "connectionId": "c", "serverTime": "2029-12-31T00:00:00.000Z",
            "reconnectBy": reconnect_by, "limits": limits::LIMITS,
            "rooms": { "general": { "head": head, "epoch": 1 } },
        }))
        .await;
    }

    async fn event(&mut self, seq: u64, client_id: &Value) {
        let message = message(seq, client_id);
        self.say(json!({ "event": "messages", "room": "general", "messages": [message] })).await;
    }

    async fn stored(&mut self, request: &Value, seq: u64, duplicate: bool) {
        self.say(json!({
            "reply": request["id"], "ok": true, "seq": seq, "id": format!("m_{seq}"),
            "timestamp": "t", "duplicate": duplicate,
        }))
        .await;
    }

    async fn page(&mut self, request: &Value, numbers: std::ops::RangeInclusive<u64>, head: u64) {
        let through = *numbers.end();
        let changes: Vec<Value> = numbers
            .map(|seq| json!({ "kind": "message", "seq": seq, "message": message(seq, &json!("o")) }))
            .collect();
        self.say(json!({
            "reply": request["id"], "ok": true, "room": "general", "changes": changes,
            "through": through, "more": through < head, "head": head, "recovered": true,
            "floor": 1, "epoch": 1,
        }))
        .await;
    }
}

fn message(seq: u64, client_id: &Value) -> Value {
    json!({
        "seq": seq, "id": format!("m_{seq}"), "userId": "u_ada", "username": "ada",
        "content": "x", "timestamp": "t", "ver": seq, "clientId": client_id,
    })
}

fn options() -> Options {
    Options {
        credential: Credential::UrlToken,
        request_timeout: Duration::from_millis(400),
        resume_jitter: Duration::ZERO,
        ..Options::default()
    }
}

fn numbers(client: &Client) -> Vec<u64> {
    client.look(|view| view.shown("general").iter().map(|message| message.seq).collect())
}

async fn start(head: u64) -> (Server, Peer, Client) {
    let (server, body, ada) = Server::start().await;
    let client = Client::start(&body, &ada, options());
    let peer = server.accept(head).await;
    client.until("greeting", |view| view.greeting.is_some()).await.unwrap();
    (server, peer, client)
}

fn no_violations(client: &Client) {
    client.look(|view| assert_eq!(view.all_violations().collect::<Vec<_>>(), [""; 0]));
}

#[tokio::test]
async fn reply_and_event_may_come_in_either_order() {
    let (_server, mut peer, client) = start(0).await;
    for (seq, event_first) in [(1, true), (2, false)] {
        let sending = client.post("general", "x");
        let request = peer.request("sendMessage").await;
        if event_first {
            peer.event(seq, &request["clientId"]).await;
            peer.stored(&request, seq, false).await;
        } else {
            peer.stored(&request, seq, false).await;
            peer.event(seq, &request["clientId"]).await;
        }
        assert_eq!(sending.acknowledged().await.unwrap().seq, seq);
        client.shown_to("general", seq).await.unwrap();
    }
    assert_eq!(numbers(&client), [1, 2]);
    no_violations(&client);
}

#[tokio::test]
async fn my_own_event_is_an_acknowledgement() {
    let (_server, mut peer, client) = start(0).await;
    let sending = client.post("general", "x");
    let request = peer.request("sendMessage").await;
    peer.event(1, &request["clientId"]).await;
    assert_eq!(sending.acknowledged().await.unwrap().seq, 1);
}

#[tokio::test]
async fn two_different_acknowledgements_are_a_violation() {
    let (_server, mut peer, client) = start(0).await;
    let sending = client.post("general", "x");
    let request = peer.request("sendMessage").await;
    peer.stored(&request, 1, false).await;
    sending.acknowledged().await.unwrap();
    peer.event(2, &request["clientId"]).await;
    client.until("violation", |view| view.all_violations().count() == 1).await.unwrap();
}

#[tokio::test]
async fn silence_platform_frames_and_busy_rooms_lead_to_the_same_client_id() {
    let (_server, mut peer, client) = start(0).await;
    let sending = client.post("general", "x");
    let first = peer.request("sendMessage").await;
    let second = peer.request("sendMessage").await;
    peer.say(json!({ "message": "Internal server error", "connectionId": "c", "requestId": "r" }))
        .await;
    let third = peer.request("sendMessage").await;
    let busy = json!({ "code": "busy", "message": "", "retryable": true, "retryAfterMs": 10 });
    peer.say(json!({ "reply": third["id"], "ok": false, "error": busy })).await;
    let fourth = peer.request("sendMessage").await;
    for again in [&second, &third, &fourth] {
        assert_eq!(again["clientId"], first["clientId"]);
        assert_ne!(again["id"], first["id"]);
    }
    // The answer to an attempt that was given up is an answer all the same.
    peer.stored(&first, 1, false).await;
    assert_eq!(sending.acknowledged().await.unwrap().seq, 1);
    client.look(|view| assert_eq!(view.sent[0].attempts, 4));
}

#[tokio::test]
async fn one_message_of_a_room_is_out_at_a_time() {
    let (_server, mut peer, client) = start(0).await;
    let (one, two) = (client.post("general", "one"), client.post("general", "two"));
    let first = peer.request("sendMessage").await;
    let again = peer.request("sendMessage").await;
    assert_eq!((&first["content"], &again["content"]), (&json!("one"), &json!("one")));
    peer.stored(&again, 1, true).await;
    one.acknowledged().await.unwrap();
    let second = peer.request("sendMessage").await;
    assert_eq!(second["content"], "two");
    peer.stored(&second, 2, false).await;
    two.acknowledged().await.unwrap();
}

#[tokio::test]
async fn a_refusal_for_good_is_not_repeated() {
    let (_server, mut peer, client) = start(0).await;
    let sending = client.post("general", "x");
    let request = peer.request("sendMessage").await;
    let error = json!({ "code": "too_large", "message": "", "retryable": false });
    peer.say(json!({ "reply": request["id"], "ok": false, "error": error })).await;
    assert!(sending.acknowledged().await.is_err());
    let next = client.post("general", "next");
    assert_eq!(peer.request("sendMessage").await["content"], "next");
    drop(next);
}

#[tokio::test]
async fn a_gap_that_stays_is_fetched_by_number() {
    let (_server, mut peer, client) = start(4).await;
    peer.event(5, &json!("o5")).await;
    peer.event(8, &json!("o8")).await;
    let request = peer.request("getRecentMessages").await;
    assert_eq!(request["after"], 5);
    // The page may be cut short, and the head may have moved on.
    peer.page(&request, 6..=6, 9).await;
    let request = peer.request("getRecentMessages").await;
    assert_eq!(request["after"], 6);
    peer.page(&request, 7..=9, 9).await;
    client.shown_to("general", 9).await.unwrap();
    assert_eq!(numbers(&client), [5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn a_gap_that_closes_by_itself_is_not_fetched() {
    let (_server, mut peer, client) = start(0).await;
    peer.event(2, &json!("o2")).await;
    peer.event(1, &json!("o1")).await;
    client.shown_to("general", 2).await.unwrap();
    // The client would have asked after its 300 ms: whatever comes first shows that it did not.
    let late = tokio::time::timeout(Duration::from_millis(600), peer.0.next()).await;
    assert!(late.is_err(), "{late:?}");
}

#[tokio::test]
async fn a_ping_finds_what_left_no_gap() {
    let (_server, mut peer, client) = start(2).await;
    let ask = async {
        let request = peer.request("ping").await;
        assert_eq!(request["rooms"]["general"], 2);
        let room = json!({ "head": 3, "epoch": 1, "subscribed": true });
        peer.say(json!({ "reply": request["id"], "ok": true, "serverTime": "t",
            "rooms": { "general": room } }))
            .await;
        let request = peer.request("getRecentMessages").await;
        peer.page(&request, 3..=3, 3).await;
    };
    let (pong, ()) = tokio::join!(client.ping(), ask);
    pong.unwrap();
    client.shown_to("general", 3).await.unwrap();
}

#[tokio::test]
async fn another_epoch_makes_the_client_forget() {
    let (_server, mut peer, client) = start(5).await;
    let ask = async {
        let request = peer.request("ping").await;
        let room = json!({ "head": 1, "epoch": 2, "subscribed": true });
        peer.say(json!({ "reply": request["id"], "ok": true, "serverTime": "t",
            "rooms": { "general": room } }))
            .await;
        let request = peer.request("getRecentMessages").await;
        assert!(request.get("after").is_none(), "{request}");
        peer.say(json!({ "reply": request["id"], "ok": true, "room": "general",
            "messages": [message(1, &json!("o"))], "more": false, "head": 1, "epoch": 2 }))
            .await;
    };
    let (pong, ()) = tokio::join!(client.ping(), ask);
    pong.unwrap();
    client.until("first message", |view| view.shown("general").len() == 1).await.unwrap();
    assert_eq!(client.look(|view| view.last("general")), 1);
}

/// The answer to a ping or a hello that names these rooms.
fn heads(rooms: &[(&str, u64)]) -> Value {
    let head = |head: u64| json!({ "head": head, "epoch": 1, "subscribed": true });
    rooms.iter().map(|(room, at)| ((*room).to_owned(), head(*at))).collect()
}

fn member(kind: &str, seq: u64, client_id: &Value) -> Value {
    json!({ "kind": kind, "seq": seq, "topic": "", "userId": "u_ada", "username": "ada",
        "timestamp": "t", "clientId": client_id })
}

impl Peer {
    async fn changes(&mut self, room: &str, changes: Value) {
        self.say(json!({ "event": "changes", "room": room, "changes": changes })).await;
    }

    /// Answers the request for the newest page of a room with one message.
    async fn newest(&mut self, room: &str, seq: u64) {
        let request = self.request("getRecentMessages").await;
        assert_eq!((&request["room"], request.get("after")), (&json!(room), None));
        self.say(json!({ "reply": request["id"], "ok": true, "room": room,
            "messages": [message(seq, &json!("o"))], "more": false, "head": seq, "epoch": 1 }))
            .await;
    }
}

#[tokio::test]
async fn each_write_waits_for_the_one_before_it_in_its_room() {
    let (_server, mut peer, client) = start(0).await;
    let sending = client.post("general", "x");
    let edit = client.write("general", Write::Edit { seq: 1, content: "y".into() });
    let delete = client.write("general", Write::Delete { seq: 1 });
    let request = peer.request("sendMessage").await;
    peer.stored(&request, 1, false).await;
    assert_eq!(sending.acknowledged().await.unwrap().seq, 1);
    let first = peer.request("editMessage").await;
    let again = peer.request("editMessage").await;
    assert_eq!((&first["seq"], &first["content"]), (&json!(1), &json!("y")));
    assert_eq!(first["clientId"], again["clientId"]);
    // The entry itself acknowledges, as it stands now: the message is gone already.
    let gone = json!({ "seq": 1, "id": "m_1", "ver": 3, "deleted": true });
    peer.event(1, &json!("x")).await;
    peer.changes(
        "general",
        json!([{ "kind": "delete", "seq": 2, "userId": "u_ada", "clientId": first["clientId"],
            "message": gone }]),
    )
    .await;
    assert_eq!(edit.acknowledged().await.unwrap().seq, 2);
    let request = peer.request("deleteMessage").await;
    peer.say(json!({ "reply": request["id"], "ok": true, "ver": 3, "duplicate": false })).await;
    assert_eq!(delete.acknowledged().await.unwrap().seq, 3);
    client.shown_to("general", 2).await.unwrap();
    assert_eq!(numbers(&client), [0; 0]);
    no_violations(&client);
}

#[tokio::test]
async fn kinds_of_another_version_are_passed_over() {
    let (_server, mut peer, client) = start(0).await;
    peer.changes("general", json!([{ "kind": "pin", "seq": 1, "what": {} }])).await;
    peer.event(2, &json!("o")).await;
    client.shown_to("general", 2).await.unwrap();
    assert_eq!(numbers(&client), [2]);
    no_violations(&client);
}

#[tokio::test]
async fn a_room_that_i_make_is_shown_from_its_newest_page() {
    let (_server, mut peer, client) = start(0).await;
    let create = client.write("dev", Write::Create { topic: "x".into() });
    let request = peer.request("createRoom").await;
    assert_eq!((&request["room"], &request["topic"]), (&json!("dev"), &json!("x")));
    peer.say(json!({ "reply": request["id"], "ok": true, "room": "dev", "seq": 1, "head": 1,
        "epoch": 1, "duplicate": false }))
        .await;
    // What is heard before the page is there is not lost.
    let late = json!({ "kind": "message", "seq": 3, "message": message(3, &json!("o")) });
    peer.changes("dev", json!([late])).await;
    create.acknowledged().await.unwrap();
    peer.newest("dev", 2).await;
    assert_eq!(client.shown_to("dev", 3).await.unwrap().len(), 2);
    no_violations(&client);
}

#[tokio::test]
async fn rooms_that_i_join_and_leave_elsewhere_come_and_go() {
    let (_server, mut peer, client) = start(0).await;
    peer.changes("dev", json!([member("join", 5, &json!("elsewhere"))])).await;
    peer.newest("dev", 5).await;
    client.until("room", |view| view.is_in("dev")).await.unwrap();
    peer.changes("dev", json!([member("leave", 6, &json!("elsewhere"))])).await;
    client.until("leave", |view| !view.is_in("dev")).await.unwrap();
    // Both come once more, late: the higher number is the later news.
    peer.changes("dev", json!([member("join", 5, &json!("elsewhere"))])).await;
    peer.event(1, &json!("o")).await;
    client.shown_to("general", 1).await.unwrap();
    assert!(!client.look(|view| view.is_in("dev")));
    no_violations(&client);
}

#[tokio::test]
async fn a_ping_tells_which_rooms_are_mine() {
    let (_server, mut peer, client) = start(0).await;
    for (joined, rooms) in
        [(json!(["dev", "general"]), &["general"][..]), (json!(["general"]), &[])]
    {
        let ask = async {
            let request = peer.request("ping").await;
            let heads = heads(&[("general", 0)]);
            peer.say(json!({ "reply": request["id"], "ok": true, "serverTime": "t",
                "rooms": heads, "joined": joined }))
                .await;
            if !rooms.is_empty() {
                peer.newest("dev", 5).await;
            }
        };
        let (pong, ()) = tokio::join!(client.ping(), ask);
        pong.unwrap();
        client.until("rooms", |view| view.is_in("dev") != rooms.is_empty()).await.unwrap();
    }
    assert!(client.look(|view| view.is_in("general")));
    no_violations(&client);
}

#[tokio::test]
async fn a_room_that_refuses_me_is_not_mine() {
    let (_server, mut peer, client) = start(0).await;
    peer.changes("dev", json!([member("join", 5, &json!("elsewhere"))])).await;
    peer.newest("dev", 5).await;
    peer.changes("dev", json!([{ "kind": "pin", "seq": 7 }])).await;
    let request = peer.request("getRecentMessages").await;
    assert_eq!((&request["room"], &request["after"]), (&json!("dev"), &json!(5)));
    let error = json!({ "code": "not_member", "message": "", "retryable": false });
    peer.say(json!({ "reply": request["id"], "ok": false, "error": error })).await;
    client.until("end of the room", |view| !view.is_in("dev")).await.unwrap();
    no_violations(&client);
}

#[tokio::test]
async fn an_older_page_goes_before_what_is_shown() {
    let (_server, mut peer, client) = start(2).await;
    let gone = json!({ "seq": 1, "id": "m_1", "ver": 3, "deleted": true });
    peer.changes("general", json!([{ "kind": "delete", "seq": 3, "message": gone }])).await;
    client.shown_to("general", 3).await.unwrap();
    client.look_back("general");
    let request = peer.request("getRecentMessages").await;
    assert_eq!(request["before"], 3);
    // The page was read before the message was deleted.
    peer.say(json!({ "reply": request["id"], "ok": true, "room": "general",
        "messages": [message(1, &json!("o")), message(2, &json!("o"))], "more": false, "head": 2,
        "epoch": 1 }))
        .await;
    client.until("older page", |view| view.shown("general").len() == 1).await.unwrap();
    assert_eq!(numbers(&client), [2]);
    no_violations(&client);
}

#[tokio::test]
async fn a_lost_socket_is_replaced_and_what_was_missed_is_fetched() {
    let (server, mut peer, client) = start(0).await;
    let sending = client.post("general", "x");
    let first = peer.request("sendMessage").await;
    drop(peer);
    let mut peer = server.accept(2).await;
    let mut asked = Vec::new();
    for _ in 0..2 {
        let message = within("request", peer.0.next()).await.unwrap().unwrap().unwrap();
        asked.push(serde_json::from_str::<Value>(message.to_text().unwrap()).unwrap());
    }
    let find = |action: &str| asked.iter().find(|frame| frame["action"] == action).unwrap();
    assert_eq!(find("sendMessage")["clientId"], first["clientId"]);
    assert_eq!(find("getRecentMessages")["after"], 0);
    peer.page(find("getRecentMessages"), 1..=2, 2).await;
    peer.stored(find("sendMessage"), 2, true).await;
    sending.acknowledged().await.unwrap();
    client.shown_to("general", 2).await.unwrap();
}

#[tokio::test]
async fn a_socket_is_replaced_before_its_time_is_up_and_waits_for_its_replies() {
    let (server, body, ada) = Server::start().await;
    let client = Client::start(&body, &ada, options());
    let (tcp, _) = server.0.accept().await.unwrap();
    let mut old = Peer(accept_async(tcp).await.unwrap());
    let hello = old.request("hello").await;
    old.greet(&hello, 0, "2029-12-31T00:00:00.300Z").await;
    let sending = client.post("general", "x");
    let request = old.request("sendMessage").await;

    let mut new = server.accept(0).await;
    old.stored(&request, 1, false).await;
    sending.acknowledged().await.unwrap();
    // Only now does the client close the old one; the new one carries what follows.
    let end = within("close", old.0.next()).await.unwrap();
    assert!(matches!(end, Some(Ok(WireMessage::Close(_)))), "{end:?}");
    let next = client.post("general", "y");
    let request = new.request("sendMessage").await;
    assert_eq!(request["content"], "y");
    new.stored(&request, 2, false).await;
    next.acknowledged().await.unwrap();
    client.look(|view| assert_eq!((view.sockets, view.losses), (2, 0)));
}
