//! A short record that keeps every rule, and for each rule one that breaks it and no other.

use std::time::Duration;

use protocol::{Change, Member, Message, RoomHead, Tombstone};
use serde_json::{Value, json};

use super::super::record::{Moment, Record, What, Who};
use super::*;
use crate::client::Room;
use crate::wire::Entry;

const ADA: usize = 0;
const EVE: usize = 1;
const AUDITOR: usize = 2;

/// A record that is being told.
struct Tale {
    record: Record,
    now: Duration,
    last_id: i64,
}

fn message(seq: u64, content: &str) -> Message {
    Message {
        seq,
        id: format!("m_{seq}"),
        user_id: "u_ada".into(),
        username: "ada".into(),
        content: content.into(),
        timestamp: "t".into(),
        ver: seq,
        client_id: format!("send-{content}"),
        edited_at: None,
    }
}

fn new(seq: u64, content: &str) -> Change {
    Change::Message { seq, message: message(seq, content) }
}

fn tombstone(seq: u64, ver: u64) -> Tombstone {
    Tombstone { seq, id: format!("m_{seq}"), ver, deleted: true }
}

fn member(user: &str, client_id: &str) -> Member {
    let (user_id, client_id) = (format!("u_{user}"), client_id.to_owned());
    Member { user_id, username: user.to_owned(), timestamp: "t".into(), client_id }
}

impl Tale {
    fn new() -> Self {
        let who = |name: &str, is_auditor| Who { user_id: format!("u_{name}"), is_auditor };
        let clients = vec![who("ada", false), who("eve", false), who("ada", true)];
        let record = Record { clients, ..Record::default() };
        Self { record, now: Duration::ZERO, last_id: 0 }
    }

    fn later(&mut self, by: u64) {
        self.now += Duration::from_secs(by);
    }

    fn note(&mut self, client: usize, what: What) {
        self.now += Duration::from_millis(10);
        self.record.moments.push(Moment { at: self.now, client, socket: 1, what });
    }

    fn ask(&mut self, client: usize, action: &str, mut request: Value) -> i64 {
        self.last_id += 1;
        request["action"] = action.into();
        request["id"] = self.last_id.into();
        self.note(client, What::Asked(request.to_string()));
        self.last_id
    }

    fn grant(&mut self, client: usize, id: i64, mut fields: Value) {
        fields["reply"] = id.into();
        fields["ok"] = true.into();
        self.note(client, What::Told(fields.to_string()));
    }

    fn refuse(&mut self, client: usize, id: i64, code: &str) {
        let error = json!({ "code": code, "message": "", "retryable": code == "rate_limited" });
        let refusal = json!({ "reply": id, "ok": false, "error": error });
        self.note(client, What::Told(refusal.to_string()));
    }

    fn tell(&mut self, clients: &[usize], change: &Change) {
        let event = match change {
            Change::Message { message, .. } => {
                json!({ "event": "messages", "room": "dev", "messages": [message] })
            }
            other => json!({ "event": "changes", "room": "dev", "changes": [other] }),
        };
        for client in clients {
            self.note(*client, What::Told(event.to_string()));
        }
    }

    fn send(&mut self, content: &str) -> i64 {
        let client_id = format!("send-{content}");
        let fields = json!({ "room": "dev", "content": content, "clientId": client_id });
        self.ask(ADA, "sendMessage", fields)
    }

    fn store(&mut self, id: i64, seq: u64, duplicate: bool) {
        let fields = json!({ "seq": seq, "id": format!("m_{seq}"), "timestamp": "t",
            "duplicate": duplicate });
        self.grant(ADA, id, fields);
    }

    /// Ada sends, and both hear it.
    fn sends(&mut self, seq: u64, content: &str) -> Change {
        let id = self.send(content);
        let change = new(seq, content);
        self.tell(&[ADA, EVE], &change);
        self.store(id, seq, false);
        change
    }

    fn page(&mut self, client: usize, after: u64, changes: &[Change], head: u64) {
        let id = self.ask(client, "getRecentMessages", json!({ "room": "dev", "after": after }));
        let through = changes.last().map_or(after, Change::seq);
        self.grant(
            client,
            id,
            json!({ "room": "dev", "changes": changes, "through": through,
            "more": false, "head": head, "recovered": true, "floor": 1, "epoch": 1 }),
        );
    }

    fn show(&mut self, client: usize, changes: &[Change]) {
        let mut room = Room::starting_at(&RoomHead { head: 0, epoch: 1 });
        for change in changes {
            room.offer(Entry::Known(change.clone()));
        }
        self.record.shown.entry(client).or_default().rooms.insert("dev".into(), room);
    }

    /// Everybody who is in the room shows this, which is what the log says.
    fn end(mut self, clients: &[usize], log: &[Change]) -> Record {
        self.page(AUDITOR, 0, log, log.len().try_into().unwrap());
        for client in clients {
            self.show(*client, log);
        }
        for client in [ADA, EVE] {
            self.record.shown.entry(client).or_default();
        }
        self.record
    }
}

/// Ada makes a room and Eve joins it: entries 1 and 2.
fn begin() -> (Tale, Vec<Change>) {
    let mut tale = Tale::new();
    let id = tale.ask(ADA, "createRoom", json!({ "room": "dev", "clientId": "create" }));
    let create = Change::Create { seq: 1, topic: String::new(), member: member("ada", "create") };
    let joined = |seq: u64| {
        json!({ "room": "dev", "seq": seq, "head": seq, "epoch": 1,
        "duplicate": false })
    };
    tale.grant(ADA, id, joined(1));
    let id = tale.ask(EVE, "joinRoom", json!({ "room": "dev", "clientId": "join" }));
    let join = Change::Join { seq: 2, member: member("eve", "join") };
    tale.tell(&[ADA, EVE], &join);
    tale.grant(EVE, id, joined(2));
    (tale, vec![create, join])
}

/// Ada deletes message 3 by entry 4.
fn delete_three(tale: &mut Tale) -> Change {
    let fields = json!({ "room": "dev", "seq": 3, "clientId": "delete" });
    let id = tale.ask(ADA, "deleteMessage", fields);
    let change = Change::Delete {
        seq: 4,
        user_id: Some("u_ada".into()),
        client_id: Some("delete".into()),
        message: tombstone(3, 4),
    };
    tale.tell(&[ADA, EVE], &change);
    tale.grant(ADA, id, json!({ "ver": 4, "duplicate": false }));
    change
}

fn gone(seq: u64, ver: u64) -> Change {
    let message = tombstone(seq, ver);
    Change::Delete { seq, user_id: None, client_id: None, message }
}

/// Eve leaves by this entry.
fn eve_leaves(tale: &mut Tale, seq: u64) -> Change {
    let id = tale.ask(EVE, "leaveRoom", json!({ "room": "dev", "clientId": "leave" }));
    let change = Change::Leave { seq, member: member("eve", "leave") };
    tale.tell(&[ADA], &change);
    tale.grant(EVE, id, json!({ "room": "dev", "seq": seq, "duplicate": false }));
    change
}

#[track_caller]
fn breaks(record: &Record, rules: &[Rule]) {
    let breaches = check(record);
    let mut broken: Vec<Rule> = breaches.iter().map(|breach| breach.rule).collect();
    broken.sort_unstable();
    broken.dedup();
    assert_eq!(broken, rules, "{breaches:#?}");
    for breach in &breaches {
        assert!(breach.at.iter().all(|at| *at < record.moments.len()), "{breach:?}");
    }
}

#[test]
fn a_record_of_a_correct_server_breaks_nothing() {
    let (mut tale, mut log) = begin();
    tale.sends(3, "one");
    // The first answer is lost; the second names the same number.
    let first = tale.send("two");
    let second = tale.send("two");
    tale.tell(&[ADA, EVE], &new(4, "two"));
    tale.store(second, 4, true);
    tale.store(first, 4, false);
    let fields = json!({ "room": "dev", "seq": 4, "content": "2", "clientId": "edit" });
    let id = tale.ask(ADA, "editMessage", fields);
    let message = Message { ver: 5, content: "2".into(), ..message(4, "two") };
    let edit = |message: &Message| Change::Edit {
        seq: 5,
        user_id: "u_ada".into(),
        client_id: "edit".into(),
        message: message.clone(),
    };
    tale.tell(&[ADA, EVE], &edit(&message));
    tale.grant(ADA, id, json!({ "ver": 5, "duplicate": false }));
    let id = tale.ask(EVE, "createRoom", json!({ "room": "dev", "clientId": "other" }));
    tale.refuse(EVE, id, "room_taken");
    tale.page(EVE, 2, &[new(3, "one")], 5);
    tale.note(ADA, What::LastWord { room: "dev".into(), content: "last".into() });
    tale.sends(6, "last");
    let brought = Change::Message { seq: 4, message: message.clone() };
    log.extend([new(3, "one"), brought, edit(&message), new(6, "last")]);
    breaks(&tale.end(&[ADA, EVE], &log), &[]);
}

#[test]
fn a_correct_deletion_and_a_correct_leave_break_nothing() {
    let (mut tale, mut log) = begin();
    let three = tale.sends(3, "one");
    let delete = delete_three(&mut tale);
    // An event of the send was under way for long.
    tale.tell(&[EVE], &three);
    let leave = eve_leaves(&mut tale, 5);
    let id = tale.ask(EVE, "getRecentMessages", json!({ "room": "dev" }));
    tale.refuse(EVE, id, "not_member");
    log.extend([gone(3, 4), delete, leave]);
    breaks(&tale.end(&[ADA], &log), &[]);
}

#[test]
fn an_acknowledged_write_that_is_lost() {
    let (mut tale, log) = begin();
    let id = tale.send("one");
    tale.store(id, 3, false);
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Stored]);
}

#[test]
fn an_acknowledged_write_in_whose_place_stands_another() {
    let (mut tale, mut log) = begin();
    let (one, _) = (tale.send("one"), tale.send("two"));
    tale.store(one, 3, false);
    log.push(new(3, "two"));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Stored]);
}

#[test]
fn an_entry_that_was_told_and_is_lost() {
    let (mut tale, log) = begin();
    tale.send("one");
    tale.tell(&[EVE], &new(3, "one"));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Stored]);
}

#[test]
fn a_write_that_is_stored_twice() {
    let (mut tale, mut log) = begin();
    log.push(tale.sends(3, "one"));
    log.push(new(4, "one"));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Once]);
}

#[test]
fn an_unacknowledged_write_that_is_stored_twice() {
    let (mut tale, mut log) = begin();
    tale.send("one");
    log.extend([new(3, "one"), new(4, "one")]);
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Once]);
}

#[test]
fn a_write_that_is_stored_twice_and_then_deleted_once() {
    let (mut tale, mut log) = begin();
    tale.sends(3, "one");
    let delete = delete_three(&mut tale);
    log.extend([gone(3, 4), delete, new(5, "one")]);
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Once]);
}

#[test]
fn an_entry_that_nobody_asked_for() {
    let (tale, mut log) = begin();
    log.push(new(3, "one"));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Once]);
}

#[test]
fn a_resend_that_is_answered_as_new_or_with_another_number() {
    for (seq, duplicate) in [(3, false), (4, true)] {
        let (mut tale, mut log) = begin();
        log.push(tale.sends(3, "one"));
        let again = tale.send("one");
        tale.store(again, seq, duplicate);
        breaks(&tale.end(&[ADA, EVE], &log), &[Rule::OneAnswer]);
    }
}

#[test]
fn a_refused_write_that_is_stored() {
    let (mut tale, mut log) = begin();
    let id = tale.send("one");
    tale.refuse(ADA, id, "not_member");
    log.push(new(3, "one"));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Refused]);
}

#[test]
fn a_refusal_that_no_correct_write_meets() {
    let (mut tale, log) = begin();
    let id = tale.send("one");
    tale.refuse(ADA, id, "client_id_reused");
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Refused]);
}

#[test]
fn a_refusal_whose_reason_the_log_tells() {
    let (mut tale, mut log) = begin();
    log.push(tale.sends(3, "one"));
    let delete = delete_three(&mut tale);
    let fields = json!({ "room": "dev", "seq": 3, "content": "1", "clientId": "edit" });
    let id = tale.ask(ADA, "editMessage", fields);
    tale.refuse(ADA, id, "not_found");
    log[2] = gone(3, 4);
    log.push(delete);
    breaks(&tale.end(&[ADA, EVE], &log), &[]);
}

#[test]
fn a_hurry_that_is_slowed_and_a_slow_one_too() {
    // Ada made the room, which is a write too.
    for (writes, rules) in [(50, &[][..]), (49, &[Rule::Refused])] {
        let (mut tale, log) = begin();
        let ids: Vec<i64> = (0..writes).map(|_| tale.send("one")).collect();
        tale.later(1);
        tale.refuse(ADA, ids[0], "rate_limited");
        breaks(&tale.end(&[ADA, EVE], &log), rules);
    }
}

#[test]
fn a_number_that_is_missing() {
    let (mut tale, mut log) = begin();
    log.push(tale.sends(4, "one"));
    let mut record = tale.end(&[], &log);
    // Its clients show what they can.
    for client in [ADA, EVE] {
        let mut room = Room::starting_at(&RoomHead { head: 3, epoch: 1 });
        room.offer(Entry::Known(new(4, "one")));
        record.shown.get_mut(&client).unwrap().rooms.insert("dev".into(), room);
    }
    let head = record.moments.last_mut().unwrap();
    let What::Told(page) = &mut head.what else { panic!("{head:?}") };
    *page = page.replace("\"head\":3", "\"head\":4");
    let rules: Vec<Rule> = check(&record).into_iter().map(|breach| breach.rule).collect();
    assert!(rules.contains(&Rule::NoHole), "{rules:?}");
}

#[test]
fn a_client_that_shows_another_log() {
    let (mut tale, mut log) = begin();
    log.push(tale.sends(3, "one"));
    let mut record = tale.end(&[ADA, EVE], &log);
    let lagging = Tale::new().end(&[EVE], &log[..2]);
    record.shown.insert(EVE, lagging.shown[&EVE].clone());
    breaks(&record, &[Rule::OneLog]);
}

#[test]
fn a_client_that_still_shows_a_deleted_text() {
    let (mut tale, mut log) = begin();
    let three = tale.sends(3, "one");
    let delete = delete_three(&mut tale);
    log.extend([gone(3, 4), delete]);
    let mut record = tale.end(&[ADA, EVE], &log);
    let room = record.shown.get_mut(&EVE).unwrap().rooms.get_mut("dev").unwrap();
    *room = Room::starting_at(&RoomHead { head: 2, epoch: 1 });
    for change in [three, Change::Join { seq: 4, member: member("eve", "join") }] {
        room.offer(Entry::Known(change));
    }
    breaks(&record, &[Rule::OneLog]);
}

#[test]
fn a_client_that_shows_a_room_its_person_has_left() {
    let (mut tale, mut log) = begin();
    log.push(eve_leaves(&mut tale, 3));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Membership]);
}

#[test]
fn a_client_that_does_not_show_a_room_its_person_is_in() {
    let (tale, log) = begin();
    breaks(&tale.end(&[ADA], &log), &[Rule::Membership]);
}

#[test]
fn one_state_with_two_texts() {
    let (mut tale, mut log) = begin();
    log.push(tale.sends(3, "one"));
    let other = Message { content: "1".into(), ..message(3, "one") };
    tale.tell(&[EVE], &Change::Message { seq: 3, message: other });
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::OneText]);
}

#[test]
fn a_text_that_is_not_what_was_sent() {
    let (mut tale, mut log) = begin();
    tale.send("one");
    log.push(Change::Message {
        seq: 3,
        message: Message { content: "1".into(), ..message(3, "one") },
    });
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::OneText]);
}

#[test]
fn a_text_that_is_not_what_was_sent_and_is_deleted() {
    let (mut tale, mut log) = begin();
    let id = tale.send("one");
    let other = Message { content: "1".into(), ..message(3, "one") };
    tale.tell(&[ADA, EVE], &Change::Message { seq: 3, message: other });
    tale.store(id, 3, false);
    let delete = delete_three(&mut tale);
    log.extend([gone(3, 4), delete]);
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::OneText]);
}

#[test]
fn a_page_with_a_deleted_text() {
    let (mut tale, mut log) = begin();
    let three = tale.sends(3, "one");
    let delete = delete_three(&mut tale);
    tale.page(EVE, 2, &[three, delete.clone()], 4);
    log.extend([gone(3, 4), delete]);
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Gone]);
}

#[test]
fn a_resend_that_tells_a_deleted_text_again() {
    let (mut tale, mut log) = begin();
    let three = tale.sends(3, "one");
    let delete = delete_three(&mut tale);
    tale.later(20);
    let again = tale.send("one");
    tale.tell(&[EVE], &three);
    tale.store(again, 3, true);
    log.extend([gone(3, 4), delete]);
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Gone]);
}

#[test]
fn an_event_for_somebody_who_has_left() {
    let (mut tale, mut log) = begin();
    log.push(eve_leaves(&mut tale, 3));
    log.push(tale.sends(4, "secret"));
    breaks(&tale.end(&[ADA], &log), &[Rule::Left]);
}

#[test]
fn a_page_for_somebody_who_has_left() {
    let (mut tale, mut log) = begin();
    log.push(eve_leaves(&mut tale, 3));
    tale.page(EVE, 2, &log[2..], 3);
    breaks(&tale.end(&[ADA], &log), &[Rule::Left]);
}

#[test]
fn a_write_of_somebody_who_has_left() {
    let (mut tale, mut log) = begin();
    log.push(eve_leaves(&mut tale, 3));
    let fields = json!({ "room": "dev", "content": "in", "clientId": "in" });
    let id = tale.ask(EVE, "sendMessage", fields);
    let message = Message {
        user_id: "u_eve".into(),
        username: "eve".into(),
        client_id: "in".into(),
        ..message(4, "in")
    };
    let change = Change::Message { seq: 4, message };
    tale.tell(&[ADA], &change);
    let stored = json!({ "seq": 4, "id": "m_4", "timestamp": "t", "duplicate": false });
    tale.grant(EVE, id, stored);
    log.push(change);
    breaks(&tale.end(&[ADA], &log), &[Rule::Left]);
}

#[test]
fn a_log_that_is_said_not_to_reach_back_or_to_be_another() {
    for (was, is) in [("\"recovered\":true", "\"recovered\":false"), ("\"epoch\":1", "\"epoch\":2")]
    {
        let (mut tale, log) = begin();
        tale.page(EVE, 1, &log[1..], 2);
        let told = tale.record.moments.last_mut().unwrap();
        let What::Told(page) = &mut told.what else { panic!("{told:?}") };
        assert!(page.contains(was), "{page}");
        *page = page.replace(was, is);
        breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Protocol]);
    }
}

#[test]
fn who_left_and_came_back_hears_again() {
    let (mut tale, mut log) = begin();
    log.push(eve_leaves(&mut tale, 3));
    let id = tale.ask(EVE, "joinRoom", json!({ "room": "dev", "clientId": "again" }));
    log.push(Change::Join { seq: 4, member: member("eve", "again") });
    log.push(tale.sends(5, "hello again"));
    tale.grant(
        EVE,
        id,
        json!({ "room": "dev", "seq": 4, "head": 5, "epoch": 1,
        "duplicate": false }),
    );
    breaks(&tale.end(&[ADA, EVE], &log), &[]);
}

#[test]
fn a_deaf_socket() {
    let (mut tale, mut log) = begin();
    tale.note(ADA, What::LastWord { room: "dev".into(), content: "last".into() });
    let id = tale.send("last");
    tale.tell(&[ADA], &new(3, "last"));
    tale.store(id, 3, false);
    // It asks for what it did not hear, which is not hearing.
    tale.page(EVE, 2, &[new(3, "last")], 3);
    log.push(new(3, "last"));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Heard]);
}

#[test]
fn what_a_client_saw_or_could_not_read() {
    let (tale, log) = begin();
    let mut record = tale.end(&[ADA, EVE], &log);
    let violations = vec!["a page has 3 for 2".to_owned()];
    record.shown.get_mut(&EVE).unwrap().violations = violations;
    breaks(&record, &[Rule::Protocol]);

    let (mut tale, log) = begin();
    tale.note(EVE, What::Told("{\"reply\":1}".into()));
    breaks(&tale.end(&[ADA, EVE], &log), &[Rule::Protocol]);
}
