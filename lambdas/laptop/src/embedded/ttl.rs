//! DynamoDB's broom: deletes items whose time has come.
//!
//! The embedded database has a sweep of its own, but it also takes items that expired more than five
//! years ago, which AWS keeps ("Using time to live (TTL) in DynamoDB").

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::dynamodb::{DatabaseError, DynamoDb};
use crate::catalog::TableSpec;

/// How often the tables are swept. AWS promises "within a few days"; reads filter by themselves.
pub(crate) const EVERY: Duration = Duration::from_secs(60);

const FIVE_YEARS_SECS: i64 = 5 * 365 * 24 * 60 * 60;

/// Sweeps every table once, for a clock at `now` (seconds since 1970); says how many items went.
pub(crate) async fn sweep(
    database: &DynamoDb,
    tables: &BTreeMap<String, TableSpec>,
    now: i64,
) -> Result<usize, DatabaseError> {
    let mut swept = 0;
    for (name, spec) in tables {
        if let Some(attribute) = &spec.ttl_attribute {
            swept += sweep_table(database, &super::table_name(name), spec, attribute, now).await?;
        }
    }
    Ok(swept)
}

async fn sweep_table(
    database: &DynamoDb,
    table: &str,
    spec: &TableSpec,
    attribute: &str,
    now: i64,
) -> Result<usize, DatabaseError> {
    let due = "attribute_type(#ttl, :number) AND #ttl < :now AND #ttl > :kept";
    let names = json!({"#ttl": attribute});
    let values = json!({
        ":now": {"N": now.to_string()},
        ":kept": {"N": (now - FIVE_YEARS_SECS).to_string()},
        ":number": {"S": "N"},
    });
    let mut swept = 0;
    let mut start = Value::Null;
    loop {
        let mut scan = json!({
            "TableName": table,
            "FilterExpression": due,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        });
        if let (Value::Object(scan), Value::Object(_)) = (&mut scan, &start) {
            scan.insert("ExclusiveStartKey".to_owned(), start);
        }
        let page = database.must("Scan", &scan).await?;
        let items = page.get("Items").and_then(Value::as_array).into_iter().flatten();
        for item in items {
            let key: serde_json::Map<String, Value> = std::iter::once(&spec.hash_key)
                .chain(&spec.range_key)
                .filter_map(|key| Some((key.name.clone(), item.get(&key.name)?.clone())))
                .collect();
            // Renewed since the scan: then it stays.
            let delete = json!({
                "TableName": table,
                "Key": key,
                "ConditionExpression": due,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            });
            match database.must("DeleteItem", &delete).await {
                Ok(_) => swept += 1,
                Err(DatabaseError::Refused { message, .. })
                    if message.contains("ConditionalCheckFailed") => {}
                Err(error) => return Err(error),
            }
        }
        match page.get("LastEvaluatedKey") {
            Some(key) => start = key.clone(),
            None => return Ok(swept),
        }
    }
}
