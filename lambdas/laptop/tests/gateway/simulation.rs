use std::time::Duration;

use chat::identity::Identity;
use laptop::simulation::{self, Config, Received, Simulation, Socket};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

async fn open(simulation: &Simulation, name: &str) -> Socket {
    let identity = Identity {
        user_id: format!("u_{name}"),
        username: name.to_owned(),
        session_id: None,
        expires_at: None,
    };
    simulation.open(identity.into_context()).await.unwrap()
}

async fn frame(socket: &mut Socket) -> Value {
    match timeout(Duration::from_secs(60), socket.recv()).await.unwrap() {
        Some(Received::Text(text)) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn frames(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    for _ in 0..count {
        frames.push(frame(socket).await);
    }
    frames
}

#[test]
fn a_socket_speaks_with_the_functions() {
    simulation::run(1, async {
        let simulation = Simulation::start(Config::default()).await.unwrap();
        let mut ada = open(&simulation, "ada").await;
        ada.send(json!({"action": "hello", "id": 1}).to_string());
        assert_eq!(frame(&mut ada).await["connectionId"], ada.id());
        ada.send(json!({"action": "sendMessage", "id": 2, "content": "hi"}).to_string());
        let frames = frames(&mut ada, 2).await;
        assert!(frames.iter().any(|frame| frame["event"] == "messages"), "{frames:?}");
        assert!(frames.iter().any(|frame| frame["reply"] == 2 && frame["seq"] == 1), "{frames:?}");
    })
    .unwrap();
}

#[test]
fn time_passes_when_all_wait() {
    simulation::run(1, async {
        let simulation = Simulation::start(Config::default()).await.unwrap();
        let mut ada = open(&simulation, "ada").await;
        let begun = Instant::now();
        assert_eq!(ada.recv().await, Some(Received::Close(1001)), "idle for ten minutes");
        assert!(begun.elapsed() >= Duration::from_secs(600), "{:?}", begun.elapsed());
        assert_eq!(ada.recv().await, None);
    })
    .unwrap();
}
