//! A laptop in simulated time as a body of clients.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt, sink, stream};
use laptop::simulation::{Received, Simulation, Socket};
use scenarios::transport::{Arrival, NotOpened, Sockets, Transport};
use scenarios::{Body, Failure, Person};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// One of so many lost sockets is lost without the gateway's noticing.
const UNNOTICED: u32 = 6;

/// The body that a simulation is to its clients.
pub(super) fn body(simulation: &Arc<Simulation>) -> Result<Body, Failure> {
    let mut body = Body::new("http://simulated", "ws://simulated", [])?;
    let simulation = Arc::clone(simulation);
    body.sockets = Some(Sockets::by(move |person, _| {
        let simulation = Arc::clone(&simulation);
        Box::pin(async move {
            match simulation.open(context(&person)).await {
                Ok(socket) => Ok(carry(socket)),
                // 401: the session has ended. Nobody's has here.
                Err(_) => Err(NotOpened::BackOff),
            }
        })
    }));
    Ok(body)
}

/// Somebody whom an outside issuer vouches for: there is no account to make.
pub(super) fn person(number: usize) -> Person {
    Person {
        username: format!("person-{number}").into(),
        password: "".into(),
        user_id: format!("x_person-{number}").into(),
        access_token: "".into(),
        cookie: "".into(),
        device: "".into(),
    }
}

/// What the authorizer says of a person.
fn context(person: &Person) -> Map<String, Value> {
    let context = json!({ "userId": *person.user_id, "username": *person.username });
    context.as_object().cloned().unwrap_or_default()
}

fn carry(socket: Socket) -> Transport {
    let (outgoing, to_send) = unbounded_channel();
    let (came, incoming) = unbounded_channel();
    tokio::spawn(pump(socket, to_send, came));
    let outgoing = sink::unfold(outgoing, async |outgoing: UnboundedSender<String>, frame| {
        outgoing.send(frame).map_err(|_| Failure::new("the socket is gone"))?;
        Ok::<_, Failure>(outgoing)
    });
    let incoming = stream::unfold(incoming, async |mut incoming: UnboundedReceiver<Arrival>| {
        let arrival = incoming.recv().await?;
        Some((arrival, incoming))
    });
    Transport {
        outgoing: Box::pin(outgoing.sink_map_err(|failure| failure)),
        incoming: incoming.boxed(),
    }
}

/// Runs a socket until either end is gone.
async fn pump(
    mut socket: Socket,
    mut to_send: UnboundedReceiver<String>,
    came: UnboundedSender<Arrival>,
) {
    loop {
        tokio::select! {
            biased;
            frame = to_send.recv() => match frame {
                Some(frame) => socket.send(frame),
                None if fastrand::u32(..UNNOTICED) == 0 => return socket.cut(),
                None => return,
            },
            received = socket.recv() => {
                let arrival = match received {
                    Some(Received::Text(frame)) => Arrival::Text(frame),
                    Some(Received::Close(code)) => Arrival::End(Some(code)),
                    None => Arrival::End(None),
                };
                let is_end = matches!(arrival, Arrival::End(_));
                if came.send(arrival).is_err() || is_end {
                    return;
                }
            }
        }
    }
}
