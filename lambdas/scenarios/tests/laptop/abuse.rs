//! Everything bad at once, against the binary that people run: the room goes on, nothing is stored
//! that should not be, and the log tells no secrets.

use futures_util::future::try_join_all;
use protocol::MessagesPage;
use scenarios::raw::Incoming;
use scenarios::{
    Body, Call, Client, Failure, Outcome, Person, SESSION_COOKIE, ensure, ensure_eq, verify, within,
};
use serde_json::json;

use crate::shipped::{Shipped, free_port};
use crate::support::ROOM;

/// In every text that must not reach the log.
const MARK: &str = "zanzibar";
/// How the binary tells a panic, which it does not in the usual words: its hook names the place,
/// and the gateway says what became of a function. The last is for a panic before the hook is set.
const SIGNS_OF_PANIC: [&str; 3] = ["panic place=", "the function crashed", "panicked at"];
const LISTENERS: usize = 49;
const MESSAGES: usize = 100;

/// Sends ten thousand frames as fast as they are taken, until the server has had enough.
async fn flood(body: &Body, mallory: &Person) -> Outcome {
    let mut socket = body.socket(mallory).await?;
    for number in 0..10_000 {
        let frame = format!(r#"{{"action":"nope","id":{number},"x":"{MARK}"}}"#);
        if socket.text(frame).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// A socket that asks, and never reads an answer.
async fn deaf(body: &Body, mallory: &Person) -> Outcome {
    let mut socket = body.mute_socket(mallory).await?;
    for _ in 0..200 {
        let asked = socket.ask("getRecentMessages", json!({ "limit": 100 }));
        if tokio::time::timeout(std::time::Duration::from_secs(2), asked).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Frames that break every rule there is; each ends its socket or is refused.
async fn break_rules(body: &Body, mallory: &Person) -> Outcome {
    let deep = "[".repeat(15_000);
    let long = MARK.repeat(5_000);
    let texts = [
        MARK.to_owned(),
        format!("{{\"{MARK}\""),
        deep.clone(),
        format!(r#"{{"action":"sendMessage","content":{deep}"#),
        format!(r#"{{"action":"sendMessage","content":["{MARK}"]}}"#),
        format!(r#"{{"action":"sendMessage","content":"{}"}}"#, MARK.repeat(1_200)),
        format!(r#"{{"action":"{MARK}","id":{{"{MARK}":1}}}}"#),
        format!(r#"{{"action":"sendMessage","content":"x","room":"{MARK}"}}"#),
        format!(r#"{{"action":"sendMessage","content":"x","clientId":"{MARK}\u0000"}}"#),
    ];
    let mut socket = body.socket(mallory).await?;
    for text in &texts {
        socket.text(text.clone()).await?;
        socket.reply(None).await?.refused()?;
    }
    for attempt in 0..3 {
        let mut socket = body.socket(mallory).await?;
        match attempt {
            0 => socket.text(long.clone()).await?,
            1 => socket.fragments(vec![MARK.repeat(3_000); 6]).await?,
            _ => socket.binary(MARK.into()).await?,
        }
        while !matches!(within("end", socket.incoming()).await?, Incoming::End(_)) {}
    }
    for token in [MARK, &format!("t_{MARK}"), &format!("{}{MARK}", mallory.access_token)] {
        // Refused or not, it is what the log makes of it that counts here.
        body.handshake(&body.socket_url(token), None).await?;
        body.call(Call::get("/v1/me").bearer(token)?).await?;
    }
    for text in [format!("{{{MARK}"), json!({ "username": MARK, "password": [MARK] }).to_string()] {
        body.call(Call::post("/v1/accounts").text(text.clone())?).await?;
        body.call(Call::post("/v1/sessions").text(text)?).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abuse_troubles_nobody_and_the_log_keeps_secrets() -> Outcome {
    let data = tempfile::tempdir()?;
    let shipped = Shipped::start(data.path(), free_port()?).await?;
    let body = &shipped.body;
    let people = body.people(LISTENERS + 1).await?;
    let [mallory, people @ ..] = people.as_slice() else {
        return Err(Failure::new("fifty people"));
    };
    let clients = try_join_all(people.iter().map(|person| Client::open(body, person))).await?;

    let talk = async {
        for number in 0..MESSAGES {
            clients[number % clients.len()].send(ROOM, format!("{MARK} {number}")).await?;
        }
        Ok::<_, Failure>(())
    };
    let harm = async {
        let all =
            tokio::join!(flood(body, mallory), deaf(body, mallory), break_rules(body, mallory));
        all.0.and(all.1).and(all.2)
    };
    let (talked, harmed) = tokio::join!(talk, harm);
    talked?;
    harmed?;
    let log = verify::settled(body, mallory, &clients, ROOM, 0).await?;
    ensure_eq!(log.len(), MESSAGES, "messages stored");
    let texts: Vec<_> = log.iter().map(|message| message.content.clone()).collect();
    let sent: Vec<_> = (0..MESSAGES).map(|number| format!("{MARK} {number}")).collect();
    ensure_eq!(texts, sent, "texts");

    // A session's whole life, for its secrets.
    let login = json!({ "login": &*mallory.username, "password": &*mallory.password });
    let login = body.call(Call::post("/v1/sessions").json(&login)?).await?;
    let (cookie, _) = login.set_cookie(SESSION_COOKIE)?;
    body.call(Call::post("/v1/sessions/refresh").cookie(&cookie)?).await?;
    let ticket = body.ticket(mallory).await?;
    let mut socket = body.socket_with(&ticket).await?;
    socket.request("getRecentMessages", json!({})).await?.ok::<MessagesPage>()?;
    body.call(Call::delete("/v1/sessions/current").cookie(&cookie)?).await?;

    let log = shipped.kill().await?;
    ensure!(!log.trim().is_empty(), "the log is empty: nothing was proved");
    for sign in SIGNS_OF_PANIC {
        if let Some(line) = log.lines().find(|line| line.contains(sign)) {
            return Err(Failure::new(format!("something panicked: {line}")));
        }
    }
    let cookie = cookie.split_once('=').map_or(cookie.as_str(), |(_, value)| value);
    let mut secrets = vec![("a text", MARK), ("a cookie", cookie), ("a ticket", &ticket)];
    for person in people.iter().chain([mallory]) {
        secrets.push(("a password", &person.password));
        secrets.push(("a token", &person.access_token));
        let signature = person.access_token.rsplit('.').next().unwrap_or_default();
        secrets.push(("a token's signature", signature));
    }
    for (what, secret) in secrets {
        if let Some(line) = log.lines().find(|line| line.contains(secret)) {
            return Err(Failure::new(format!("the log holds {what}: {line}")));
        }
    }
    Ok(())
}
