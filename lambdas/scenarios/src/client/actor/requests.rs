//! What was asked, and what came of it.

use std::time::Duration;

use protocol::{
    Change, Changed, ErrorBody, ErrorCode, Event, Joined, Left, MessagesPage, Pong, RequestId,
    Stored,
};
use serde_json::Value;
use tokio::time::Instant;

use super::super::{Acknowledged, NewMessage, Room, Write};
use super::{Actor, Asked, Repair, Request, Upkeep, pause};
use crate::Failure;
use crate::wire::{self, Answered, Entry, Frame};

impl Actor {
    pub(super) fn ask(&mut self, asked: Asked, frame: &Value) {
        let Some(number) = self.current.as_ref().map(|link| link.number) else { return };
        self.ask_over(number, asked, frame);
    }

    pub(super) fn ask_over(&mut self, number: usize, asked: Asked, frame: &Value) {
        self.last_id += 1;
        let mut frame = frame.clone();
        if let Some(fields) = frame.as_object_mut() {
            fields.insert("id".to_owned(), self.last_id.into());
        }
        let at = Instant::now();
        let deadline = Some(at + self.options.request_timeout);
        self.requests.insert(self.last_id, Request { link: number, asked, at, deadline });
        let links = [self.current.as_ref(), self.coming.as_ref()];
        if let Some(link) = links.into_iter().flatten().find(|link| link.number == number) {
            link.send(frame.to_string());
        }
    }

    /// Whether these requests were carried out will never be known: all of them are asked again.
    pub(super) fn outcome_unknown(&mut self, which: impl Fn(&Request) -> bool) {
        let ids: Vec<i64> = self
            .requests
            .iter()
            .filter(|(_, request)| request.deadline.is_some() && which(request))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            let Some(request) = self.requests.get_mut(&id) else { continue };
            request.deadline = None;
            match &mut request.asked {
                Asked::Hello => {
                    let link = request.link;
                    self.ended(link);
                }
                Asked::Ping { done, .. } => self.pings.push(done.take()),
                Asked::Changes { room, .. } | Asked::Newest { room } => {
                    let room = room.clone();
                    self.repair_later(&room);
                }
                Asked::Write { client_id, .. } => {
                    self.outbox.again(client_id, |tries| Instant::now() + pause(tries));
                }
                // Whoever looked back looks back again.
                Asked::Older { .. } => {}
            }
        }
    }

    pub(super) fn forget_requests_of(&mut self, link: usize) {
        self.outcome_unknown(|request| request.link == link);
        self.requests.retain(|_, request| request.link != link);
    }

    pub(super) fn give_up_on_the_silent(&mut self, now: Instant) {
        let silent = |request: &Request| request.deadline.is_some_and(|deadline| deadline <= now);
        self.outcome_unknown(silent);
    }

    pub(super) fn frame(&mut self, link: usize, frame: Frame) {
        match frame {
            Frame::Reply(Answered { reply: Some(RequestId::Number(id)), outcome }) => {
                if let Some(request) = self.requests.remove(&id) {
                    let answered = match outcome {
                        Ok(frame) => self.succeeded(request, frame),
                        Err(error) => {
                            self.refused(request, error);
                            Ok(())
                        }
                    };
                    if let Err(failure) = answered {
                        self.violation(failure.to_string());
                    }
                } else if id > self.last_id || id < 1 {
                    self.violation(format!("a reply to request {id}, which was never made"));
                }
            }
            Frame::Reply(answer) => self.violation(format!("a reply to no request: {answer:?}")),
            Frame::Platform(_) => {
                self.show.send_modify(|view| view.platform_frames += 1);
                self.outcome_unknown(|request| request.link == link);
            }
            Frame::Event(Event::Messages { room, messages }) => {
                for message in messages {
                    let change = Change::Message { seq: message.seq, message };
                    self.entry(&room, Entry::Known(change));
                }
            }
            Frame::Changes { room, entries } => {
                for entry in entries {
                    self.entry(&room, entry);
                }
            }
            Frame::Event(Event::Bye { reconnect: true, .. }) => {
                self.open_at = Some(Instant::now());
            }
            Frame::Event(Event::Bye { reason, .. }) => {
                self.show.send_modify(|view| view.stopped = Some(reason));
            }
            Frame::Event(Event::Changes { .. }) | Frame::Unknown(_) => {}
        }
    }

    pub(super) fn succeeded(&mut self, request: Request, frame: Value) -> Result<(), Failure> {
        match request.asked {
            Asked::Hello => {
                self.greeted(request.link, request.at, serde_json::from_value(frame)?);
            }
            Asked::Ping { named, done } => {
                let pong: Pong = serde_json::from_value(frame)?;
                for room in named.iter().filter(|room| !pong.rooms.contains_key(*room)) {
                    if !self.has_joined_since(room, request.at) {
                        self.leave(room);
                    }
                }
                if let Some(joined) = &pong.joined {
                    self.rooms_of_mine(request.at, &joined.iter().cloned().collect());
                }
                for (room, presence) in &pong.rooms {
                    self.compare(room, presence.head, presence.epoch);
                }
                if let Some(done) = done {
                    done.send(pong).ok();
                }
            }
            Asked::Changes { room, after } => {
                let (entries, page) = wire::changes_page(frame)?;
                if !self.show.borrow().is_in(&room) {
                    return Ok(());
                }
                let upkeep = self.upkeep.entry(room.clone()).or_default();
                upkeep.repair = Repair::None;
                upkeep.tries = 0;
                let epoch = self.show.borrow().rooms.get(&room).map(Room::epoch);
                if !page.recovered || epoch != Some(page.epoch) {
                    upkeep.anew = true;
                    upkeep.repair = Repair::Due(Instant::now());
                    return Ok(());
                }
                let (more, leads_on) = (page.more, page.through > after);
                for entry in &entries {
                    self.notice_own(entry);
                }
                self.show.send_modify(|view| {
                    if let Some(room) = view.rooms.get_mut(&room) {
                        room.resume(after, entries, &page);
                    }
                });
                match (more, leads_on) {
                    (true, true) => self.repair_at(&room, Instant::now()),
                    (true, false) => self.repair_at(&room, self.held_until()),
                    (false, _) => self.mind_the_gap(&room),
                }
            }
            Asked::Newest { room } => {
                let page: MessagesPage = serde_json::from_value(frame)?;
                if self.has_left_since(&room, request.at) {
                    return Ok(());
                }
                self.upkeep.insert(room.clone(), Upkeep::default());
                self.begin(&room, Room::of_page(page));
            }
            Asked::Older { room } => {
                let page: MessagesPage = serde_json::from_value(frame)?;
                self.show.send_modify(|view| {
                    if let Some(room) =
                        view.rooms.get_mut(&room).filter(|room| room.epoch() == page.epoch)
                    {
                        room.older(page);
                    }
                });
            }
            Asked::Write { client_id, write, room } => {
                let seq = self.stored(&client_id, &write, frame)?;
                match write {
                    Write::Create { .. } | Write::Join => self.membership(&room, seq, true),
                    Write::Leave => self.membership(&room, seq, false),
                    Write::Send { .. } | Write::Edit { .. } | Write::Delete { .. } => {}
                }
            }
        }
        Ok(())
    }

    fn stored(&mut self, client_id: &str, write: &Write, frame: Value) -> Result<u64, Failure> {
        let (seq, message) = match write {
            Write::Send { .. } => {
                let Stored { seq, id, timestamp, .. } = serde_json::from_value(frame)?;
                (seq, Some(NewMessage { id, timestamp }))
            }
            Write::Edit { .. } | Write::Delete { .. } => {
                (serde_json::from_value::<Changed>(frame)?.ver, None)
            }
            Write::Create { .. } | Write::Join => {
                (serde_json::from_value::<Joined>(frame)?.seq, None)
            }
            Write::Leave => (serde_json::from_value::<Left>(frame)?.seq, None),
        };
        self.acknowledged(client_id, Acknowledged { seq, message });
        Ok(seq)
    }

    pub(super) fn refused(&mut self, request: Request, error: ErrorBody) {
        match request.asked {
            Asked::Write { client_id, .. } if error.retryable => {
                let told = error.retry_after_ms.map(Duration::from_millis);
                self.outbox.again(&client_id, |tries| {
                    Instant::now() + told.unwrap_or_default() + pause(tries)
                });
            }
            Asked::Write { client_id, .. } => {
                if let Some(place) = self.outbox.place(&client_id) {
                    self.show.send_modify(|view| {
                        if let Some(sent) = view.sent.get_mut(place) {
                            sent.refused = Some(error.clone());
                        }
                    });
                }
                self.outbox.settle(&client_id, Err(error));
            }
            asked if error.retryable => {
                // Asked again through the same door as an unanswered request.
                self.last_id += 1;
                let id = self.last_id;
                let deadline = Some(Instant::now());
                self.requests.insert(id, Request { asked, deadline, ..request });
            }
            Asked::Changes { room, .. } | Asked::Newest { room } | Asked::Older { room }
                if error.code == ErrorCode::NotMember =>
            {
                if self.has_joined_since(&room, request.at) {
                    self.repair_later(&room);
                } else {
                    self.leave(&room);
                }
            }
            asked => self.violation(format!("{asked:?} was refused: {error:?}")),
        }
    }
}
