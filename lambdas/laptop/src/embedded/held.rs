//! The items that transactions under way hold. The embedded database does one call after another and
//! never refuses one for a conflict; in simulated time calls overlap, as on AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::connector::Operation;
use crate::catalog::Catalog;

/// An item: its table and its key, as text.
type Item = String;

/// The names of a table's key attributes.
type KeyNames = Vec<String>;

/// The items that are held. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Held {
    keys: Arc<BTreeMap<String, KeyNames>>,
    items: Arc<Mutex<BTreeSet<Item>>>,
}

/// What the service makes of a call that arrives.
#[derive(Debug)]
pub(super) enum Arrival {
    /// It may go on; the hold lasts until this is dropped.
    Free(Hold),
    /// A transaction: whether each of its items is held by another.
    Conflicts(Vec<bool>),
    /// A single write, whose item is held.
    Conflict,
}

/// Items held by one transaction.
#[derive(Debug)]
pub(super) struct Hold {
    held: Held,
    items: Vec<Item>,
}

impl Held {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let keys = catalog.tables.iter().map(|(table, spec)| {
            let names = std::iter::once(&spec.hash_key).chain(&spec.range_key);
            (super::table_name(table), names.map(|key| key.name.clone()).collect())
        });
        Self { keys: Arc::new(keys.collect()), items: Arc::default() }
    }

    fn items(&self) -> MutexGuard<'_, BTreeSet<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes hold of a transaction's items unless one is held already: who comes later loses.
    pub(super) fn arrive(&self, operation: &Operation, body: &[u8]) -> Arrival {
        let free = |items| Arrival::Free(Hold { held: self.clone(), items });
        let Operation::Dynamo(name) = operation else { return free(Vec::new()) };
        let transaction = match name.as_str() {
            "TransactWriteItems" => true,
            "PutItem" | "UpdateItem" | "DeleteItem" => false,
            _ => return free(Vec::new()),
        };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut held = self.items();
        if !transaction {
            let conflict = self.item(&body).is_some_and(|item| held.contains(&item));
            return if conflict { Arrival::Conflict } else { free(Vec::new()) };
        }
        let actions = body.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
        let items: Vec<_> = actions
            .map(|action| action.as_object().and_then(|action| action.values().next()))
            .map(|action| action.and_then(|action| self.item(action)))
            .collect();
        let is_held = |item: &Option<Item>| item.as_ref().is_some_and(|item| held.contains(item));
        let conflicts: Vec<_> = items.iter().map(is_held).collect();
        if conflicts.contains(&true) {
            return Arrival::Conflicts(conflicts);
        }
        let items: Vec<_> = items.into_iter().flatten().collect();
        held.extend(items.iter().cloned());
        free(items)
    }

    /// The item that an action or a single write is about.
    fn item(&self, action: &Value) -> Option<Item> {
        let table = action.get("TableName")?.as_str()?;
        let attributes = action.get("Key").or_else(|| action.get("Item"))?;
        let key = self.keys.get(table)?.iter().map(|name| attributes.get(name));
        let key: Option<Vec<_>> = key.collect();
        Some(format!("{table} {}", Value::from_iter(key?.into_iter().cloned())))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.held.items();
        for item in &self.items {
            held.remove(item);
        }
    }
}
