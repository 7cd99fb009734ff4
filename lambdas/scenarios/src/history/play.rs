use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{join_all, try_join_all};
use futures_util::{SinkExt, StreamExt};
use protocol::{ChangesPage, GENERAL, MessagesPage, limits};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::line::Line;
use super::plan::Plan;
use super::player::{Player, Table};
use super::record::{Record, Recorder, Shown, What};
use crate::client::{Credential, Options, Write};
use crate::transport::{Arrival, Transport};
use crate::wire::Frame;
use crate::{Body, Client, Failure, Outcome, Person, within};

/// What makes the server fail during a run.
pub trait Weather {
    /// From now on it fails.
    fn begin(&self);
    /// From now on it does not.
    fn end(&self);
}

/// The server fails only as it does by itself.
impl Weather for () {
    fn begin(&self) {}
    fn end(&self) {}
}

/// Runs a plan on a body whose room `general` it has to itself, and returns what everybody was told
/// and shows. Whether that is as it must be, [`check`](super::check) says.
///
/// # Errors
/// When the run does not come to rest: somebody is not connected, a write has no fate.
pub async fn play(
    body: &Body,
    people: &[Person],
    plan: &Plan,
    weather: &impl Weather,
) -> Result<Record, Failure> {
    let stem = format!("h{:08x}", plan.seed);
    let rooms = (0..plan.rooms).map(|number| format!("{stem}-{number}")).collect();
    let table = Arc::new(Table::new(plan.clone(), rooms));
    let recorder = Recorder::default();
    let first = people.first().ok_or_else(|| Failure::new("a run has people"))?;
    let head = Auditor::open(body, first, &recorder).await?.head(GENERAL).await?;
    recorder.begins_after(GENERAL, head);

    let owners = people.iter().cycle().take(plan.clients);
    let opening = owners.map(|person| open(body, person, &recorder, &table));
    let mut players = try_join_all(opening).await?;

    weather.begin();
    join_all(players.iter_mut().map(Player::play)).await;
    weather.end();
    players.iter().for_each(|player| player.line.mend());
    try_join_all(players.iter().map(|player| comes_to_rest(&player.client, plan))).await?;
    sleep(plan.quiet).await;

    let mut auditors = BTreeMap::from([(GENERAL, first)]);
    for room in &table.rooms {
        if let Some(person) = reader_of(room, &players).await {
            auditors.insert(room, person);
        }
    }
    last_words(&players, &auditors, plan).await?;
    for (room, reader) in auditors {
        let from = if room == GENERAL { head } else { 0 };
        Auditor::open(body, reader, &recorder).await?.read(room, from).await?;
    }
    for player in &players {
        recorder.shows(player.number, player.client.look(Shown::of));
    }
    drop(players);
    Ok(recorder.finish())
}

async fn open(
    body: &Body,
    person: &Person,
    recorder: &Recorder,
    table: &Arc<Table>,
) -> Result<Player, Failure> {
    let plan = &table.plan;
    let client = recorder.client(&person.user_id, false);
    let line = Line::new(client, recorder.clone(), plan.seed ^ client as u64);
    let options = Options {
        request_timeout: plan.request_timeout,
        resume_jitter: plan.pause.mul_f64(0.2),
        ..Options::default()
    };
    let opened = Client::open_with(&line.to(body), person, options).await?;
    Ok(Player::new(client, opened, line, table))
}

/// Each write has met its fate, and the client is connected.
async fn comes_to_rest(client: &Client, plan: &Plan) -> Outcome {
    let name = &client.person.username;
    let rest = client.wait(|view| view.is_open && view.is_settled());
    match timeout(plan.patience, rest).await {
        Ok(rest) => rest,
        Err(_) => {
            let (is_open, left) = client.look(|view| {
                let has_no_fate = view.sent.iter().filter(|sent| !sent.has_fate());
                (view.is_open, has_no_fate.cloned().collect::<Vec<_>>())
            });
            Err(Failure::new(format!("{name} did not come to rest: open {is_open}, {left:?}")))
        }
    }
}

/// Somebody who is in a room, once somebody is; nobody when there is no such room.
async fn reader_of<'p>(room: &str, players: &'p [Player]) -> Option<&'p Person> {
    let member = |player: &&Player| player.client.look(|view| view.is_in(room));
    if let Some(player) = players.iter().find(member) {
        return Some(&player.client.person);
    }
    let player = players.first()?;
    player.client.store(room, Write::Join).await.ok()?;
    Some(&player.client.person)
}

/// The last message of each room, which comes to everybody by itself; and then each client asks where
/// its rooms stand, and so finds what it missed in the storm.
async fn last_words(players: &[Player], rooms: &BTreeMap<&str, &Person>, plan: &Plan) -> Outcome {
    let mut heads = BTreeMap::new();
    for (room, person) in rooms {
        let is_theirs = |player: &&Player| player.client.person.user_id == person.user_id;
        let speaker = players.iter().find(is_theirs);
        let speaker = speaker.ok_or_else(|| Failure::new("nobody speaks"))?;
        let content = format!("the last word in {room}");
        let what = What::LastWord { room: (*room).to_owned(), content: content.clone() };
        speaker.line.note(what);
        let stored = speaker.client.store(room, Write::Send { content }).await?;
        heads.insert(*room, stored.seq);
    }
    // Who does not hear it, the rules find.
    let own = |player: &Player| {
        let rooms = player.client.look(|view| view.rooms.keys().cloned().collect::<Vec<_>>());
        let heads = rooms.iter().filter_map(|room| heads.get_key_value(room.as_str()));
        heads.map(|(room, head)| (*room, *head)).collect::<BTreeMap<_, _>>()
    };
    let hear = players
        .iter()
        .map(|player| async { timeout(plan.request_timeout, reaches(player, &own(player))).await });
    join_all(hear).await;
    try_join_all(players.iter().map(|player| player.client.ping())).await?;
    let mine = |player: &Player| {
        let siblings = players
            .iter()
            .filter(|other| other.client.person.user_id == player.client.person.user_id);
        siblings.flat_map(own).collect::<BTreeMap<_, _>>()
    };
    let catch_up = players
        .iter()
        .map(|player| async { timeout(plan.patience, reaches(player, &mine(player))).await });
    join_all(catch_up).await;
    Ok(())
}

/// A client shows these rooms, up to these numbers.
async fn reaches(player: &Player, heads: &BTreeMap<&str, u64>) -> Outcome {
    let shown = player
        .client
        .wait(|view| heads.iter().all(|(room, head)| view.is_in(room) && view.last(room) >= *head));
    shown.await
}

/// A fresh client that reads a log by its numbers, and has nothing else in its mind.
struct Auditor {
    transport: Transport,
    last_id: i64,
}

impl Auditor {
    async fn open(body: &Body, person: &Person, recorder: &Recorder) -> Result<Self, Failure> {
        let client = recorder.client(&person.user_id, true);
        let body = Line::new(client, recorder.clone(), 0).to(body);
        let opened = body.transport(person, Credential::Ticket).await;
        let transport =
            opened.map_err(|why| Failure::new(format!("no socket for an auditor: {why:?}")))?;
        Ok(Self { transport, last_id: 0 })
    }

    async fn page(&mut self, room: &str, fields: Value) -> Result<Value, Failure> {
        self.last_id += 1;
        let mut request =
            json!({ "action": "getRecentMessages", "room": room, "id": self.last_id });
        if let (Some(request), Value::Object(fields)) = (request.as_object_mut(), fields) {
            request.extend(fields);
        }
        self.transport.outgoing.send(request.to_string()).await?;
        let answer = async {
            loop {
                let arrival = self.transport.incoming.next().await;
                let Some(Arrival::Text(frame)) = arrival else {
                    return Err(Failure::new(format!("{arrival:?} came for a page")));
                };
                if let Frame::Reply(answer) = Frame::read(&frame)? {
                    return answer.ok::<Value>();
                }
            }
        };
        within("page", answer).await?
    }

    async fn head(mut self, room: &str) -> Result<u64, Failure> {
        let page: MessagesPage = serde_json::from_value(self.page(room, json!({})).await?)?;
        Ok(page.head)
    }

    async fn read(mut self, room: &str, from: u64) -> Outcome {
        let mut after = from;
        loop {
            let fields = json!({ "after": after, "limit": limits::PAGE_MAX });
            let page: ChangesPage = serde_json::from_value(self.page(room, fields).await?)?;
            // A page that leads nowhere ends before a number that is missing.
            if !page.more || page.through <= after {
                return Ok(());
            }
            after = page.through;
        }
    }
}
