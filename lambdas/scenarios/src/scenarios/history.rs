//! Reading a room's log: pages back in time, and what came after a number.

use protocol::{ChangesPage, Message, MessagesPage, Stored, limits};
use serde_json::{Value, json};

use super::sending::ROOM;
use crate::history::{self, Plan};
use crate::raw::Socket;
use crate::wire::Frame;
use crate::{Body, Client, Failure, Outcome, ensure, ensure_eq, verify};

async fn page(socket: &mut Socket, fields: Value) -> Result<MessagesPage, Failure> {
    socket.request("getRecentMessages", fields).await?.ok()
}

async fn changes(socket: &mut Socket, after: u64, limit: usize) -> Result<ChangesPage, Failure> {
    let fields = json!({ "after": after, "limit": limit });
    socket.request("getRecentMessages", fields).await?.ok()
}

/// So many short messages, and the number before the first of them.
async fn fill(socket: &mut Socket, count: usize) -> Result<u64, Failure> {
    let before = verify::head(socket, ROOM).await?;
    for number in 1..=count {
        let fields = json!({ "content": number.to_string() });
        let _: Stored = socket.request_patiently("sendMessage", fields).await?.ok()?;
    }
    socket.take_aside();
    Ok(before)
}

fn numbers(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.seq).collect()
}

/// `before` leads page by page to the first message of the room, and says so.
///
/// # Errors
/// What failed.
pub async fn pages_back_to_the_first_message(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let before = fill(&mut socket, 23).await?;
    let head = before + 23;

    let newest = page(&mut socket, json!({ "limit": 7 })).await?;
    ensure_eq!(numbers(&newest.messages), (head - 6..=head).collect::<Vec<_>>(), "newest");
    ensure_eq!((newest.more, newest.head, newest.room.as_str()), (true, head, ROOM), "page");

    let mut seen = newest.messages;
    let mut more = true;
    while more {
        let oldest = seen.first().map_or(0, |message| message.seq);
        // What was there before may be much, on a body that has served for long.
        let limit = if oldest > before + 1 { 7 } else { limits::PAGE_MAX };
        let fields = json!({ "limit": limit, "before": oldest });
        let mut older = page(&mut socket, fields).await?;
        ensure_eq!(older.head, head, "head of an older page");
        ensure!(!older.messages.is_empty(), "`more` was promised before {oldest}");
        // Of these short messages a page takes all it may; of those before them, what fits.
        ensure!(older.messages.len() == 7 || oldest <= before + 7, "a short page before {oldest}");
        more = older.more;
        older.messages.append(&mut seen);
        seen = older.messages;
    }
    // Of what was there before, some may have been erased.
    let seen = numbers(&seen);
    ensure!(seen.is_sorted_by(|one, next| one < next), "all pages together: {seen:?}");
    let new: Vec<_> = seen.into_iter().filter(|seq| *seq > before).collect();
    ensure_eq!(new, (before + 1..=head).collect::<Vec<_>>(), "all pages together");
    for before in [0, 1] {
        let end = page(&mut socket, json!({ "before": before })).await?;
        ensure_eq!((end.messages.len(), end.more), (0, false), "page before {before}");
    }
    let beyond = page(&mut socket, json!({ "before": head + 100, "limit": 1 })).await?;
    ensure_eq!(numbers(&beyond.messages), [head], "page before a number that is not there yet");
    Ok(())
}

/// Whatever was asked for, a page is one frame of at most 30 KB, and the next goes on from it.
///
/// # Errors
/// What failed.
pub async fn pages_fit_into_a_frame(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let before = verify::head(&mut socket, ROOM).await?;
    // Six bytes in a frame for each byte of text.
    let texts = ["x".repeat(limits::TEXT_BYTES), "\u{1}".repeat(4_500), "y".repeat(3_000)];
    for text in texts.iter().cycle().take(9) {
        let _: Stored = socket.request("sendMessage", json!({ "content": text })).await?.ok()?;
    }
    socket.take_aside();

    let mut seen: Vec<u64> = Vec::new();
    while seen.first() != Some(&(before + 1)) {
        let before = seen.first().map_or(u64::from(u32::MAX), |oldest| *oldest);
        let fields = json!({ "limit": 100, "before": before });
        let answer = socket.request("getRecentMessages", fields).await?;
        let frame = answer.outcome.clone().map_or(0, |frame| frame.to_string().len());
        ensure!(frame <= limits::FRAME_BYTES, "a page of {frame} bytes");
        let page: MessagesPage = answer.ok()?;
        ensure!(!page.messages.is_empty(), "an empty page before {before}");
        let mut older: Vec<u64> = numbers(&page.messages);
        older.retain(|seq| *seq > page.head - 9);
        older.append(&mut seen);
        seen = older;
    }
    ensure_eq!(seen, (before + 1..=before + 9).collect::<Vec<_>>(), "all pages together");

    let mut after = before;
    while after < before + 9 {
        let id = socket.ask("getRecentMessages", json!({ "after": after, "limit": 100 })).await?;
        let page = match socket.frame().await? {
            Frame::Reply(answer) if answer.reply == Some(protocol::RequestId::Number(id)) => answer,
            other => return Err(Failure::new(format!("{other:?} came"))),
        };
        let frame = page.outcome.clone().map_or(0, |frame| frame.to_string().len());
        ensure!(frame <= limits::FRAME_BYTES, "a page of {frame} bytes");
        let page: ChangesPage = page.ok()?;
        ensure!(page.through > after && page.more == (page.through < page.head), "{page:?}");
        after = page.through;
    }
    Ok(())
}

/// A client that was away for more than a page's worth gets all of it, in order, to the end.
///
/// # Errors
/// What failed.
pub async fn a_resume_covers_everything(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let before = fill(&mut socket, 130).await?;
    let head = before + 130;

    let first = changes(&mut socket, before, 100).await?;
    let came: Vec<u64> = first.changes.iter().map(protocol::Change::seq).collect();
    ensure_eq!(came, (before + 1..=before + 100).collect::<Vec<_>>(), "first page");
    ensure!(first.more && first.recovered, "{}, {}", first.more, first.recovered);
    ensure_eq!((first.through, first.head, first.floor), (before + 100, head, 1), "first page");
    let second = changes(&mut socket, first.through, 100).await?;
    ensure_eq!(
        (second.changes.len(), second.through, second.more),
        (30, head, false),
        "second page"
    );
    let end = changes(&mut socket, head, 100).await?;
    ensure_eq!((end.changes.len(), end.through, end.more), (0, head, false), "page at the end");
    ensure!(end.recovered, "the end is a number of this log");
    let small = changes(&mut socket, before, 3).await?;
    ensure_eq!(
        (small.changes.len(), small.through, small.more),
        (3, before + 3, true),
        "small page"
    );
    let default: ChangesPage =
        socket.request("getRecentMessages", json!({ "after": before })).await?.ok()?;
    ensure_eq!(default.changes.len(), limits::PAGE_DEFAULT, "changes without a limit");

    let log = verify::read_log(&mut socket, ROOM, before).await?;
    let texts: Vec<String> = log.into_iter().map(|message| message.content).collect();
    ensure_eq!(texts, (1..=130).map(|text: u32| text.to_string()).collect::<Vec<_>>(), "texts");

    // The same through the client: cut off, then away for 130 messages.
    let client = Client::open(body, &ada).await?;
    client.cut();
    fill(&mut socket, 130).await?;
    verify::settled(body, &ada, &[client], ROOM, before).await?;
    Ok(())
}

/// Several people do everything at once, over lines that break and lose what is said; whatever each
/// was told and shows is one history.
///
/// # Errors
/// The rule that does not hold, and the record around its breach.
pub async fn a_crowd_over_bad_lines_has_one_history(body: &Body) -> Outcome {
    let seed = fastrand::u64(..) >> 32;
    let people = body.people(4).await?;
    let told = |failure: Failure| failure.during(format!("seed {seed}"));
    let record = history::play(body, &people, &Plan::real(seed), &()).await.map_err(told)?;
    let tally = history::judge(&record).map_err(told)?;
    ensure!(tally.resent > 0 && tally.sockets > 12, "little went wrong: {tally}");
    Ok(())
}

/// A client whose number is higher than the log's is told that this log is not the one it knew.
///
/// # Errors
/// What failed.
pub async fn a_number_from_the_future_is_not_recovered(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    let mut socket = body.socket(&ada).await?;
    let head = fill(&mut socket, 1).await? + 1;
    for after in [head + 1, 9_007_199_254_740_991] {
        let page = changes(&mut socket, after, 10).await?;
        ensure!(!page.recovered, "recovered from {after}, with head {head}");
        ensure!(page.changes.is_empty() && !page.more, "{page:?}");
    }
    Ok(())
}
