use std::time::Duration;

use laptop::Config;
use laptop::gateway::Limits;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Client, start};

fn frame(bytes: Vec<u8>, code: OpCode, last: bool) -> Message {
    Message::Frame(Frame::message(bytes, code, last))
}

#[tokio::test]
async fn a_frame_of_32_kb_and_no_more() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    ada.send("x".repeat(32 * 1024)).await;
    assert_eq!(ada.next().await["ok"], false, "it reached the default route");
    ada.send("x".repeat(32 * 1024 + 1)).await;
    assert_eq!(ada.closed().await, 1009);
}

#[tokio::test]
async fn a_message_of_128_kb_and_no_more() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let part = || vec![b'x'; 32 * 1024];
    ada.send(frame(part(), OpCode::Data(Data::Text), false)).await;
    for rest in 0..3 {
        ada.send(frame(part(), OpCode::Data(Data::Continue), rest == 2)).await;
    }
    assert_eq!(ada.next().await["ok"], false, "it reached the default route");
    ada.send(frame(part(), OpCode::Data(Data::Text), false)).await;
    for rest in 0..4 {
        ada.send(frame(part(), OpCode::Data(Data::Continue), rest == 3)).await;
    }
    assert_eq!(ada.closed().await, 1009);
}

#[tokio::test]
async fn what_is_not_text_ends_the_socket() {
    let laptop = start(Config::default()).await;
    let mut reserved = Frame::message("x", OpCode::Data(Data::Text), true);
    reserved.header_mut().rsv1 = true;
    let cases = [
        (Message::Binary(vec![1].into()), 1003),
        (frame(vec![0xff, 0xfe], OpCode::Data(Data::Text), true), 1007),
        (Message::Frame(reserved), 1002),
        (frame(b"x".to_vec(), OpCode::Data(Data::Continue), true), 1002),
    ];
    for (message, code) in cases {
        let mut ada = Client::open(&laptop, "ada").await;
        let shown = format!("{message:?}");
        ada.send(message).await;
        assert_eq!(ada.closed().await, code, "{shown}");
    }
}

#[tokio::test]
async fn a_ping_is_answered() {
    let laptop = start(Config::default()).await;
    let mut ada = Client::open(&laptop, "ada").await;
    ada.send(Message::Ping("are you there".into())).await;
    let pong = ada.frame().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong("are you there".into()));
}

#[tokio::test]
async fn an_idle_socket_is_cut_and_a_busy_one_is_not() {
    let idle = Duration::from_millis(400);
    let gateway = Limits { idle, ..Limits::default() };
    let laptop = start(Config { gateway, ..Config::default() }).await;
    let mut idler = Client::open(&laptop, "idler").await;
    let mut busy = Client::open(&laptop, "busy").await;
    let began = tokio::time::Instant::now();
    let cut = async {
        let code = idler.closed().await;
        (code, began.elapsed())
    };
    let talk = async {
        let mut id = 0;
        while began.elapsed() < 3 * idle {
            busy.ask(json!({"action": "dance", "id": id})).await;
            assert_eq!(busy.reply(id).await["ok"], false);
            id += 1;
            tokio::time::sleep(idle / 20).await;
        }
    };
    let ((code, after), ()) = tokio::join!(cut, talk);
    assert_eq!(code, 1001);
    assert!(after < 3 * idle, "{after:?}");
}

#[tokio::test]
async fn an_old_socket_is_cut_however_busy() {
    let lifetime = Duration::from_millis(300);
    let gateway = Limits { lifetime, ..Limits::default() };
    let laptop = start(Config { gateway, ..Config::default() }).await;
    let mut ada = Client::open(&laptop, "ada").await;
    let code = loop {
        use futures_util::SinkExt;
        // Fails once the server has closed, and the close frame is there to be read.
        drop(ada.socket.send(Message::text(r#"{"action":"dance"}"#)).await);
        match ada.frame().await {
            Some(Ok(Message::Close(Some(close)))) => break u16::from(close.code),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1001);
}
