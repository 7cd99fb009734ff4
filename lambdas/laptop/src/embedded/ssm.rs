//! The Parameter Store's `GetParameter`, for what a test puts there. Every parameter is a
//! SecureString.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;

/// What stands in place of a SecureString's value for whoever does not ask for its decryption.
const ENCRYPTED: &str = "AQICAHh-encrypted";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameter {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

pub(crate) fn get_parameter(parameters: &BTreeMap<String, String>, body: &[u8]) -> Answer {
    let Ok(request) = serde_json::from_slice::<GetParameter>(body) else {
        return Answer::error(400, "ValidationException", "The request is not a GetParameter one.");
    };
    let Some(value) = parameters.get(&request.name) else {
        return Answer::error(400, "ParameterNotFound", "");
    };
    let value = if request.with_decryption { value } else { ENCRYPTED };
    let name = request.name;
    let parameter = json!({"Name": name, "Type": "SecureString", "Value": value, "Version": 1});
    Answer::json(200, &json!({"Parameter": parameter}))
}

/// The folder of the parameter that a request names, as a role's statement does: `issuers` of
/// `/parley/dev/issuers/intranet`.
pub(crate) fn folder(body: &Value) -> &str {
    let name = body.get("Name").and_then(Value::as_str).unwrap_or_default();
    name.rsplit('/').nth(1).unwrap_or_default()
}
