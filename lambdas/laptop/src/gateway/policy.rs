//! What an authorizer's answer means ("Output from an API Gateway Lambda authorizer").

use serde_json::{Map, Value};

/// A decision about one connection.
#[derive(Debug, PartialEq)]
pub(crate) enum Decision {
    /// Let in; the values become `requestContext.authorizer`.
    Allow(Map<String, Value>),
    /// Refuse with 403.
    Deny,
    /// Not an answer that the platform takes: 500.
    Invalid,
}

/// Reads an authorizer's answer for the resource that was asked for.
pub(crate) fn decide(answer: &Value, resource: &str) -> Decision {
    let Some(principal) = answer.get("principalId").and_then(Value::as_str) else {
        return Decision::Invalid;
    };
    let statements = answer.pointer("/policyDocument/Statement").and_then(Value::as_array);
    let Some(statements) = statements else { return Decision::Invalid };
    let mut allowed = false;
    for statement in statements {
        if !concerns(statement, resource) {
            continue;
        }
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => allowed = true,
            _ => return Decision::Deny,
        }
    }
    if !allowed {
        return Decision::Deny;
    }
    let mut context = Map::new();
    for (name, value) in answer.get("context").and_then(Value::as_object).into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null => continue,
            // "You can't set a JSON object or array as a valid value of any key".
            Value::Array(_) | Value::Object(_) => return Decision::Invalid,
        };
        context.insert(name.clone(), text.into());
    }
    context.insert("principalId".to_owned(), principal.into());
    Decision::Allow(context)
}

fn concerns(statement: &Value, resource: &str) -> bool {
    let named = match statement.get("Resource") {
        Some(Value::Array(resources)) => resources.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    named.iter().filter_map(Value::as_str).any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => resource.starts_with(start),
        None => pattern == resource,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:laptop/live/$connect";

    fn answer(effect: &str, resource: &str) -> Value {
        json!({
            "principalId": "u_1",
            "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Action": ["execute-api:Invoke"], "Effect": effect, "Resource": [resource]},
            ]},
            "context": {"name": "ada", "admin": true, "level": 3, "none": null},
        })
    }

    #[test]
    fn allow_passes_the_context_on_as_strings() {
        let Decision::Allow(context) = decide(&answer("Allow", ARN), ARN) else { panic!() };
        let expected = json!({"name": "ada", "admin": "true", "level": "3", "principalId": "u_1"});
        assert_eq!(Value::Object(context), expected);
    }

    #[test]
    fn deny_another_resource_and_no_statement() {
        assert_eq!(decide(&answer("Deny", ARN), ARN), Decision::Deny);
        // The classic mistake: a resource that leaves no room for `$connect`.
        assert_eq!(decide(&answer("Allow", "arn:aws:x/live/*/*"), ARN), Decision::Deny);
        let mut empty = answer("Allow", ARN);
        empty["policyDocument"]["Statement"] = json!([]);
        assert_eq!(decide(&empty, ARN), Decision::Deny);
    }

    #[test]
    fn what_the_platform_does_not_take() {
        let mut nested = answer("Allow", ARN);
        nested["context"]["list"] = json!([1]);
        assert_eq!(decide(&nested, ARN), Decision::Invalid);
        assert_eq!(decide(&json!({}), ARN), Decision::Invalid);
    }
}
