//! A correct client of `chat.v1`: what the web client does, in Rust.

mod actor;
mod link;
mod outbox;
mod room;
#[cfg(test)]
mod tests;
mod view;

use std::fmt;
use std::time::Duration;

use protocol::{Message, Pong, limits};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};

use crate::{Body, Failure, Person, within};
use actor::{Actor, Command, Happening};
use outbox::Fate;

pub use room::Room;
pub use view::{Acknowledged, NewMessage, Sent, View, Write};

/// What a socket is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A new ticket for each socket.
    Ticket,
    /// The access token itself, as the tutorial does.
    UrlToken,
}

/// How a client behaves where the protocol leaves it a choice.
#[derive(Debug, Clone)]
pub struct Options {
    /// What a socket is opened with.
    pub credential: Credential,
    /// How long a request may stay unanswered.
    pub request_timeout: Duration,
    /// The most that a resume is put off at random, so that a room does not ask all at once.
    pub resume_jitter: Duration,
    /// How long the client stays silent before it asks for the heads of its rooms.
    pub ping_after: Duration,
    /// Whether a socket is replaced before its time is up.
    pub handover: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            credential: Credential::Ticket,
            request_timeout: Duration::from_millis(limits::REQUEST_TIMEOUT_MS),
            resume_jitter: Duration::from_millis(200),
            ping_after: Duration::from_millis(limits::PING_AFTER_MS),
            handover: true,
        }
    }
}

/// A client of one person. It connects and reconnects by itself, until it is dropped.
pub struct Client {
    /// Whose client it is.
    pub person: Person,
    queue: UnboundedSender<Happening>,
    view: watch::Receiver<View>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.person).finish()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.queue.send(Happening::Command(Command::Stop)).ok();
    }
}

/// A write on its way; dropping it does not call it back.
#[derive(Debug)]
pub struct Sending(oneshot::Receiver<Fate>);

impl Sending {
    /// Waits until the write is stored, through any number of attempts and any length of time.
    ///
    /// # Errors
    /// When it is refused for good.
    pub async fn acknowledged(self) -> Result<Acknowledged, Failure> {
        match self.0.await? {
            Ok(acknowledged) => Ok(acknowledged),
            Err(error) => Err(Failure::new(format!("refused for good: {error:?}"))),
        }
    }
}

impl Client {
    /// A client that is about to connect.
    #[must_use]
    pub fn start(body: &Body, person: &Person, options: Options) -> Self {
        let (queue, happenings) = unbounded_channel();
        let (show, view) = watch::channel(View::default());
        let actor =
            Actor::new(body.clone(), person.clone(), options, queue.clone(), happenings, show);
        tokio::spawn(actor.run());
        Self { person: person.clone(), queue, view }
    }

    /// A client that is connected and greeted.
    ///
    /// # Errors
    /// When it cannot connect.
    pub async fn open(body: &Body, person: &Person) -> Result<Self, Failure> {
        Self::open_with(body, person, Options::default()).await
    }

    /// A client that is connected and greeted, and behaves like this.
    ///
    /// # Errors
    /// When it cannot connect.
    pub async fn open_with(
        body: &Body,
        person: &Person,
        options: Options,
    ) -> Result<Self, Failure> {
        let client = Self::start(body, person, options);
        client.until("greeting", |view| view.greeting.is_some()).await?;
        Ok(client)
    }

    /// Puts so many messages on their way, and waits until all are stored.
    ///
    /// # Errors
    /// When one is refused for good, or they take too long.
    pub async fn send_all(
        &self,
        room: &str,
        contents: impl IntoIterator<Item = String>,
    ) -> Result<(), Failure> {
        let sendings: Vec<_> = contents.into_iter().map(|text| self.post(room, text)).collect();
        for sending in sendings {
            within("acknowledgement", sending.acknowledged()).await??;
        }
        Ok(())
    }

    /// Puts a message on its way.
    #[must_use]
    pub fn post(&self, room: &str, content: impl Into<String>) -> Sending {
        self.write(room, Write::Send { content: content.into() })
    }

    /// Puts a write on its way.
    #[must_use]
    pub fn write(&self, room: &str, write: Write) -> Sending {
        let (done, fate) = oneshot::channel();
        let command = Command::Write { room: room.to_owned(), write, done };
        self.queue.send(Happening::Command(command)).ok();
        Sending(fate)
    }

    /// Makes a write and waits until it is stored.
    ///
    /// # Errors
    /// When it is refused for good, or takes too long.
    pub async fn store(&self, room: &str, write: Write) -> Result<Acknowledged, Failure> {
        within("acknowledgement", self.write(room, write).acknowledged()).await?
    }

    /// Asks for the page of history before what is shown of a room.
    pub fn look_back(&self, room: &str) {
        let command = Command::Older { room: room.to_owned() };
        self.queue.send(Happening::Command(command)).ok();
    }

    /// Sends a message and waits until it is stored.
    ///
    /// # Errors
    /// When it is refused for good, or takes too long.
    pub async fn send(
        &self,
        room: &str,
        content: impl Into<String>,
    ) -> Result<Acknowledged, Failure> {
        within("acknowledgement", self.post(room, content).acknowledged()).await?
    }

    /// Asks for the heads of the client's rooms now; what was missed is then fetched.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn ping(&self) -> Result<Pong, Failure> {
        let (done, pong) = oneshot::channel();
        self.queue.send(Happening::Command(Command::Ping { done })).ok();
        Ok(within("answer to ping", pong).await??)
    }

    /// Asks for the heads of the client's rooms, and does not wait.
    pub fn ask_heads(&self) {
        let (done, _) = oneshot::channel();
        self.queue.send(Happening::Command(Command::Ping { done })).ok();
    }

    /// Cuts the client's socket without a word. The client finds out, and reconnects.
    pub fn cut(&self) {
        self.queue.send(Happening::Command(Command::Cut)).ok();
    }

    /// Reads what the client knows now.
    pub fn look<T>(&self, read: impl FnOnce(&View) -> T) -> T {
        read(&self.view.borrow())
    }

    /// Waits until what the client knows is as told.
    ///
    /// # Errors
    /// When that does not come about, or the client has given up.
    pub async fn until(
        &self,
        what: impl fmt::Display,
        is_so: impl FnMut(&View) -> bool,
    ) -> Result<(), Failure> {
        within(format!("{what} for {}", self.person.username), self.wait(is_so)).await?
    }

    /// Waits until what the client knows is as told, however long that takes.
    ///
    /// # Errors
    /// When the client has given up.
    pub async fn wait(&self, mut is_so: impl FnMut(&View) -> bool) -> Result<(), Failure> {
        let mut view = self.view.clone();
        let view = view.wait_for(|view| is_so(view) || view.stopped.is_some()).await?;
        match &view.stopped {
            Some(why) => Err(Failure::new(format!("{} gave up: {why}", self.person.username))),
            None => Ok(()),
        }
    }

    /// Waits until a room is shown up to this number, and returns all that is shown of it.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn shown_to(&self, room: &str, seq: u64) -> Result<Vec<Message>, Failure> {
        self.until(format!("number {seq} of {room}"), |view| view.last(room) >= seq)
            .await
            .map_err(|failure| {
                let last = self.look(|view| view.last(room));
                failure.during(format_args!("shown to {last}"))
            })?;
        Ok(self.look(|view| view.shown(room).to_vec()))
    }

    /// The platform's name of this client's socket.
    ///
    /// # Errors
    /// Before the first greeting.
    pub fn connection_id(&self) -> Result<String, Failure> {
        self.look(|view| view.greeting.as_ref().map(|greeting| greeting.connection_id.clone()))
            .ok_or_else(|| Failure::new("not greeted yet"))
    }
}
