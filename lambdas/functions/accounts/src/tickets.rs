//! `POST /v1/tickets`: an access token in, a ticket for one handshake out.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chat::identity::{Identity, TICKET_LIFE};
use protocol::Ticket;

use crate::Ctx;
use crate::http::{self, Refusal};
use crate::limits::{TICKETS_OF_ACCOUNT, TICKETS_OF_ADDRESS};

pub(crate) async fn issue(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let claims = http::signed_in(ctx, event).await?.claims;
    ctx.limits.count_address(TICKETS_OF_ADDRESS, event).await?;
    ctx.limits.count(TICKETS_OF_ACCOUNT, &claims.sub).await?;
    let ticket = ctx.tickets.issue(Identity::from(claims)).await?;
    let body = Ticket { ticket: ticket.into_secret(), expires_in: TICKET_LIFE.as_secs() };
    Ok(http::json(200, &body))
}
