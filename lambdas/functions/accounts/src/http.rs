//! HTTP in and out: bodies, bearers, cookies, problem documents.

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, ORIGIN, RETRY_AFTER,
};
use aws_lambda_events::http::{HeaderValue, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chat::Error;
use chat::accounts::User;
use chat::clock::Timestamp;
use chat::error::Chain;
use chat::identity::{self, Claims};
use chat::origin;
use cookie::Cookie;
use protocol::{ErrorCode, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Ctx;

/// A call that is refused: what its problem document says.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: ErrorCode,
    detail: String,
    field: Option<&'static str>,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None, retry_after: None }
    }

    /// Too many tries: the same call may succeed after so long.
    pub(crate) fn until(wait: Duration, detail: impl Into<String>) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        Self {
            retry_after: Some(u64::try_from(seconds).unwrap_or(u64::MAX)),
            ..Self::new(ErrorCode::RateLimited, detail)
        }
    }

    /// A refusal of one field of the body.
    pub(crate) fn of_field(
        field: &'static str,
        code: ErrorCode,
        detail: impl Into<String>,
    ) -> Self {
        Self { field: Some(field), ..Self::new(code, detail) }
    }

    pub(crate) fn into_response(self) -> ApiGatewayV2httpResponse {
        let status = self.code.http_status();
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: title.unwrap_or_default().to_owned(),
            status,
            detail: self.detail,
            code: self.code,
            field: self.field.map(str::to_owned),
            retry_after: self.retry_after,
        };
        let mut response = json(status, &problem);
        if let Some(seconds) = self.retry_after {
            response.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        error.log();
        let body = error.body();
        let retry_after = body.retry_after_ms.map(|wait| wait.div_ceil(1_000));
        Self { retry_after, ..Self::new(body.code, body.message) }
    }
}

/// A response with a JSON body, which no cache may keep: most of them hold a secret.
pub(crate) fn json(status: u16, body: &impl Serialize) -> ApiGatewayV2httpResponse {
    let mut response = empty(status);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match serde_json::to_string(body) {
        Ok(text) => response.body = Some(Body::Text(text)),
        Err(_) => response.status_code = i64::from(ErrorCode::Internal.http_status()),
    }
    response
}

/// A response without a body.
pub(crate) fn empty(status: u16) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status);
    response.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Reads a JSON body. Only `application/json` is taken: a form of a foreign page cannot send that
/// without asking first.
pub(crate) fn read<T: DeserializeOwned>(event: &ApiGatewayV2httpRequest) -> Result<T, Refusal> {
    let is_json = event
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Refusal::new(
            ErrorCode::BadRequest,
            "The body's Content-Type must be application/json.",
        ));
    }
    let body = event.body.as_deref().unwrap_or_default();
    let parsed = if event.is_base64_encoded {
        let bytes = BASE64_STANDARD.decode(body).unwrap_or_default();
        serde_json::from_slice(&bytes)
    } else {
        serde_json::from_str(body)
    };
    parsed.map_err(|error: serde_json::Error| {
        let detail = if error.is_data() && error.to_string().starts_with("missing field") {
            let text = error.to_string();
            let field = text.split('`').nth(1).unwrap_or_default();
            format!("The body lacks the field {field}.")
        } else {
            "The body is not the JSON object that this call takes.".to_owned()
        };
        Refusal::new(ErrorCode::BadRequest, detail)
    })
}

/// Who calls, by the access token in the `Authorization` header. The session and its user are asked
/// too: a token outlives neither.
pub(crate) async fn signed_in(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<SignedIn, Refusal> {
    let claims = bearer(ctx, event)?;
    let user = ctx.sessions.user_of(&ctx.accounts, &claims.sub, &claims.sid).await?;
    let ended = || Refusal::new(ErrorCode::Unauthorized, "The session has ended.");
    Ok(SignedIn { user: user.ok_or_else(ended)?, claims })
}

/// Somebody with a live session.
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) claims: Claims,
}

fn bearer(ctx: &Ctx, event: &ApiGatewayV2httpRequest) -> Result<Claims, Refusal> {
    let unauthorized = |detail| Refusal::new(ErrorCode::Unauthorized, detail);
    let token = event
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| unauthorized("An access token is expected in the Authorization header."))?;
    identity::verify(token, &ctx.keys, Timestamp::now().seconds()).map_err(|refused| {
        tracing::info!(reason = %Chain(&refused), "An access token was refused.");
        unauthorized("The access token is not valid, or no longer.")
    })
}

/// Refuses a call of a web page of another origin that could change something. Its cookies would not
/// come with it (`SameSite`), and this does not rely on that.
pub(crate) fn check_origin(ctx: &Ctx, event: &ApiGatewayV2httpRequest) -> Result<(), Refusal> {
    let reads = event.route_key.as_deref().is_some_and(|route| route.starts_with("GET "));
    let origin = header(event, ORIGIN);
    if reads || ctx.origins.allows(origin, header(event, HOST)) {
        return Ok(());
    }
    tracing::warn!(origin = origin::shown(origin), "A call of a foreign page was refused.");
    Err(Refusal::new(ErrorCode::ForeignOrigin, "This page may not make this call."))
}

/// A header's value, if it is text.
pub(crate) fn header(event: &ApiGatewayV2httpRequest, name: HeaderName) -> Option<&str> {
    // A header that is no text is not the absent one.
    event.headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// The value of the call's cookie of that name, of the first if there are several.
pub(crate) fn cookie(event: &ApiGatewayV2httpRequest, name: &str) -> Option<String> {
    cookies(event, name).next()
}

/// The values of all cookies of that name.
pub(crate) fn cookies<'e>(
    event: &'e ApiGatewayV2httpRequest,
    name: &'e str,
) -> impl Iterator<Item = String> + 'e {
    let headers = event.cookies.iter().flatten();
    let cookies = headers.flat_map(|header| Cookie::split_parse(header.as_str())).flatten();
    cookies.filter(move |cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}
