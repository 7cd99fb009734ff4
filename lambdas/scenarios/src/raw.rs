//! A socket with no manners of its own: for the scenarios that must send bytes of their choice, and
//! see every frame as it comes.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::{CloseCode, Event, Message, RequestId};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri, header::ORIGIN};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as WireFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message as WireMessage};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async_with_config};

use crate::wire::{Answered, Frame};
use crate::{Body, Failure, Person, ensure, ensure_eq, within};

/// How long a socket may outlive its session.
const FAREWELL: Duration = Duration::from_secs(5);

/// How a handshake ended.
#[derive(Debug)]
pub enum Handshake {
    /// The socket is open.
    Accepted(Box<Socket>),
    /// With this HTTP status.
    Refused(u16),
}

/// What a socket brings.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// A text frame, read.
    Frame(Frame),
    /// A text frame that breaks the protocol, and how.
    Broken(String),
    /// The end, with the close frame's number if there was one.
    End(Option<u16>),
}

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that came while another was waited for.
    aside: VecDeque<Frame>,
    last_id: i64,
}

fn config() -> WebSocketConfig {
    // Thousands of sockets live in one test process: the default would hold 128 KiB for each.
    WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0)
}

impl Body {
    /// The socket's address with this token.
    #[must_use]
    pub fn socket_url(&self, token: &str) -> String {
        format!("{}?token={token}", self.ws_url)
    }

    /// Tries to open a socket at this address, with this `Origin` if one is given.
    ///
    /// # Errors
    /// When there is neither a socket nor a refusal.
    pub async fn handshake(&self, url: &str, origin: Option<&str>) -> Result<Handshake, Failure> {
        let mut request = url.into_client_request()?;
        if let Some(origin) = origin {
            request.headers_mut().insert(ORIGIN, HeaderValue::from_str(origin)?);
        }
        let opening = connect_async_with_config(request, Some(config()), true);
        match within("handshake", opening).await? {
            Ok((stream, _)) => Ok(Handshake::Accepted(Box::new(Socket::over(stream)))),
            Err(Error::Http(response)) => Ok(Handshake::Refused(response.status().as_u16())),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a socket with this token.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn socket_with(&self, token: &str) -> Result<Socket, Failure> {
        match self.handshake(&self.socket_url(token), None).await? {
            Handshake::Accepted(socket) => Ok(*socket),
            Handshake::Refused(status) => {
                Err(Failure::new(format!("the handshake was refused with status {status}")))
            }
        }
    }

    /// Opens a socket for this person, with a new ticket.
    ///
    /// # Errors
    /// When the ticket or the socket is refused.
    pub async fn socket(&self, person: &Person) -> Result<Socket, Failure> {
        self.socket_with(&self.ticket(person).await?).await
    }

    /// Opens a socket that nobody will read: its kernel buffer is as small as the system allows, so
    /// that what the server sends piles up on the server's side soon.
    ///
    /// # Errors
    /// When the ticket or the socket is refused. Over plain TCP only.
    pub async fn mute_socket(&self, person: &Person) -> Result<Socket, Failure> {
        let url = self.socket_url(&self.ticket(person).await?);
        let uri: Uri = url.parse()?;
        let authority = uri.authority().ok_or_else(|| Failure::new("the address has no host"))?;
        let target = (authority.host(), authority.port_u16().unwrap_or(80));
        let address = within("address", lookup_host(target)).await??.next();
        let address = address.ok_or_else(|| Failure::new("the host has no address"))?;
        let tcp = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        tcp.set_recv_buffer_size(1)?;
        let tcp = MaybeTlsStream::Plain(within("connection", tcp.connect(address)).await??);
        let (stream, _) = within("handshake", client_async(url, tcp)).await??;
        Ok(Socket::over(stream))
    }
}

impl Socket {
    fn over(stream: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { stream, aside: VecDeque::new(), last_id: 0 }
    }

    /// Sends a text frame, byte for byte.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn text(&mut self, text: impl Into<String>) -> Result<(), Failure> {
        self.write(WireMessage::text(text.into())).await
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn binary(&mut self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.write(WireMessage::binary(bytes)).await
    }

    /// Sends one text message in so many frames, each with one of the parts.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn fragments(&mut self, parts: Vec<String>) -> Result<(), Failure> {
        let last = parts.len().saturating_sub(1);
        for (index, part) in parts.into_iter().enumerate() {
            let kind = if index == 0 { Data::Text } else { Data::Continue };
            let frame = WireFrame::message(part.into_bytes(), OpCode::Data(kind), index == last);
            self.write(WireMessage::Frame(frame)).await?;
        }
        Ok(())
    }

    async fn write(&mut self, message: WireMessage) -> Result<(), Failure> {
        within("room to write", self.stream.send(message)).await??;
        Ok(())
    }

    /// Sends a request with an `id` of its own, and does not wait.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn ask(&mut self, action: &str, fields: Value) -> Result<i64, Failure> {
        self.last_id += 1;
        let mut frame = json!({ "action": action, "id": self.last_id });
        if let (Some(frame), Value::Object(fields)) = (frame.as_object_mut(), fields) {
            frame.extend(fields);
        }
        self.text(frame.to_string()).await?;
        Ok(self.last_id)
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// When none comes.
    pub async fn request(&mut self, action: &str, fields: Value) -> Result<Answered, Failure> {
        let id = self.ask(action, fields).await?;
        self.reply(Some(RequestId::Number(id))).await
    }

    /// Sends a write and waits for its answer; one that is too often, again when the time has come.
    ///
    /// # Errors
    /// When none comes.
    pub async fn request_patiently(
        &mut self,
        action: &str,
        fields: Value,
    ) -> Result<Answered, Failure> {
        loop {
            let answered = self.request(action, fields.clone()).await?;
            match &answered.outcome {
                Err(error) if error.code == protocol::ErrorCode::RateLimited => {
                    let wait = error.retry_after_ms.unwrap_or_default();
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                _ => return Ok(answered),
            }
        }
    }

    /// Waits for the answer with this id; every other frame is set aside.
    ///
    /// # Errors
    /// When none comes, or the platform says that a request was lost.
    pub async fn reply(&mut self, id: Option<RequestId>) -> Result<Answered, Failure> {
        let mut found = None;
        self.aside.retain(|frame| match frame {
            Frame::Reply(answer) if found.is_none() && answer.reply == id => {
                found = Some(answer.clone());
                false
            }
            _ => true,
        });
        if let Some(answer) = found {
            return Ok(answer);
        }
        loop {
            match self.read().await? {
                Frame::Reply(answer) if answer.reply == id => return Ok(answer),
                Frame::Platform(frame) => {
                    return Err(Failure::new(format!("a platform frame came first: {frame}")));
                }
                other => self.aside.push_back(other),
            }
        }
    }

    /// The next frame, of any kind.
    ///
    /// # Errors
    /// When none comes.
    pub async fn frame(&mut self) -> Result<Frame, Failure> {
        match self.aside.pop_front() {
            Some(frame) => Ok(frame),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Frame, Failure> {
        match within("frame", self.incoming()).await? {
            Incoming::Frame(frame) => Ok(frame),
            Incoming::Broken(why) => Err(Failure::new(why)),
            Incoming::End(code) => Err(Failure::new(format!("the socket ended with {code:?}"))),
        }
    }

    /// The next frame from the network, or the end, however long it takes.
    pub async fn incoming(&mut self) -> Incoming {
        loop {
            match self.stream.next().await {
                Some(Ok(WireMessage::Text(text))) => match Frame::read(&text) {
                    Ok(frame) => return Incoming::Frame(frame),
                    Err(failure) => return Incoming::Broken(failure.to_string()),
                },
                Some(Ok(WireMessage::Close(frame))) => {
                    return Incoming::End(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Incoming::End(None),
            }
        }
    }

    /// The frames that came by now and were not waited for.
    pub fn take_aside(&mut self) -> Vec<Frame> {
        self.aside.drain(..).collect()
    }

    /// Waits for so many messages in events; replies are dropped.
    ///
    /// # Errors
    /// When they do not come, or a platform frame does.
    pub async fn messages(&mut self, count: usize) -> Result<Vec<Message>, Failure> {
        let mut messages = Vec::new();
        while messages.len() < count {
            match self.frame().await? {
                Frame::Event(Event::Messages { messages: new, .. }) => messages.extend(new),
                Frame::Reply(_) | Frame::Changes { .. } | Frame::Unknown(_) => {}
                other => return Err(Failure::new(format!("came instead of messages: {other:?}"))),
            }
        }
        Ok(messages)
    }

    /// Waits for the end; frames before it are dropped.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn end(&mut self) -> Result<Option<u16>, Failure> {
        within("end of the socket", async {
            loop {
                if let Incoming::End(code) = self.incoming().await {
                    return code;
                }
            }
        })
        .await
    }

    /// Waits for the goodbye that an ended session's sockets are told, and for the end: within five
    /// seconds of `since`, when the session was ended. Other frames before it are dropped.
    ///
    /// # Errors
    /// When either does not come in time.
    pub async fn farewell(&mut self, since: Instant) -> Result<Option<u16>, Failure> {
        let mut told = false;
        let end = async {
            loop {
                let incoming = match self.aside.pop_front() {
                    Some(frame) => Incoming::Frame(frame),
                    None => self.incoming().await,
                };
                match incoming {
                    Incoming::Frame(Frame::Event(Event::Bye { code, reconnect, .. })) => {
                        ensure_eq!(code, CloseCode::SessionEnded.number(), "code of the bye");
                        ensure!(!reconnect, "the bye says to come back");
                        told = true;
                    }
                    Incoming::Frame(_) => {}
                    Incoming::Broken(why) => return Err(Failure::new(why)),
                    Incoming::End(code) => return Ok(code),
                }
            }
        };
        let end = timeout_at(since + FAREWELL, end).await;
        let code = end.map_err(|_| Failure::new("the socket outlived its session by 5 s"))??;
        ensure!(told, "the socket ended with {code:?} and without a bye");
        Ok(code)
    }

    /// Says goodbye and waits until the server has too.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn close(mut self) -> Result<(), Failure> {
        // The socket may be gone already, which is what was wanted.
        if self.stream.close(None).await.is_ok() {
            self.end().await?;
        }
        Ok(())
    }

    /// Splits off the two halves, for a client that reads and writes at once.
    pub(crate) fn into_stream(self) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        self.stream
    }
}
