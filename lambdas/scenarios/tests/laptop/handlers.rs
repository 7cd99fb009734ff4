//! Functions that are slow, or hang: what waits for them, and what does not.

use std::time::Duration;

use futures_util::future::try_join_all;
use laptop::Config;
use laptop::embedded::{Fault, Rule};
use protocol::{Pong, RequestId, Stored};
use scenarios::{Client, Outcome, ensure, verify};
use serde_json::json;

use crate::support::{Here, ROOM};

#[tokio::test]
async fn random_delays_do_not_disorder_a_persons_messages() -> Outcome {
    let delay = Duration::ZERO..=Duration::from_millis(100);
    let here = Here::with(Config { handler_delay: Some(delay), ..Config::default() }).await?;
    let people = here.body.people(4).await?;

    // Sent without waiting, the frames of one socket overtake each other: the delays are real.
    let mut hasty = here.body.socket(&people[0]).await?;
    for number in 0..20 {
        hasty.ask("sendMessage", json!({ "content": number.to_string() })).await?;
    }
    let mut messages = hasty.messages(20).await?;
    messages.sort_by_key(|message| message.seq);
    let order: Vec<u32> =
        messages.iter().map(|message| message.content.parse()).collect::<Result<_, _>>()?;
    ensure!(!order.is_sorted(), "the delays disordered nothing");
    hasty.close().await?;

    let clients =
        try_join_all(people.iter().map(|person| Client::open(&here.body, person))).await?;
    let texts = || (0..10).map(|number| number.to_string());
    try_join_all(clients.iter().map(|client| client.send_all(ROOM, texts()))).await?;
    let log = verify::settled(&here.body, &people[0], &clients, ROOM, 20).await?;
    ensure!(log.len() == 40, "{} messages are stored", log.len());
    here.stop().await
}

#[tokio::test]
async fn a_hung_handler_holds_up_no_other_frame_of_its_socket() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let mut socket = here.body.socket(&ada).await?;
    let hang = here
        .laptop
        .faults()
        .inject(Rule::on("TransactWriteItems").function("send-message").with(Fault::Hang));
    let hung = socket.ask("sendMessage", json!({ "content": "x" })).await?;
    scenarios::within("hang", hang.wait_fired(1)).await?;
    // Answers are set aside here, and a platform frame is a failure: in turn, one of them would come.
    socket.request("ping", json!({})).await?.ok::<Pong>()?;
    ensure!(socket.take_aside().is_empty(), "the hung send was answered first");
    hang.remove();
    let hung: Stored = socket.reply(Some(RequestId::Number(hung))).await?.ok()?;
    ensure!(hung.seq == 1 && !hung.duplicate, "{hung:?}");
    here.stop().await
}
