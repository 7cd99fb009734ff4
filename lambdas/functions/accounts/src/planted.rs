//! Of several cookies of one name, the one that is ours. A page of a sibling subdomain can give a
//! browser another cookie of the session's name ("cookie tossing"), which comes first and would hide
//! the session for good.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use chat::Error;
use chat::sessions::SessionCookie;

use crate::sessions::COOKIE;
use crate::{Ctx, http};

/// The calls that the session's cookie is for.
const ROUTES: [&str; 2] = ["POST /v1/sessions/refresh", "DELETE /v1/sessions/current"];
/// As many cookies are asked for: each costs two reads.
const CANDIDATES_MAX: usize = 8;

/// The same call, with the cookie of a session that goes on before the others, if there are others.
pub(crate) async fn sift(
    ctx: &Ctx,
    mut event: ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpRequest, Error> {
    let is_for_it = event.route_key.as_deref().is_some_and(|route| ROUTES.contains(&route));
    let values: Vec<_> = http::cookies(&event, COOKIE).collect();
    if !is_for_it || values.len() < 2 {
        return Ok(event);
    }
    let candidates = values.iter().filter_map(|value| SessionCookie::parse(value));
    for cookie in candidates.take(CANDIDATES_MAX) {
        if opens(ctx, &cookie).await? {
            let first = format!("{COOKIE}={}", cookie.value());
            event.cookies.get_or_insert_default().insert(0, first);
            break;
        }
    }
    Ok(event)
}

async fn opens(ctx: &Ctx, cookie: &SessionCookie) -> Result<bool, Error> {
    let Some(session) = ctx.sessions.of_cookie(cookie).await? else { return Ok(false) };
    let user = ctx.accounts.user(cookie.user_id()).await?;
    Ok(user.is_some_and(|user| session.is_live(&user)))
}
