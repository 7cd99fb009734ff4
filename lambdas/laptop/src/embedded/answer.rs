//! The answer to one AWS call, before it becomes an HTTP response.

use serde_json::{Value, json};

/// A status, a JSON body, and for REST services the error's name in a header.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) error_type: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, error_type: None, body: body.to_string().into_bytes() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, error_type: None, body: Vec::new() }
    }

    /// An error of the JSON 1.0 and 1.1 protocols (DynamoDB, KMS), which name it in the body.
    pub(crate) fn error(status: u16, name: &str, message: &str) -> Self {
        Self::json(status, &json!({"__type": name, "message": message}))
    }

    /// An error of the REST protocol (`@connections`), which names it in the header
    /// `x-amzn-ErrorType`.
    pub(crate) fn rest_error(status: u16, name: &'static str, message: &str) -> Self {
        let mut answer = Self::json(status, &json!({"message": message}));
        answer.error_type = Some(name);
        answer
    }
}
