//! Tokens that our own key signed, and that must not be taken all the same.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use protocol::{ErrorCode, Me};
use scenarios::raw::Handshake;
use scenarios::token::{SigningKey, Token};
use scenarios::{Call, Failure, Outcome, ensure_eq};
use serde_json::{Value, json};

use crate::support::{Here, text};

fn now() -> Result<i64, Failure> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?)
}

async fn status(here: &Here, token: &str) -> Result<u16, Failure> {
    match here.body.handshake(&here.body.socket_url(token), None).await? {
        Handshake::Accepted(socket) => socket.close().await.map(|()| 101),
        Handshake::Refused(status) => Ok(status),
    }
}

#[tokio::test]
async fn a_signed_token_must_be_ours_in_every_claim() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let key = SigningKey::from_pem(&here.laptop.signing_key().pkcs8_pem())?;
    let genuine = Token::read(&ada.access_token)?;
    let token = || genuine.clone();
    let now = now()?;

    for (what, good) in
        [("the same again", token()), ("half its life gone", token().times(now, 450, 900))]
    {
        let good = good.signed(&key)?;
        ensure_eq!(status(&here, &good).await?, 101, "status for {what}");
        here.body.call(Call::get("/v1/me").bearer(&good)?).await?.expect::<Me>(200)?;
    }
    for (what, bad) in [
        ("expired", token().times(now, 1_000, 900)),
        ("good for 16 minutes", token().times(now, 0, 960)),
        ("good for a year", token().times(now, 0, 31_536_000)),
        ("from tomorrow", token().times(now, -86_400, 900)),
        ("no exp", token().claim("exp", Value::Null)),
        ("no iat", token().claim("iat", Value::Null)),
        ("exp a string", token().claim("exp", (now + 600).to_string())),
        ("no iss", token().claim("iss", Value::Null)),
        ("another iss", token().claim("iss", "evil")),
        ("iss a list", token().claim("iss", json!(["evil", "parley"]))),
        ("no aud", token().claim("aud", Value::Null)),
        ("another aud", token().claim("aud", "parley-other")),
        ("no sub", token().claim("sub", Value::Null)),
        ("sub a number", token().claim("sub", 5)),
        ("no typ", token().header("typ", Value::Null)),
        ("typ JWT", token().header("typ", "JWT")),
        ("another alg", token().header("alg", "ES384")),
        ("no alg", token().header("alg", Value::Null)),
        ("no kid", token().header("kid", Value::Null)),
        ("an unknown kid", token().header("kid", "other")),
    ] {
        let bad = bad.signed(&key)?;
        ensure_eq!(status(&here, &bad).await?, 403, "status for {what}");
        let answer = here.body.call(Call::get("/v1/me").bearer(&bad)?).await?;
        let refused = answer.problem(ErrorCode::Unauthorized);
        refused.map_err(|failure| failure.during(what))?;
    }
    here.stop().await
}

#[tokio::test]
async fn a_token_in_the_address_can_be_forbidden() -> Outcome {
    let here = Here::set(&[("ALLOW_URL_TOKEN", "off")]).await?;
    let ada = here.body.person("ada").await?;
    ensure_eq!(status(&here, &ada.access_token).await?, 403, "status for a token");
    let ticket = here.body.ticket(&ada).await?;
    ensure_eq!(status(&here, &ticket).await?, 101, "status for a ticket");
    here.stop().await
}

#[tokio::test]
async fn a_ticket_ends_by_itself() -> Outcome {
    let here = Here::start().await?;
    let ada = here.body.person("ada").await?;
    let ticket = here.body.ticket(&ada).await?;
    let (database, table) = (here.laptop.database(), here.laptop.aws().table("accounts"));
    let rows = database
        .query()
        .table_name(&table)
        .key_condition_expression("kind = :kind")
        .expression_attribute_values(":kind", text("ticket"))
        .send()
        .await?;
    let mut row = rows
        .items
        .and_then(|mut rows| rows.pop())
        .ok_or_else(|| Failure::new("the ticket has no row"))?;
    let shown = format!("{row:?}");
    ensure_eq!(shown.contains(&ticket), false, "whether the table holds the ticket itself");
    row.insert("expiresAt".to_owned(), AttributeValue::N((now()? - 1).to_string()));
    database.put_item().table_name(&table).set_item(Some(row)).send().await?;
    ensure_eq!(status(&here, &ticket).await?, 403, "status for an old ticket");
    here.stop().await
}
