use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::line::Line;
use super::plan::Plan;
use crate::Client;
use crate::client::Write;

/// So many writes of one client are on their way at the most.
const OUTSTANDING: usize = 4;
/// How far back a client changes what it wrote.
const RECENT: usize = 12;

/// What the players of a run share.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) plan: Plan,
    /// The rooms that may be made.
    pub(super) rooms: Vec<String>,
    /// How many changes are acknowledged.
    acknowledged: AtomicUsize,
    /// Texts that another client of their writer is to delete: by person, room and text.
    wanted: Mutex<Vec<(String, String, String)>>,
}

impl Table {
    pub(super) fn new(plan: Plan, rooms: Vec<String>) -> Self {
        Self { plan, rooms, acknowledged: AtomicUsize::new(0), wanted: Mutex::default() }
    }

    fn is_over(&self) -> bool {
        self.acknowledged.load(Ordering::Relaxed) >= self.plan.changes
    }

    // The list is valid after every statement, so a panic elsewhere does not spoil it.
    fn wanted(&self) -> MutexGuard<'_, Vec<(String, String, String)>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client does next, each as often as its number says.
const ACTS: [(Act, u32); 13] = [
    (Act::Send, 40),
    (Act::Edit, 14),
    (Act::Delete, 8),
    (Act::Create, 2),
    (Act::Join, 6),
    (Act::Leave, 3),
    (Act::Cut, 6),
    (Act::Deaf, 5),
    (Act::Vanish, 4),
    (Act::Lossy, 4),
    (Act::Ping, 2),
    (Act::LookBack, 3),
    (Act::Burst, 3),
];

#[derive(Debug, Clone, Copy)]
enum Act {
    Send,
    Edit,
    Delete,
    Create,
    Join,
    Leave,
    /// The socket is gone without a word.
    Cut,
    /// What the server says is lost for a while, and then the socket is cut.
    Deaf,
    /// A message goes out, its acknowledgement does not come in, and the client is away for long:
    /// meanwhile another client of the same person deletes the message.
    Vanish,
    /// Some of the server's frames are lost, on a socket that lives on.
    Lossy,
    Ping,
    LookBack,
    Burst,
}

/// One client, and what it does of its own.
#[derive(Debug)]
pub(super) struct Player {
    pub(super) client: Client,
    pub(super) line: Line,
    pub(super) number: usize,
    pub(super) table: Arc<Table>,
    outstanding: Arc<AtomicUsize>,
    random: fastrand::Rng,
    texts: usize,
}

impl Player {
    pub(super) fn new(number: usize, client: Client, line: Line, table: &Arc<Table>) -> Self {
        let seed = table.plan.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
        Self {
            client,
            line,
            number,
            table: Arc::clone(table),
            outstanding: Arc::default(),
            random: fastrand::Rng::with_seed(seed),
            texts: 0,
        }
    }

    /// Acts until the run is over.
    pub(super) async fn play(&mut self) {
        while !self.table.is_over() {
            let pause = self.table.plan.pause.mul_f64(self.random.f64());
            sleep(pause).await;
            if self.random.bool() {
                self.delete_what_is_wanted();
            }
            match self.draw() {
                Act::Cut | Act::Deaf | Act::Vanish | Act::Lossy if !self.table.plan.bad_lines => {}
                act => self.act(act).await,
            }
        }
    }

    fn draw(&mut self) -> Act {
        let all = ACTS.iter().map(|(_, often)| often).sum();
        let mut drawn = self.random.u32(0..all);
        for (act, often) in ACTS {
            if drawn < often {
                return act;
            }
            drawn -= often;
        }
        Act::Send
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Send => drop(self.send()),
            Act::Burst => (0..3).for_each(|_| drop(self.send())),
            Act::Edit => {
                if let Some((room, seq)) = self.mine() {
                    let content = self.text();
                    self.write(&room, Write::Edit { seq, content });
                }
            }
            Act::Delete => {
                if let Some((room, seq)) = self.mine() {
                    self.write(&room, Write::Delete { seq });
                }
            }
            Act::Create => {
                if let Some(room) = self.random.choice(&self.table.rooms).cloned() {
                    self.write(&room, Write::Create { topic: "a topic".to_owned() });
                }
            }
            Act::Join => {
                let rooms = self.client.look(|view| {
                    let rooms = self.table.rooms.iter();
                    rooms.filter(|room| !view.is_in(room)).cloned().collect::<Vec<_>>()
                });
                if let Some(room) = self.random.choice(rooms) {
                    self.write(&room, Write::Join);
                }
            }
            Act::Leave => {
                if let Some(room) = self.room().filter(|room| self.table.rooms.contains(room)) {
                    self.write(&room, Write::Leave);
                }
            }
            Act::Cut => self.client.cut(),
            Act::Deaf => {
                let silence = self.table.plan.pause.mul_f64(3.0 * self.random.f64());
                self.line.deaf_until(Instant::now() + silence);
                self.send();
                sleep(silence).await;
                self.client.cut();
            }
            Act::Vanish => self.vanish().await,
            Act::Lossy => {
                let share = if self.random.bool() { 0.0 } else { 0.2 * self.random.f64() };
                self.line.lose(share);
            }
            Act::Ping => self.client.ask_heads(),
            Act::LookBack => {
                if let Some(room) = self.room() {
                    self.client.look_back(&room);
                }
            }
        }
    }

    async fn vanish(&mut self) {
        let longest = self.table.plan.absence;
        if longest.is_zero() {
            return;
        }
        let absence = longest.mul_f64(self.random.f64().mul_add(0.6, 0.4));
        self.line.deaf_until(Instant::now() + absence);
        if let Some((room, content)) = self.send() {
            let user = self.client.person.user_id.to_string();
            self.table.wanted().push((user, room, content));
        }
        // Long enough for the frame to arrive, and for the functions to tell others.
        sleep(Duration::from_millis(300)).await;
        self.line.away_until(Instant::now() + absence);
        self.client.cut();
        sleep(absence).await;
    }

    fn delete_what_is_wanted(&mut self) {
        let wanted = {
            let all = self.table.wanted();
            let mine = all.iter().filter(|(user, ..)| **user == *self.client.person.user_id);
            mine.cloned().collect::<Vec<_>>()
        };
        for wanted in wanted {
            let (_, room, content) = &wanted;
            let found = self.client.look(|view| {
                let found = view.shown(room).iter().find(|message| message.content == *content);
                found.map(|message| message.seq)
            });
            if let Some(seq) = found {
                self.table.wanted().retain(|other| *other != wanted);
                self.write(room, Write::Delete { seq });
            }
        }
    }

    fn send(&mut self) -> Option<(String, String)> {
        let room = self.room()?;
        let content = self.text();
        self.write(&room, Write::Send { content: content.clone() }).then_some((room, content))
    }

    /// Puts a write on its way, unless too many are.
    fn write(&self, room: &str, write: Write) -> bool {
        if self.outstanding.load(Ordering::Relaxed) >= OUTSTANDING {
            return false;
        }
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        let sending = self.client.write(room, write);
        let (table, outstanding) = (Arc::clone(&self.table), Arc::clone(&self.outstanding));
        tokio::spawn(async move {
            if sending.acknowledged().await.is_ok() {
                table.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            outstanding.fetch_sub(1, Ordering::Relaxed);
        });
        true
    }

    /// A text like no other, now and then a long one.
    fn text(&mut self) -> String {
        self.texts += 1;
        let padding = match self.random.u32(0..20) {
            0 => 3_000,
            1..5 => 200,
            _ => 0,
        };
        let Self { number, texts, .. } = self;
        format!("{number}-{texts}{}", ".".repeat(padding))
    }

    /// A room that the client is in.
    fn room(&mut self) -> Option<String> {
        let rooms = self.client.look(|view| view.rooms.keys().cloned().collect::<Vec<_>>());
        self.random.choice(rooms)
    }

    /// A message of this person's.
    fn mine(&mut self) -> Option<(String, u64)> {
        let user = self.client.person.user_id.clone();
        let mine = self.client.look(|view| {
            let rooms: BTreeMap<String, Vec<u64>> = view
                .rooms
                .iter()
                .map(|(name, room)| {
                    let mine =
                        room.shown().iter().rev().filter(|message| *message.user_id == *user);
                    (name.clone(), mine.take(RECENT).map(|message| message.seq).collect())
                })
                .collect();
            rooms
        });
        let mine: Vec<(String, u64)> = mine
            .into_iter()
            .flat_map(|(room, seqs)| seqs.into_iter().map(move |seq| (room.clone(), seq)))
            .collect();
        self.random.choice(mine)
    }
}
