//! `GET /v1/me`: who the access token says I am.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use protocol::Me;

use crate::Ctx;
use crate::http::{self, Refusal};

pub(crate) fn me(
    ctx: &Ctx,
    event: &ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let claims = http::bearer(ctx, event)?;
    Ok(http::json(
        200,
        &Me { username: claims.name, user_id: claims.sub, role: protocol::Role::User },
    ))
}
