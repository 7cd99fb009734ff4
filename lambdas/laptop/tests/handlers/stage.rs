//! What the tests share: the services in memory, the functions on them, and events.

use std::collections::HashMap;

use aws_lambda_events::encodings::Body;
use aws_sdk_dynamodb::types::AttributeValue;
use chat::clock::Timestamp;
use laptop::embedded::{Aws, FakeConnection, RecordedRequest};
use serde::Serialize;
use serde_json::{Value, json};

/// Somebody on a socket.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) connection_id: String,
    pub(crate) connected_at: i64,
    /// None for somebody whom an outside issuer vouches for.
    pub(crate) session_id: Option<String>,
}

impl Caller {
    pub(crate) fn new(name: &str, connection_id: &str) -> Self {
        Self {
            user_id: format!("u_{name}"),
            username: name.to_owned(),
            connection_id: connection_id.to_owned(),
            connected_at: Timestamp::now().0,
            session_id: None,
        }
    }

    /// Somebody whose socket is of a session: what `POST /v1/sessions` answered.
    pub(crate) fn of_session(session: &Value, connection_id: &str) -> Self {
        let text = |field: &str| session[field].as_str().unwrap().to_owned();
        Self {
            user_id: text("userId"),
            session_id: Some(text("sessionId")),
            ..Self::new(&text("username"), connection_id)
        }
    }

    /// An event of this socket, as API Gateway makes it.
    pub(crate) fn event(&self, route: &str, body: Option<&str>) -> Value {
        let kind = match (route, body) {
            ("$connect", None) => "CONNECT",
            ("$disconnect", None) => "DISCONNECT",
            _ => "MESSAGE",
        };
        let mut event = json!({
            "requestContext": {
                "routeKey": route, "eventType": kind, "messageDirection": "IN",
                "connectionId": self.connection_id, "connectedAt": self.connected_at,
                "requestTimeEpoch": Timestamp::now().0, "requestId": "r1", "apiId": "api",
                "domainName": "api.execute-api.us-east-1.amazonaws.com", "stage": "live",
                "identity": { "sourceIp": "127.0.0.1" },
                "authorizer": {
                    "principalId": self.user_id, "userId": self.user_id,
                    "username": self.username, "integrationLatency": 3,
                },
            },
            "body": body,
            "isBase64Encoded": false,
        });
        if let Some(session) = &self.session_id {
            event["requestContext"]["authorizer"]["sessionId"] = json!(session);
        }
        event
    }
}

/// The services and every function on them.
pub(crate) struct Stage {
    pub(crate) aws: Aws,
    pub(crate) authorizer: authorizer::Ctx,
    pub(crate) accounts: accounts::Ctx,
    admin: admin::Ctx,
    connection_manager: connection_manager::Ctx,
    send_message: send_message::Ctx,
    get_recent_messages: get_recent_messages::Ctx,
    rooms: rooms::Ctx,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With settings over a laptop's own.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let aws = Aws::in_memory_with(settings.iter().map(own).collect()).await.unwrap();
        macro_rules! ctx {
            ($function:ident, $name:literal) => {
                $function::Ctx::new(&aws.sdk_config($name), &aws.settings($name)).unwrap()
            };
        }
        Self {
            authorizer: ctx!(authorizer, "authorizer"),
            accounts: ctx!(accounts, "accounts"),
            admin: ctx!(admin, "admin"),
            connection_manager: ctx!(connection_manager, "connection-manager"),
            send_message: ctx!(send_message, "send-message"),
            get_recent_messages: ctx!(get_recent_messages, "get-recent-messages"),
            rooms: ctx!(rooms, "rooms"),
            aws,
        }
    }

    /// Sends a frame and returns the reply; null when there is none.
    pub(crate) async fn send(&self, caller: &Caller, frame: Value) -> Value {
        let route = frame["action"].as_str().unwrap().to_owned();
        let event = caller.event(&route, Some(&frame.to_string()));
        let event = serde_json::from_value(event).unwrap();
        let response = match route.as_str() {
            "sendMessage" | "editMessage" | "deleteMessage" => {
                send_message::handle(&self.send_message, event).await
            }
            "createRoom" | "joinRoom" | "leaveRoom" | "listRooms" => {
                rooms::handle(&self.rooms, event).await
            }
            "getRecentMessages" => {
                get_recent_messages::handle(&self.get_recent_messages, event).await
            }
            _ => connection_manager::handle(&self.connection_manager, event).await,
        };
        let response = response.unwrap();
        assert_eq!(response.status_code, 200, "a message route always answers 200");
        body(response.body)
    }

    /// Somebody with an open socket, of whom everything that is posted is kept.
    pub(crate) async fn connect(&self, name: &str) -> (Caller, FakeConnection) {
        let connection = self.aws.connections().open_fake();
        let caller = Caller::new(name, connection.id());
        assert_eq!(self.life(&caller, "$connect").await, 200);
        (caller, connection)
    }

    /// What the `admin` function answers to a command.
    pub(crate) async fn admin(&self, command: Value) -> Value {
        let request = serde_json::from_value(command).unwrap();
        json_of(&admin::handle(&self.admin, request).await.unwrap())
    }

    /// `$connect` or `$disconnect`; returns the status.
    pub(crate) async fn life(&self, caller: &Caller, route: &str) -> i64 {
        let event = serde_json::from_value(caller.event(route, None)).unwrap();
        let response = connection_manager::handle(&self.connection_manager, event).await.unwrap();
        response.status_code
    }

    /// Stores `count` messages by somebody, with texts of `bytes` bytes.
    pub(crate) async fn fill(&self, caller: &Caller, count: usize, bytes: usize) {
        for _ in 0..count {
            let content = "x".repeat(bytes);
            let frame = json!({ "action": "sendMessage", "id": 1, "content": content });
            assert_eq!(self.send(caller, frame).await["ok"], true);
        }
    }

    /// All items of a table.
    pub(crate) async fn items(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self.aws.database().scan().table_name(self.aws.table(table)).send().await;
        scan.unwrap().items.unwrap_or_default()
    }

    /// All items of a table without binary attributes, as JSON.
    pub(crate) async fn rows(&self, table: &str) -> Vec<Value> {
        let items = self.items(table).await.into_iter();
        items.map(|item| serde_dynamo::from_item(item).unwrap()).collect()
    }

    /// The rows of one kind in the table `accounts`, as JSON.
    pub(crate) async fn accounts_of(&self, kind: &str) -> Vec<Value> {
        let mut rows = self.rows("accounts").await;
        rows.retain(|row| row["kind"] == kind);
        rows
    }

    /// Writes a row of the table `accounts`, over whatever has its key.
    pub(crate) async fn put_account(&self, row: &Value) {
        let item = serde_dynamo::to_item(row).unwrap();
        let put = self.aws.database().put_item().table_name(self.aws.table("accounts"));
        put.set_item(Some(item)).send().await.unwrap();
    }

    /// Changes every row of one kind in the table `accounts`.
    pub(crate) async fn edit_accounts(&self, kind: &str, edit: impl Fn(&mut Value)) {
        for mut row in self.accounts_of(kind).await {
            edit(&mut row);
            self.put_account(&row).await;
        }
    }

    /// What a function asked of DynamoDB, of one operation and table.
    pub(crate) fn requests(
        &self,
        function: &str,
        operation: &str,
        table: &str,
    ) -> Vec<RecordedRequest> {
        let name = self.aws.table(table);
        let mut requests = self.aws.requests();
        requests.retain(|request| {
            request.function == function
                && request.operation == operation
                && request.body["TableName"] == *name
        });
        requests
    }

    /// Asserts that there were such reads, and that all were consistent: the embedded database
    /// cannot show the difference, so the request itself must.
    pub(crate) fn assert_consistent(&self, function: &str, operation: &str, table: &str) {
        let requests = self.requests(function, operation, table);
        assert!(!requests.is_empty(), "{function} made no {operation} of {table}");
        for request in requests {
            assert_eq!(request.body["ConsistentRead"], true, "{function} {operation} {table}");
        }
    }

    /// The same of batches.
    pub(crate) fn assert_batches_consistent(&self, function: &str, table: &str) {
        let mut requests = self.aws.requests();
        requests.retain(|r| r.function == function && r.operation == "BatchGetItem");
        let of_table = |r: &RecordedRequest| {
            r.body["RequestItems"]
                .get(self.aws.table(table))
                .map(|keys| keys["ConsistentRead"].clone())
        };
        let consistent: Vec<_> = requests.iter().filter_map(of_table).collect();
        assert!(!consistent.is_empty(), "{function} made no batch of {table}");
        assert!(consistent.iter().all(|consistent| *consistent == true), "{function} {table}");
    }
}

/// A response's JSON body; null when there is none.
pub(crate) fn body(body: Option<Body>) -> Value {
    match body {
        Some(Body::Text(text)) => serde_json::from_str(&text).unwrap(),
        _ => Value::Null,
    }
}

/// What the laptop and API Gateway see of a response.
pub(crate) fn json_of(response: &impl Serialize) -> Value {
    serde_json::to_value(response).unwrap()
}
