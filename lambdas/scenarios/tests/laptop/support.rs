//! A laptop for one test, and the ways into it.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use laptop::{Config, Laptop};
use protocol::Greeting;
use scenarios::raw::Socket;
use scenarios::{Body, Failure, Outcome, Person, Platform, within};
use serde_json::json;

/// The room of all tests.
pub(crate) const ROOM: &str = "general";

/// A row of a table.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// A laptop and the body that it is to the outside.
pub(crate) struct Here {
    pub(crate) laptop: Laptop,
    pub(crate) body: Body,
}

impl Here {
    pub(crate) async fn start() -> Result<Self, Failure> {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Result<Self, Failure> {
        let laptop = within("start", laptop::start(config)).await??;
        let can = Platform::Laptop.capabilities().iter().copied();
        let body = Body::new(laptop.http_url(), laptop.ws_url(), can)?;
        Ok(Self { laptop, body })
    }

    /// A laptop with these settings over its own.
    pub(crate) async fn set(settings: &[(&str, &str)]) -> Result<Self, Failure> {
        Self::with(Config { settings: to_settings(settings), ..Config::default() }).await
    }

    /// Ends it in order, so that what it cannot end shows.
    pub(crate) async fn stop(self) -> Outcome {
        within("stop", self.laptop.stop()).await?;
        Ok(())
    }

    /// The subscription of a socket to the room, if there is one.
    pub(crate) async fn subscription(&self, connection: &str) -> Result<Option<Row>, Failure> {
        let found = self
            .laptop
            .database()
            .get_item()
            .table_name(self.laptop.aws().table("subscriptions"))
            .key("room", text(ROOM))
            .key("connectionId", text(connection))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.item)
    }

    /// Every subscription to the room.
    pub(crate) async fn subscriptions(&self) -> Result<Vec<Row>, Failure> {
        let found = self
            .laptop
            .database()
            .query()
            .table_name(self.laptop.aws().table("subscriptions"))
            .key_condition_expression("room = :room")
            .expression_attribute_values(":room", text(ROOM))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.items.unwrap_or_default())
    }

    pub(crate) async fn put_subscription(&self, row: Row) -> Outcome {
        let put = self.laptop.database().put_item().set_item(Some(row));
        put.table_name(self.laptop.aws().table("subscriptions")).send().await?;
        Ok(())
    }

    pub(crate) async fn delete_subscription(&self, connection: &str) -> Outcome {
        self.laptop
            .database()
            .delete_item()
            .table_name(self.laptop.aws().table("subscriptions"))
            .key("room", text(ROOM))
            .key("connectionId", text(connection))
            .send()
            .await?;
        Ok(())
    }

    /// The row of a socket that is long gone, as a lost `$disconnect` leaves it.
    pub(crate) async fn leave_dead_row(&self, person: &Person) -> Result<String, Failure> {
        let mut socket = self.body.socket(person).await?;
        let id = connection_id(&mut socket).await?;
        let mut row = self.subscription(&id).await?.ok_or_else(|| Failure::new("no row"))?;
        socket.close().await?;
        eventually("end of the row", || async { Ok(self.subscription(&id).await?.is_none()) })
            .await?;
        grow_older(&mut row, Duration::from_secs(3_600))?;
        self.put_subscription(row).await?;
        Ok(id)
    }
}

/// Makes a row look as if its socket had connected so much earlier.
pub(crate) fn grow_older(row: &mut Row, by: Duration) -> Outcome {
    let connected = row.get("connectedAt").and_then(|value| value.as_n().ok());
    let connected: i64 = connected.ok_or_else(|| Failure::new("no connectedAt"))?.parse()?;
    let earlier = connected - i64::try_from(by.as_millis())?;
    row.insert("connectedAt".to_owned(), AttributeValue::N(earlier.to_string()));
    Ok(())
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(crate) fn to_settings(settings: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The platform's name of a socket.
pub(crate) async fn connection_id(socket: &mut Socket) -> Result<String, Failure> {
    let hello: Greeting = socket.request("hello", json!({})).await?.ok()?;
    Ok(hello.connection_id)
}

/// Waits until something that nothing announces has come about.
pub(crate) async fn eventually<F: Future<Output = Result<bool, Failure>>>(
    what: &str,
    mut is_so: impl FnMut() -> F,
) -> Outcome {
    within(what, async {
        while !is_so().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    })
    .await?
}
