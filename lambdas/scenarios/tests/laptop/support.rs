//! A laptop for one test, and the ways into it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use laptop::{Config, Laptop};
use protocol::{AdminAnswer, AdminCommand, AdminRequest, Greeting};
use scenarios::raw::Socket;
use scenarios::{
    Admin, Body, Failure, Mailbox, Outcome, Outside, Person, Platform, ensure, within,
};
use serde_json::{Value, json};

/// The room of all tests.
pub(crate) const ROOM: &str = "general";

/// The secret of the outside issuer.
pub(crate) const OUTSIDE_SECRET: &str = "an outside secret of at least 32 bytes";
/// Where the laptop's functions find it.
const PARAMETER: &str = "/parley/laptop/issuers/intranet";

/// A row of a table.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// A laptop and the body that it is to the outside.
pub(crate) struct Here {
    pub(crate) laptop: Arc<Laptop>,
    pub(crate) body: Body,
}

impl Here {
    pub(crate) async fn start() -> Result<Self, Failure> {
        Self::with(Config::default()).await
    }

    /// A laptop that trusts an outside issuer, and does not count what comes from one address: that
    /// is where all that a test does comes from.
    pub(crate) async fn with(mut config: Config) -> Result<Self, Failure> {
        let mut set = |name: &str, value: String| {
            config.settings.entry(name.to_owned()).or_insert(value);
        };
        set("ADDRESS_LIMITS", "off".to_owned());
        set("TRUSTED_ISSUERS", issuers(json!({ "secretParameter": PARAMETER })));
        let secret = || OUTSIDE_SECRET.to_owned();
        config.parameters.entry(PARAMETER.to_owned()).or_insert_with(secret);
        let laptop = Arc::new(within("start", laptop::start(config)).await??);
        let can = Platform::Laptop.capabilities().iter().copied();
        let mut body = Body::new(laptop.http_url(), laptop.ws_url(), can)?;
        body.mailbox = Some(Mailbox::at(&format!("{}/_mailbox/messages", laptop.http_url())));
        body.admin = Some(admin(&laptop));
        body.outside = Some(Outside::intranet(OUTSIDE_SECRET));
        Ok(Self { laptop, body })
    }

    /// A laptop with these settings over its own.
    pub(crate) async fn set(settings: &[(&str, &str)]) -> Result<Self, Failure> {
        Self::with(Config { settings: to_settings(settings), ..Config::default() }).await
    }

    /// Ends it in order, so that what it cannot end shows.
    pub(crate) async fn stop(self) -> Outcome {
        let laptop = Arc::into_inner(self.laptop);
        let laptop = laptop.ok_or_else(|| Failure::new("somebody still uses the laptop"))?;
        within("stop", laptop.stop()).await?;
        Ok(())
    }

    /// The rows of a kind in the table `accounts`.
    pub(crate) async fn accounts(&self, kind: &str) -> Result<Vec<Row>, Failure> {
        let query = self.laptop.database().query();
        let found = query
            .table_name(self.laptop.aws().table("accounts"))
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text(kind))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.items.unwrap_or_default())
    }

    pub(crate) async fn put_account(&self, row: Row) -> Outcome {
        let put = self.laptop.database().put_item().set_item(Some(row));
        put.table_name(self.laptop.aws().table("accounts")).send().await?;
        Ok(())
    }

    /// Changes a number in every row of these kinds that has it, as if time had passed.
    pub(crate) async fn shift(&self, kinds: &[&str], number: &str, by: i64) -> Outcome {
        let mut changed = 0;
        for kind in kinds {
            for mut row in self.accounts(kind).await? {
                let Some(value) = row.get(number).and_then(|value| value.as_n().ok()) else {
                    continue;
                };
                let value = value.parse::<i64>()? + by;
                row.insert(number.to_owned(), AttributeValue::N(value.to_string()));
                self.put_account(row).await?;
                changed += 1;
            }
        }
        ensure!(changed > 0, "no {number} in {kinds:?}");
        Ok(())
    }

    /// The rows of sockets of a person.
    pub(crate) async fn connections(&self, person: &Person) -> Result<Vec<Row>, Failure> {
        let query = self.laptop.database().query();
        let found = query
            .table_name(self.laptop.aws().table("connections"))
            .key_condition_expression("userId = :user")
            .expression_attribute_values(":user", text(&person.user_id))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.items.unwrap_or_default())
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

/// The setting `TRUSTED_ISSUERS`, with the suite's issuer and this source of its secret.
pub(crate) fn issuers(source: Value) -> String {
    let Outside { issuer, audience, namespace, .. } = Outside::intranet("");
    let mut entry = json!({
        "namespace": namespace, "issuer": issuer, "audience": audience, "nameClaim": "username",
    });
    if let (Some(entry), Value::Object(source)) = (entry.as_object_mut(), source) {
        entry.extend(source);
    }
    json!([entry]).to_string()
}

/// As Lambda's Invoke.
fn admin(laptop: &Arc<Laptop>) -> Admin {
    let laptop = Arc::downgrade(laptop);
    Admin::by(move |command| Box::pin(invoke(laptop.clone(), command)))
}

async fn invoke(laptop: Weak<Laptop>, command: AdminCommand) -> Result<AdminAnswer, Failure> {
    let laptop = laptop.upgrade().ok_or_else(|| Failure::new("the laptop has stopped"))?;
    let request = AdminRequest { command, actor: "a test".to_owned() };
    let answer = laptop.invoke("admin", serde_json::to_value(request)?).await;
    let answer = answer.map_err(|failure| Failure::new(failure.to_string()))?;
    Ok(serde_json::from_value(answer)?)
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
