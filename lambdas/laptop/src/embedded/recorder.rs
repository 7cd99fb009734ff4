//! What the functions called: the proof that a role lists exactly the calls its code makes.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::connector::Operation;
use super::ssm;

/// The requests kept at the most; the oldest go first.
const REQUESTS_KEPT: usize = 100_000;

/// A right that a function used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// The function's name.
    pub function: String,
    /// The IAM action. A transaction counts as its items' actions, as in IAM.
    pub action: String,
    /// A table's logical name, `table/index`, the HTTP method for connections, `signing`,
    /// `from` for mail, or the folder of a parameter.
    pub resource: String,
}

/// A request as it went over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRequest {
    /// The function's name.
    pub function: String,
    /// The API operation.
    pub operation: String,
    /// The connection id of an `@connections` call.
    pub connection: Option<String>,
    /// The request's JSON; null when the body is none, a string when the body is not JSON.
    pub body: Value,
}

/// Collects calls, and requests when told to. Clones share what they collected.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    state: Arc<Mutex<State>>,
    /// Off in the shipped binary.
    keeps_requests: bool,
}

#[derive(Debug)]
struct State {
    calls: BTreeSet<Call>,
    requests: VecDeque<RecordedRequest>,
}

impl Recorder {
    pub(crate) fn new(keeps_requests: bool) -> Self {
        let state = State { calls: BTreeSet::new(), requests: VecDeque::new() };
        Self { state: Arc::new(Mutex::new(state)), keeps_requests }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self, function: &str, operation: &Operation, body: &[u8]) {
        let parsed = self.needs_body(operation).then(|| serde_json::from_slice::<Value>(body).ok());
        let parsed = parsed.flatten();
        let rights = rights(operation, parsed.as_ref().unwrap_or(&Value::Null));
        let mut state = self.state();
        for (action, resource) in rights {
            let call = Call { function: function.to_owned(), action, resource };
            // Nearly always known already: the set stays small and the insert does nothing.
            state.calls.insert(call);
        }
        if self.keeps_requests {
            if state.requests.len() == REQUESTS_KEPT {
                state.requests.pop_front();
            }
            state.requests.push_back(RecordedRequest {
                function: function.to_owned(),
                operation: operation.name().to_owned(),
                connection: operation.connection().map(str::to_owned),
                body: match parsed {
                    Some(body) => body,
                    None if body.is_empty() => Value::Null,
                    None => String::from_utf8_lossy(body).into_owned().into(),
                },
            });
        }
    }

    /// Only the rights of DynamoDB and of parameters stand in the body. A fan-out posts one frame to every socket, and would
    /// have it parsed as often for nothing.
    fn needs_body(&self, operation: &Operation) -> bool {
        let names_resource = matches!(operation, Operation::Dynamo(_) | Operation::GetParameter);
        self.keeps_requests || names_resource
    }

    pub(crate) fn calls(&self) -> BTreeSet<Call> {
        self.state().calls.clone()
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.state().requests.iter().cloned().collect()
    }
}

fn rights(operation: &Operation, body: &Value) -> Vec<(String, String)> {
    match operation {
        Operation::Dynamo(name) => match name.as_str() {
            "TransactWriteItems" | "TransactGetItems" => items_of_transaction(body),
            "BatchGetItem" | "BatchWriteItem" => body
                .get("RequestItems")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(table, _)| (format!("dynamodb:{name}"), super::logical_name(table)))
                .collect(),
            _ => vec![(format!("dynamodb:{name}"), table_of(body))],
        },
        Operation::Connection { method, .. } => {
            vec![("execute-api:ManageConnections".to_owned(), method.as_str().to_owned())]
        }
        Operation::Sign => vec![("kms:Sign".to_owned(), "signing".to_owned())],
        Operation::SendEmail => vec![("ses:SendEmail".to_owned(), "from".to_owned())],
        Operation::GetParameter => {
            vec![("ssm:GetParameter".to_owned(), ssm::folder(body).to_owned())]
        }
        Operation::Unknown(name) => vec![("unknown".to_owned(), name.clone())],
    }
}

fn items_of_transaction(body: &Value) -> Vec<(String, String)> {
    let items = body.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(Value::as_object)
        .flatten()
        .map(|(kind, item)| {
            let action = match kind.as_str() {
                "Put" => "dynamodb:PutItem",
                "Update" => "dynamodb:UpdateItem",
                "Delete" => "dynamodb:DeleteItem",
                "ConditionCheck" => "dynamodb:ConditionCheckItem",
                "Get" => "dynamodb:GetItem",
                _ => "unknown",
            };
            (action.to_owned(), table_of(item))
        })
        .collect()
}

fn table_of(body: &Value) -> String {
    let table = body.get("TableName").and_then(Value::as_str).unwrap_or_default();
    let table = super::logical_name(table);
    match body.get("IndexName").and_then(Value::as_str) {
        Some(index) => format!("{table}/{index}"),
        None => table,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::embedded::connector::Method;

    #[test]
    fn a_transaction_counts_as_its_item_actions() {
        let body = json!({"TransactItems": [
            {"Put": {"TableName": "parley-messages"}},
            {"ConditionCheck": {"TableName": "parley-rooms"}},
        ]});
        let recorder = Recorder::new(true);
        let operation = Operation::Dynamo("TransactWriteItems".to_owned());
        recorder.record("send-message", &operation, body.to_string().as_bytes());
        let calls: Vec<_> = recorder.calls().into_iter().map(|c| (c.action, c.resource)).collect();
        let expected = [("dynamodb:ConditionCheckItem", "rooms"), ("dynamodb:PutItem", "messages")];
        assert_eq!(calls, expected.map(|(a, r)| (a.to_owned(), r.to_owned())));
        assert_eq!(recorder.requests()[0].body, body);
    }

    #[test]
    fn an_index_is_its_own_resource() {
        let body = json!({"TableName": "parley-rooms", "IndexName": "byUser"});
        let operation = Operation::Dynamo("Query".to_owned());
        let expected = vec![("dynamodb:Query".to_owned(), "rooms/byUser".to_owned())];
        assert_eq!(rights(&operation, &body), expected);
    }

    #[test]
    fn keeps_no_body_unless_told_to() {
        let recorder = Recorder::new(false);
        recorder.record("f", &Operation::Sign, b"{}");
        assert!(recorder.requests().is_empty());
        assert_eq!(recorder.calls().len(), 1);
    }

    #[test]
    fn reads_no_body_that_it_does_not_need() {
        let post = Operation::Connection { method: Method::Post, id: "a=".to_owned() };
        let query = Operation::Dynamo("Query".to_owned());
        let recorder = Recorder::new(false);
        assert!(!recorder.needs_body(&post) && !recorder.needs_body(&Operation::Sign));
        assert!(recorder.needs_body(&query) && Recorder::new(true).needs_body(&post));
        recorder.record("f", &query, br#"{"TableName":"parley-rooms"}"#);
        assert_eq!(recorder.calls().first().unwrap().resource, "rooms");
    }
}
