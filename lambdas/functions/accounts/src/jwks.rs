//! `GET /.well-known/jwks.json`: the keys that verify our tokens, for whoever wants to.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::http::HeaderValue;
use aws_lambda_events::http::header::CACHE_CONTROL;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chat::identity::{KeyError, PublicKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::DecodePublicKey as _;
use protocol::{Jwk, JwkSet};

use crate::{Ctx, http};

/// How long others may keep the set: short beside how long two keys overlap at a rotation.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) fn answer(ctx: &Ctx) -> ApiGatewayV2httpResponse {
    let mut response = http::json(200, &ctx.jwks);
    response.headers.insert(CACHE_CONTROL, CACHE);
    response
}

/// The listed keys in the form of RFC 7517.
pub(crate) fn of(keys: &[PublicKey]) -> Result<JwkSet, KeyError> {
    Ok(JwkSet { keys: keys.iter().map(jwk).collect::<Result<_, _>>()? })
}

fn jwk(key: &PublicKey) -> Result<Jwk, KeyError> {
    let none = || KeyError::Key(key.kid.clone());
    let point =
        p256::PublicKey::from_public_key_pem(&key.pem).map_err(|_| none())?.to_sec1_point(false);
    let (x, y) = point.x().zip(point.y()).ok_or_else(none)?;
    Ok(Jwk {
        kty: "EC".to_owned(),
        crv: "P-256".to_owned(),
        alg: "ES256".to_owned(),
        usage: "sig".to_owned(),
        kid: key.kid.clone(),
        x: BASE64_URL_SAFE_NO_PAD.encode(x),
        y: BASE64_URL_SAFE_NO_PAD.encode(y),
    })
}
