//! What the functions' calls use, as the services themselves say it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::answer::Answer;
use super::connector::Operation;

/// What calls of one kind used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The function that made them.
    pub function: String,
    /// The API operation: `Query`, `TransactWriteItems`, `PostToConnection`.
    pub operation: String,
    /// The table's logical name; nothing for another service. A transaction stands under each table of
    /// its items.
    pub table: String,
    /// How many calls; of those that DynamoDB refused, for a condition or a conflict, none.
    pub calls: u64,
    /// DynamoDB's `CapacityUnits` of all of them: read units for reads, write units for writes.
    pub units: f64,
}

/// Calls and units, by function, operation and table.
type Sums = BTreeMap<[String; 3], (u64, f64)>;

/// Adds up what calls use. Clones share the sums.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    sums: Arc<Mutex<Sums>>,
    /// Off in the shipped binary.
    runs: bool,
}

impl Meter {
    pub(super) fn new(runs: bool) -> Self {
        Self { sums: Arc::default(), runs }
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request that also asks what it uses.
    pub(super) fn ask(&self, operation: &Operation, body: Vec<u8>) -> Vec<u8> {
        if !self.runs || !matches!(operation, Operation::Dynamo(_)) {
            return body;
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(mut request)) => {
                request.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
                Value::Object(request).to_string().into_bytes()
            }
            _ => body,
        }
    }

    /// Takes down what an answered call used.
    pub(super) fn note(&self, function: &str, operation: &Operation, answer: &Answer) {
        if !self.runs || !(200..300).contains(&answer.status) {
            return;
        }
        let add = |table: String, units: f64| {
            let key = [function.to_owned(), operation.name().to_owned(), table];
            let mut sums = self.sums();
            let (calls, sum) = sums.entry(key).or_default();
            *calls += 1;
            *sum += units;
        };
        if !matches!(operation, Operation::Dynamo(_)) {
            return add(String::new(), 0.0);
        }
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let consumed = answer.get("ConsumedCapacity").unwrap_or(&Value::Null);
        let tables = match consumed {
            Value::Array(tables) => tables.as_slice(),
            table => std::slice::from_ref(table),
        };
        for table in tables {
            let name = table.get("TableName").and_then(Value::as_str).unwrap_or_default();
            let units = table.get("CapacityUnits").and_then(Value::as_f64);
            add(super::logical_name(name), units.unwrap_or_default());
        }
    }

    /// The sums since they were taken last.
    pub(super) fn take(&self) -> Vec<Usage> {
        let sums = std::mem::take(&mut *self.sums());
        sums.into_iter()
            .map(|([function, operation, table], (calls, units))| Usage {
                function,
                operation,
                table,
                calls,
                units,
            })
            .collect()
    }
}
