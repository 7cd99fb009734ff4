//! What requests cost: counted where the functions call their services, and held to what
//! docs/benchmarks.md says. The units are the embedded database's; a test below holds them to the rule
//! for an item's size, by which AWS counts.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use laptop::simulation::{self, Config, Simulation, Socket};
use serde_json::{Value, json};

use crate::simulation::{frame, open};

/// What one request cost.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cost {
    /// Write units of its transactions.
    commit: f64,
    /// Write units of all else.
    other_writes: f64,
    reads: f64,
    posts: u64,
    invocations: u64,
}

async fn start() -> Simulation {
    let config = Config { record_requests: true, ..Config::default() };
    Simulation::start(config).await.unwrap()
}

async fn crowd(simulation: &Simulation, people: std::ops::Range<usize>) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for number in people {
        // As long as the ids that the server makes.
        sockets.push(open(simulation, &format!("{number:022}")).await);
    }
    sockets
}

/// Asks, waits for the reply, and adds up what has been used since the last time.
async fn cost(simulation: &Simulation, socket: &mut Socket, mut request: Value) -> Cost {
    drop(simulation.aws().take_usage());
    let before = simulation.invocations();
    request["id"] = json!(1);
    socket.send(request.to_string());
    let reply = loop {
        let frame = frame(socket).await;
        if frame["reply"] == 1 {
            break frame;
        }
    };
    assert_eq!(reply["ok"], true, "{request}: {reply}");
    let invocations = simulation.invocations() - before;
    let mut cost = Cost { commit: 0.0, other_writes: 0.0, reads: 0.0, posts: 0, invocations };
    for used in simulation.aws().take_usage() {
        match used.operation.as_str() {
            "TransactWriteItems" => cost.commit += used.units,
            "PutItem" | "UpdateItem" | "DeleteItem" => cost.other_writes += used.units,
            "GetItem" | "BatchGetItem" | "Query" => cost.reads += used.units,
            "PostToConnection" => cost.posts += used.calls,
            other => panic!("{request}: {other}"),
        }
    }
    cost
}

fn send(content: &str) -> Value {
    json!({"action": "sendMessage", "content": content})
}

#[test]
fn a_message_costs_the_same_writes_whoever_hears_it() {
    simulation::run(1, async {
        let simulation = start().await;
        let mut ada = open(&simulation, "ada").await;
        let mut others = Vec::new();
        // Beside the head, the subscriptions are read: 30 of them in each 4 KB.
        for (sockets, reads) in [(10, 2.0), (100, 5.0), (1_000, 34.0)] {
            let more = crowd(&simulation, others.len()..sockets - 1).await;
            others.extend(more);
            let cost = cost(&simulation, &mut ada, send("hi")).await;
            let posts = u64::try_from(sockets).unwrap();
            let expected = Cost { commit: 4.0, other_writes: 1.0, reads, posts, invocations: 1 };
            assert_eq!(cost, expected, "{sockets} sockets");
        }
    })
    .unwrap();
}

#[test]
fn the_commit_grows_with_the_text_by_two_units_a_kilobyte() {
    simulation::run(1, async {
        let simulation = start().await;
        let mut ada = open(&simulation, "ada").await;
        let client_id = "c".repeat(26);
        let named = |content: &str, last: char| {
            let client_id = format!("{}{last}", &client_id[1..]);
            json!({"action": "sendMessage", "content": content, "clientId": client_id})
        };
        cost(&simulation, &mut ada, named("x", '0')).await;
        let envelope = sizes(&simulation, "messages").await[0] - 1;
        for (number, item, units) in [('1', 1_024, 4.0), ('2', 1_025, 6.0), ('3', 2_048, 6.0)] {
            let text = "x".repeat(item - envelope);
            let cost = cost(&simulation, &mut ada, named(&text, number)).await;
            assert_eq!(cost.commit, units, "an item of {item} bytes");
        }
        let sizes = sizes(&simulation, "messages").await;
        assert_eq!(sizes[1..], [1_024, 1_025, 2_048], "the sizes by the documented rule");
        let largest = "x".repeat(8_192);
        assert_eq!(cost(&simulation, &mut ada, named(&largest, '4')).await.commit, 20.0);
    })
    .unwrap();
}

#[test]
fn each_request_costs_what_the_table_says() {
    simulation::run(1, async {
        let simulation = start().await;
        let mut ada = open(&simulation, "ada").await;
        let _others = crowd(&simulation, 0..9).await;
        cost(&simulation, &mut ada, json!({"action": "hello"})).await;
        cost(&simulation, &mut ada, send("hi")).await;
        let everybody = 10;
        let room = |action: &str| json!({"action": action, "room": "dev"});
        for (request, commit, other_writes, reads, posts) in [
            (json!({"action": "hello"}), 0.0, 0.0, 5.0, 0),
            (json!({"action": "ping", "rooms": {"general": 1}}), 0.0, 0.0, 5.0, 0),
            (json!({"action": "getRecentMessages"}), 0.0, 0.0, 2.0, 0),
            (json!({"action": "editMessage", "seq": 1, "content": "ho"}), 6.0, 1.0, 3.0, everybody),
            (json!({"action": "deleteMessage", "seq": 1}), 8.0, 1.0, 3.0, everybody),
            (room("createRoom"), 14.0, 1.0, 4.0, 1),
            (json!({"action": "sendMessage", "room": "dev", "content": "hi"}), 4.0, 1.0, 3.0, 1),
            (room("leaveRoom"), 10.0, 1.0, 3.0, 1),
            (room("joinRoom"), 12.0, 1.0, 5.0, 1),
            (json!({"action": "listRooms"}), 0.0, 0.0, 2.0, 0),
        ] {
            let cost = cost(&simulation, &mut ada, request.clone()).await;
            let expected = Cost { commit, other_writes, reads, posts, invocations: 1 };
            assert_eq!(cost, expected, "{request}");
        }
    })
    .unwrap();
}

#[test]
fn a_socket_costs_what_the_table_says() {
    simulation::run(1, async {
        let simulation = start().await;
        let units = |operations: &[&str]| -> f64 {
            let used = simulation.aws().take_usage();
            used.iter()
                .for_each(|used| assert!(operations.contains(&&*used.operation), "{used:?}"));
            used.iter().map(|used| used.units).sum()
        };
        let socket = open(&simulation, "ada").await;
        assert_eq!(units(&["PutItem", "GetItem", "Query"]), 2.0 + 3.0);
        drop(socket);
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!(units(&["DeleteItem", "GetItem"]), 2.0 + 1.0);
        assert_eq!(simulation.invocations(), 2);
    })
    .unwrap();
}

/// The sizes of a table's items by "DynamoDB item sizes and formats" of the developer guide: names and
/// texts in UTF-8, a number a byte for each two digits and one more.
async fn sizes(simulation: &Simulation, table: &str) -> Vec<usize> {
    let size = |item: &HashMap<String, AttributeValue>| -> usize {
        let attributes = item.iter().map(|(name, value)| {
            name.len()
                + match value {
                    AttributeValue::S(text) => text.len(),
                    AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
                    other => panic!("{name}: {other:?}"),
                }
        });
        attributes.sum()
    };
    let scan = simulation.aws().database().scan().table_name(simulation.aws().table(table)).send();
    let mut items = scan.await.unwrap().items.unwrap();
    items.sort_by_key(|item| item["seq"].as_n().unwrap().parse::<u64>().unwrap());
    items.iter().map(size).collect()
}
