//! A running laptop, tokens for it, and sockets to it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use laptop::{Config, Laptop};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything takes on a busy machine; only a failing test waits so long.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) async fn start(config: Config) -> Laptop {
    laptop::start(Config { record_requests: true, ..config }).await.unwrap()
}

/// A token of this person, as `accounts` would sign it, with the account and the session that it
/// belongs to.
pub(crate) async fn token(laptop: &Laptop, name: &str) -> String {
    let (user, session) = (format!("u_{name}"), format!("s_{name}"));
    let now = chrono::Utc::now().timestamp();
    put(laptop, json!({"kind": "user", "id": user, "username": name})).await;
    let row = json!({
        "kind": "session", "id": format!("{user}/{session}"), "userId": user, "sessionId": session,
        "familyHash": "", "current": [], "rotatedAt": 0, "version": 0, "epoch": 0, "createdAt": "",
        "lastUsedAt": "", "userAgent": "", "endsBy": now + 600, "expiresAt": now + 600,
    });
    put(laptop, row).await;
    let key = laptop.signing_key();
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(chat::identity::TYPE.to_owned());
    header.kid = Some(key.kid().to_owned());
    let claims = json!({
        "iss": chat::identity::ISSUER, "aud": chat::identity::AUDIENCE, "sub": user,
        "name": name, "sid": session, "iat": now, "exp": now + 600, "jti": "test",
    });
    let key = EncodingKey::from_ec_pem(key.pkcs8_pem().as_bytes()).unwrap();
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

async fn put(laptop: &Laptop, row: Value) {
    let put = laptop.database().put_item().table_name(laptop.aws().table("accounts"));
    put.set_item(Some(serde_dynamo::to_item(row).unwrap())).send().await.unwrap();
}

pub(crate) fn request(laptop: &Laptop, token: &str) -> Request {
    format!("{}?token={token}", laptop.ws_url()).into_client_request().unwrap()
}

/// A refused handshake's status and body.
pub(crate) async fn refusal(request: Request) -> (u16, Value) {
    match tokio_tungstenite::connect_async(request).await {
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(body).unwrap())
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the handshake was not refused"),
    }
}

/// An open socket.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn open(laptop: &Laptop, name: &str) -> Self {
        Self::over(TcpSocket::new_v4().unwrap(), laptop, name).await
    }

    /// A client whose kernel keeps little that it has not read.
    pub(crate) async fn with_small_buffer(laptop: &Laptop, name: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::over(socket, laptop, name).await
    }

    async fn over(socket: TcpSocket, laptop: &Laptop, name: &str) -> Self {
        let request = request(laptop, &token(laptop, name).await);
        let address = laptop.http_url().strip_prefix("http://").unwrap().parse().unwrap();
        let stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (socket, _) = client_async(request, stream).await.unwrap();
        Self { socket }
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        self.socket.send(message.into()).await.unwrap();
    }

    pub(crate) async fn ask(&mut self, request: Value) {
        self.send(request.to_string()).await;
    }

    /// The next text frame.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame that `wanted` takes; others are dropped.
    pub(crate) async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await;
            if wanted(&frame) {
                return frame;
            }
        }
    }

    pub(crate) async fn reply(&mut self, id: u64) -> Value {
        self.next_where(|frame| frame["reply"] == id).await
    }

    pub(crate) async fn frame(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        timeout(SOON, self.socket.next()).await.expect("a frame in time")
    }

    /// Asks the server for this socket's connection id.
    pub(crate) async fn connection_id(&mut self) -> String {
        self.ask(json!({"action": "hello", "id": 1})).await;
        self.reply(1).await["connectionId"].as_str().unwrap().to_owned()
    }

    /// Reads until the close frame; returns its code.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Close(None))) => return 1005,
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return 1006,
            }
        }
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let frame =
            tungstenite::protocol::CloseFrame { code: CloseCode::from(code), reason: "bye".into() };
        self.socket.close(Some(frame)).await.unwrap();
    }
}

/// Waits until something becomes true that nothing announces.
pub(crate) async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, wait).await.unwrap_or_else(|_| panic!("{what}"));
}

/// How many rows a table has.
pub(crate) async fn rows(laptop: &Laptop, table: &str) -> usize {
    let scan = laptop.database().scan().table_name(laptop.aws().table(table));
    scan.send().await.unwrap().items().len()
}
