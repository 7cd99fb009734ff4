//! `POST /v1/tickets`: an access token in, a ticket for one handshake out.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::identity::{Identity, TICKET_LIFE};
use protocol::{ErrorCode, Ticket};

use crate::Ctx;
use crate::http::{self, Refusal};

/// The session is asked, not only the token: after a log-out no new socket opens.
pub(crate) async fn issue(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let claims = http::bearer(ctx, event)?;
    if let Some(session) = &claims.sid
        && ctx.store.session(session).await?.is_none()
    {
        return Err(Refusal::new(ErrorCode::Unauthorized, "The session has ended."));
    }
    let ticket = ctx.tickets.issue(Identity::from(claims)).await?;
    let body = Ticket { ticket: ticket.into_secret(), expires_in: TICKET_LIFE.as_secs() };
    Ok(http::json(200, &body))
}
