//! Signs access tokens. The private key is in KMS and never comes here (on the laptop, the same
//! call is answered from a key file).

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use aws_types::SdkConfig;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chat::clock::Timestamp;
use chat::identity::{AUDIENCE, Claims, ISSUER, TOKEN_LIFE, TYPE};
use chat::settings::Reader;
use chat::{Error, aws, id};
use p256::ecdsa::Signature;
use serde::Serialize;

/// Makes tokens with the key that `SIGNING_KEY_ID` names, which is also the tokens' `kid`.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    kms: Client,
    key_id: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

impl Signer {
    pub(crate) fn new(aws: &SdkConfig, settings: &mut Reader<'_>) -> Self {
        let config = aws_sdk_kms::config::Builder::from(aws)
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries())
            .build();
        Self { kms: Client::from_conf(config), key_id: settings.required("SIGNING_KEY_ID") }
    }

    /// An access token for a person's session, good for [`TOKEN_LIFE`] seconds from now.
    pub(crate) async fn access_token(
        &self,
        user_id: &str,
        username: &str,
        session_id: &str,
    ) -> Result<String, Error> {
        let now = Timestamp::now().seconds();
        self.sign(&Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user_id.to_owned(),
            name: username.to_owned(),
            sid: session_id.to_owned(),
            iat: now,
            exp: now.saturating_add(TOKEN_LIFE),
            jti: id::random("j")?,
        })
        .await
    }

    /// A JWS in the compact form (RFC 7515, section 3.1). KMS answers a signature in DER, where
    /// ES256 wants the two numbers side by side (RFC 7518, section 3.4).
    async fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let header = part(&Header { alg: "ES256", typ: TYPE, kid: &self.key_id })?;
        let input = format!("{header}.{}", part(claims)?);
        let signed = self
            .kms
            .sign()
            .key_id(&self.key_id)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .message_type(MessageType::Raw)
            .message(Blob::new(input.as_bytes()))
            .send()
            .await
            .map_err(Error::service("Sign", "the signing key"))?;
        let der = signed.signature.ok_or(Error::Fault("KMS answered without a signature"))?;
        let signature = Signature::from_der(der.as_ref())
            .map_err(|_| Error::Fault("KMS answered with no signature on P-256"))?;
        Ok(format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }
}

fn part(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_vec(value).map_err(|_| Error::Fault("a token cannot be written"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}
