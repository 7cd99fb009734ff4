//! What the tests share: the services in memory, the functions on them, and events.

use std::collections::HashMap;

use aws_lambda_events::encodings::Body;
use aws_sdk_dynamodb::types::AttributeValue;
use chat::clock::Timestamp;
use laptop::embedded::{Aws, RecordedRequest};
use serde::Serialize;
use serde_json::{Value, json};

/// Somebody on a socket.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) connection_id: String,
    pub(crate) connected_at: i64,
}

impl Caller {
    pub(crate) fn new(name: &str, connection_id: &str) -> Self {
        Self {
            user_id: format!("u_{name}"),
            username: name.to_owned(),
            connection_id: connection_id.to_owned(),
            connected_at: Timestamp::now().0,
        }
    }

    /// An event of this socket, as API Gateway makes it.
    pub(crate) fn event(&self, route: &str, body: Option<&str>) -> Value {
        let kind = match (route, body) {
            ("$connect", None) => "CONNECT",
            ("$disconnect", None) => "DISCONNECT",
            _ => "MESSAGE",
        };
        json!({
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
        })
    }
}

/// The services and every function on them.
pub(crate) struct Stage {
    pub(crate) aws: Aws,
    pub(crate) authorizer: authorizer::Ctx,
    pub(crate) accounts: accounts::Ctx,
    connection_manager: connection_manager::Ctx,
    send_message: send_message::Ctx,
    get_recent_messages: get_recent_messages::Ctx,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let aws = Aws::in_memory().await.unwrap();
        macro_rules! ctx {
            ($function:ident, $name:literal) => {
                $function::Ctx::new(&aws.sdk_config($name), &aws.settings($name)).unwrap()
            };
        }
        Self {
            authorizer: ctx!(authorizer, "authorizer"),
            accounts: ctx!(accounts, "accounts"),
            connection_manager: ctx!(connection_manager, "connection-manager"),
            send_message: ctx!(send_message, "send-message"),
            get_recent_messages: ctx!(get_recent_messages, "get-recent-messages"),
            aws,
        }
    }

    /// Sends a frame and returns the reply; null when there is none.
    pub(crate) async fn send(&self, caller: &Caller, frame: Value) -> Value {
        let route = frame["action"].as_str().unwrap().to_owned();
        let event = caller.event(&route, Some(&frame.to_string()));
        let event = serde_json::from_value(event).unwrap();
        let response = match route.as_str() {
            "sendMessage" => send_message::handle(&self.send_message, event).await,
            "getRecentMessages" => {
                get_recent_messages::handle(&self.get_recent_messages, event).await
            }
            _ => connection_manager::handle(&self.connection_manager, event).await,
        };
        let response = response.unwrap();
        assert_eq!(response.status_code, 200, "a message route always answers 200");
        body(response.body)
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
