//! A row of the `messages` table, as JSON: texts, numbers and other things under their names.

use aws_sdk_dynamodb::types::AttributeValue;
use chat::error::Chain;
use chat::log::{Entry, Item, read_entry};
use protocol::Change;
use serde_json::{Map, Value};

/// What every text of a row begins with here, but for its kind: no error may repeat it.
const SECRET: &str = "sEcReT";

pub(crate) fn run(data: &[u8]) {
    let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(data) else { return };
    let item: Item = fields.into_iter().map(attribute).collect();
    let number = |name| item.get(name).and_then(|value| value.as_n().ok()?.parse::<u64>().ok());
    let (seq, ver, of) = (number("seq"), number("ver"), number("of"));
    let kind = item.get("kind").and_then(|kind| kind.as_s().ok()).cloned();
    let entry = match read_entry(item) {
        Ok(entry) => entry,
        Err(error) => {
            let said = Chain(&error).to_string();
            assert!(!said.contains(SECRET), "{said}");
            return;
        }
    };
    // It has the number of its row, and is of its row's kind or of none that is known.
    assert_eq!(Some(entry.seq()), seq);
    assert_eq!(entry.of(), of.filter(|_| entry.of().is_some()));
    let read_as = match &entry {
        Entry::Change(Change::Message { message, .. }) => {
            assert_eq!((Some(message.seq), Some(message.ver)), (seq, ver));
            vec!["message"]
        }
        Entry::Change(Change::Delete { message, .. }) => {
            assert_eq!((Some(message.seq), Some(message.ver)), (seq, ver));
            vec!["tombstone"]
        }
        Entry::Pointer(_) => vec!["edit", "delete"],
        Entry::Change(Change::Create { .. }) => vec!["create"],
        Entry::Change(Change::Join { .. }) => vec!["join"],
        Entry::Change(Change::Leave { .. }) => vec!["leave"],
        Entry::Change(Change::Edit { .. }) => panic!("an edit that is no pointer"),
        Entry::Unknown { .. } => return,
    };
    assert!(kind.as_deref().is_some_and(|kind| read_as.contains(&kind)), "{kind:?}");
}

fn attribute((name, value): (String, Value)) -> (String, AttributeValue) {
    let value = match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(value),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(kind) if name == "kind" => AttributeValue::S(kind),
        Value::String(text) => AttributeValue::S(format!("{SECRET}{text}")),
        Value::Array(values) => {
            let texts = values.iter().map(|value| format!("{SECRET}{value}"));
            AttributeValue::Ss(texts.collect())
        }
        Value::Object(fields) => AttributeValue::M(fields.into_iter().map(attribute).collect()),
    };
    (name, value)
}
