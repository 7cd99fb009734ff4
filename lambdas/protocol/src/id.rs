use serde::{Deserialize, Serialize};

/// What a client calls its request by; the reply repeats it unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum RequestId {
    /// An integer, as most clients count.
    Number(#[cfg_attr(test, ts(type = "number"))] i64),
    /// Any string.
    Text(String),
}
