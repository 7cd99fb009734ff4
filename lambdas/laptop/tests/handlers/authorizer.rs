use aws_sdk_dynamodb::types::AttributeValue;
use chat::clock::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use laptop::embedded::{Fault, Rule, SigningKey};
use serde_json::{Value, json};

use crate::stage::{Stage, json_of};
use crate::web::{log_in, ticket};

const ROUTE: &str = "arn:aws:execute-api:us-east-1:000000000000:api/live/$connect";

/// The authorizer's decision: the context of an Allow, or nothing.
async fn decide(stage: &Stage, token: &str) -> Option<Value> {
    decide_by(&stage.authorizer, token).await
}

/// The decision of an authorizer with settings of its own.
pub(crate) async fn decide_by(ctx: &authorizer::Ctx, token: &str) -> Option<Value> {
    decide_for(ctx, token, &[("Host", "api")]).await
}

/// The decision for a handshake with these headers.
async fn decide_for(ctx: &authorizer::Ctx, token: &str, headers: &[(&str, &str)]) -> Option<Value> {
    let single: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut multi: serde_json::Map<String, Value> = serde_json::Map::new();
    for (name, value) in headers {
        let values = multi.entry(*name).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(value));
    }
    let event = json!({
        "type": "REQUEST", "methodArn": ROUTE,
        "headers": single, "multiValueHeaders": multi,
        "queryStringParameters": { "token": token },
        "multiValueQueryStringParameters": { "token": [token] },
        "stageVariables": {},
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "connectionId": "c1=",
            "connectedAt": 1, "requestTimeEpoch": 2, "requestId": "r1", "apiId": "api",
            "stage": "live", "domainName": "api", "identity": { "sourceIp": "127.0.0.1" },
        },
    });
    let event = serde_json::from_value(event).unwrap();
    let response = json_of(&authorizer::handle(ctx, event).await.unwrap());
    let statement = &response["policyDocument"]["Statement"][0];
    assert_eq!(statement["Action"], json!(["execute-api:Invoke"]));
    assert_eq!(statement["Resource"], json!([ROUTE]));
    match statement["Effect"].as_str() {
        Some("Allow") => Some(response["context"].clone()),
        Some("Deny") => {
            assert_eq!(response["context"], json!({}), "a refusal names nobody");
            None
        }
        other => panic!("{other:?}"),
    }
}

fn claims() -> Value {
    let now = Timestamp::now().seconds();
    json!({
        "iss": "parley", "aud": "parley-chat", "sub": "u_1", "name": "ada", "sid": "s_1",
        "jti": "j", "iat": now, "exp": now + 900,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[field] = value;
    claims
}

fn header(stage: &Stage) -> Header {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("at+jwt".into());
    header.kid = Some(stage.aws.signing_key().kid().into());
    header
}

fn sign(header: &Header, claims: &Value, key: &SigningKey) -> String {
    encode(header, claims, &EncodingKey::from_ec_der(key.pkcs8_der())).unwrap()
}

#[tokio::test]
async fn a_ticket_is_good_once() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let ticket = ticket(&stage, &session).await;
    let context = decide(&stage, &ticket).await.unwrap();
    assert_eq!(context["username"], "ada");
    assert_eq!(context["userId"], session["userId"]);
    assert_eq!(context["sessionId"], session["sessionId"]);
    assert!(context["tokenExpiresAt"].is_null(), "a ticket does not end with its token");
    assert!(decide(&stage, &ticket).await.is_none());
}

#[tokio::test]
async fn a_ticket_ends_after_thirty_seconds() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let ticket = ticket(&stage, &session).await;
    let row = stage.rows("accounts").await.into_iter().find(|row| row["kind"] == "ticket").unwrap();
    assert!(!row.to_string().contains(&ticket), "the table holds its hash alone");
    let left = row["expiresAt"].as_i64().unwrap() - Timestamp::now().seconds();
    assert!((28..=30).contains(&left), "{left}");
    let mut item: std::collections::HashMap<String, AttributeValue> =
        serde_dynamo::to_item(row).unwrap();
    item.insert(
        "expiresAt".into(),
        AttributeValue::N((Timestamp::now().seconds() - 1).to_string()),
    );
    let table = stage.aws.table("accounts");
    stage.aws.database().put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
    assert!(decide(&stage, &ticket).await.is_none());
}

#[tokio::test]
async fn our_own_token_opens() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let context = decide(&stage, session["accessToken"].as_str().unwrap()).await.unwrap();
    assert_eq!(context["username"], "ada");
    let end: i64 = context["tokenExpiresAt"].as_str().unwrap().parse().unwrap();
    assert!(end > Timestamp::now().seconds());
}

#[tokio::test]
async fn a_token_that_is_not_wholly_ours_is_denied() {
    let stage = Stage::new().await;
    let key = stage.aws.signing_key();
    let other = SigningKey::generate().unwrap();
    let now = Timestamp::now().seconds();
    let good = header(&stage);
    assert!(decide(&stage, &sign(&good, &claims(), key)).await.is_some(), "the tests' own base");

    for (why, claims) in [
        ("issuer", with("iss", json!("evil"))),
        ("audience", with("aud", json!("other"))),
        ("expired", with("exp", json!(now - 61))),
        ("too long", with("exp", json!(now + 901))),
        (
            "future",
            json!({ "iss": "parley", "aud": "parley-chat", "sub": "u_1", "name": "ada",
            "sid": "s_1", "jti": "j", "iat": now + 100, "exp": now + 900 }),
        ),
        ("no subject", with("sub", Value::Null)),
        ("no session", with("sid", Value::Null)),
        ("no issued-at", with("iat", Value::Null)),
    ] {
        assert!(decide(&stage, &sign(&good, &claims, key)).await.is_none(), "{why}");
    }
    let mut bad = good.clone();
    bad.typ = Some("JWT".into());
    assert!(decide(&stage, &sign(&bad, &claims(), key)).await.is_none(), "typ");
    let mut bad = good.clone();
    bad.kid = Some("../../etc/passwd".into());
    assert!(decide(&stage, &sign(&bad, &claims(), key)).await.is_none(), "unknown kid");
    bad.kid = None;
    assert!(decide(&stage, &sign(&bad, &claims(), key)).await.is_none(), "no kid");
    assert!(decide(&stage, &sign(&good, &claims(), &other)).await.is_none(), "another key");

    let mut confused = good.clone();
    confused.alg = Algorithm::HS256;
    let secret = EncodingKey::from_secret(key.public_pem().as_bytes());
    let token = encode(&confused, &claims(), &secret).unwrap();
    assert!(decide(&stage, &token).await.is_none(), "HS256 under the public key");
    let signed = sign(&good, &claims(), key);
    let (payload, _) = signed.rsplit_once('.').unwrap();
    let none =
        format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", payload.split('.').nth(1).unwrap());
    for junk in [none.as_str(), payload, "", "a.b.c", "t_", "t_unknown", &"x".repeat(4_000)] {
        assert!(decide(&stage, junk).await.is_none(), "{junk}");
    }
}

#[tokio::test]
async fn a_fault_is_an_error_and_no_decision() {
    let stage = Stage::new().await;
    stage.aws.faults().inject(Rule::on("DeleteItem").with(Fault::InternalServerError));
    let event = json!({
        "type": "REQUEST", "methodArn": ROUTE, "requestContext": {},
        "queryStringParameters": { "token": "t_x" },
    });
    let event = serde_json::from_value(event).unwrap();
    assert!(authorizer::handle(&stage.authorizer, event).await.is_err());
}

#[tokio::test]
async fn a_page_of_another_origin_is_denied_and_keeps_its_ticket() {
    let stage = Stage::new().await;
    let session = log_in(&stage, "ada").await;
    let ticket = ticket(&stage, &session).await;
    let host = ("Host", "chat.example:8080");
    for headers in [
        vec![host, ("Origin", "http://evil.example:8080")],
        vec![host, ("Origin", "null")],
        vec![host, ("Origin", "")],
        vec![host, ("origin", "http://chat.example")],
        vec![host, ("Origin", "http://evil.example"), ("Origin", "http://chat.example:8080")],
        vec![("Origin", "http://chat.example:8080")],
    ] {
        assert!(decide_for(&stage.authorizer, &ticket, &headers).await.is_none(), "{headers:?}");
    }
    let own = [host, ("Origin", "http://chat.example:8080")];
    assert!(decide_for(&stage.authorizer, &ticket, &own).await.is_some());
}
