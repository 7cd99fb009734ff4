//! The `$connect` authorizer: a ticket or a token in the socket's URL becomes an identity, which
//! every later event of that socket carries.

pub mod issuers;

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerPolicy, ApiGatewayCustomAuthorizerRequestTypeRequest,
    ApiGatewayCustomAuthorizerResponse,
};
use aws_lambda_events::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use aws_lambda_events::iam::{IamPolicyEffect, IamPolicyStatement};
use aws_types::SdkConfig;
use chat::clock::Timestamp;
use chat::error::Chain;
use chat::identity::{self, Identity, Keys, Ticket, Tickets};
use chat::origin::{self, Origins};
use chat::{Error, Settings, SettingsError};
use serde_json::Value;

use issuers::Issuers;

/// What the function keeps between events.
#[derive(Debug)]
pub struct Ctx {
    origins: Option<Origins>,
    tickets: Tickets,
    keys: Option<Keys>,
    allow_url_token: bool,
    issuers: Issuers,
}

impl Ctx {
    /// Reads `ALLOWED_ORIGINS`, `TABLE_ACCOUNTS`, `PUBLIC_KEYS`, `TRUSTED_ISSUERS` (nobody) and
    /// `ALLOW_URL_TOKEN` (off unless it says on: a URL is written down in more places than a header,
    /// and a ticket is worth nothing once used).
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Result<Self, SettingsError> {
        let mut read = settings.read();
        let ctx = Self {
            origins: read.parsed("ALLOWED_ORIGINS", Origins::parse),
            tickets: Tickets::new(aws, &mut read),
            keys: read.parsed("PUBLIC_KEYS", Keys::parse),
            allow_url_token: read.switch("ALLOW_URL_TOKEN", false),
            issuers: read
                .parsed_or("TRUSTED_ISSUERS", "[]", |setting| {
                    let trusted = issuers::parse(setting)?;
                    Ok::<_, Box<dyn std::error::Error>>(Issuers::new(trusted, aws)?)
                })
                .unwrap_or_default(),
        };
        read.finish()?;
        Ok(ctx)
    }
}

/// Decides whether a handshake may go on. A refusal is a Deny policy, which API Gateway turns into
/// a 403; an error of ours becomes a 500, and may be tried again.
///
/// # Errors
/// When the tickets' table does not answer, or the event lacks its ARN.
pub async fn handle(
    ctx: &Ctx,
    event: ApiGatewayCustomAuthorizerRequestTypeRequest,
) -> Result<ApiGatewayCustomAuthorizerResponse<Value>, Error> {
    let route = event.method_arn.ok_or(Error::Event("method ARN"))?;
    if !lets_in(ctx.origins.as_ref(), [&event.headers, &event.multi_value_headers]) {
        return Ok(deny(route));
    }
    let token = event.query_string_parameters.first("token").unwrap_or_default();
    Ok(match identify(ctx, token).await? {
        Some(identity) => allow(route, identity),
        None => deny(route),
    })
}

/// Whether the page that asks may open a socket. A header that is there more than once has to be
/// right each time.
fn lets_in(origins: Option<&Origins>, headers: [&HeaderMap; 2]) -> bool {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let [single, _] = headers;
    let host = single.get(HOST).map(text);
    let foreign = headers
        .into_iter()
        .flat_map(|headers| headers.get_all(ORIGIN))
        .map(text)
        .find(|page| !origins.is_some_and(|known| known.allows(Some(page), host.as_deref())));
    if let Some(page) = &foreign {
        // A browser does not tell its page why. That no proxy passes on the host is seen only here.
        tracing::warn!(
            origin = origin::shown(Some(page)),
            host = origin::shown(host.as_deref()),
            "a socket was refused: ALLOWED_ORIGINS does not have its page's origin; a proxy in \
             front must pass Host on"
        );
    }
    foreign.is_none()
}

async fn identify(ctx: &Ctx, token: &str) -> Result<Option<Identity>, Error> {
    if let Some(ticket) = Ticket::from_url(token) {
        return ctx.tickets.redeem(&ticket).await;
    }
    let now = Timestamp::now();
    if let Some(issuer) = ctx.issuers.of(token) {
        return Ok(ctx.issuers.identify(issuer, token, now).await);
    }
    let (true, Some(keys)) = (ctx.allow_url_token, &ctx.keys) else { return Ok(None) };
    Ok(match identity::verify(token, keys, now.seconds()) {
        Ok(claims) => Some(claims.into()),
        Err(refused) => {
            tracing::info!(reason = %Chain(&refused), "A token was refused.");
            None
        }
    })
}

fn allow(route: String, identity: Identity) -> ApiGatewayCustomAuthorizerResponse<Value> {
    let person = identity.user_id.clone();
    let context = Value::Object(identity.into_context());
    decision(route, IamPolicyEffect::Allow, person, context)
}

fn deny(route: String) -> ApiGatewayCustomAuthorizerResponse<Value> {
    decision(route, IamPolicyEffect::Deny, "nobody".to_owned(), Value::Object(Default::default()))
}

fn decision(
    route: String,
    effect: IamPolicyEffect,
    principal: String,
    context: Value,
) -> ApiGatewayCustomAuthorizerResponse<Value> {
    let mut statement = IamPolicyStatement::default();
    statement.action = vec!["execute-api:Invoke".to_owned()];
    statement.effect = effect;
    statement.resource = vec![route];
    let mut policy = ApiGatewayCustomAuthorizerPolicy::default();
    policy.version = Some("2012-10-17".to_owned());
    policy.statement = vec![statement];
    let mut response = ApiGatewayCustomAuthorizerResponse::default();
    response.principal_id = Some(principal);
    response.policy_document = policy;
    response.context = context;
    response
}
