//! `GET /v1/me`: who the access token says I am.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use protocol::Me;

use crate::Ctx;
use crate::http::{self, Refusal};

pub(crate) async fn me(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let user = http::signed_in(ctx, event).await?.user;
    Ok(http::json(200, &Me { username: user.username, user_id: user.id, role: user.role }))
}
