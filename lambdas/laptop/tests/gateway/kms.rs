//! KMS `Sign`, through the SDK.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use aws_sdk_kms::Client;
use aws_sdk_kms::operation::sign::builders::SignFluentBuilder;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use laptop::embedded::Aws;

fn sign(aws: &Aws, message: &[u8], kind: MessageType) -> SignFluentBuilder {
    Client::new(&aws.sdk_config("accounts"))
        .sign()
        .key_id(aws.signing_key().kid())
        .message(Blob::new(message))
        .message_type(kind)
        .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
}

#[tokio::test]
async fn a_signature_verifies_with_the_public_key() {
    let aws = Aws::in_memory().await.unwrap();
    let pem = aws.signing_key().public_pem();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, STANDARD.decode(der).unwrap()).unwrap();
    let message = b"header.claims";
    let hash = digest::digest(&digest::SHA256, message);
    for (content, kind) in
        [(message.as_slice(), MessageType::Raw), (hash.as_ref(), MessageType::Digest)]
    {
        let signature = sign(&aws, content, kind).send().await.unwrap().signature.unwrap();
        key.verify_sig(message, signature.as_ref()).unwrap();
    }
}

#[tokio::test]
async fn what_kms_refuses() {
    let aws = Aws::in_memory().await.unwrap();
    assert!(sign(&aws, &[0; 4096], MessageType::Raw).send().await.is_ok());
    assert!(sign(&aws, &[0; 4097], MessageType::Raw).send().await.is_err());
    assert!(sign(&aws, &[0; 31], MessageType::Digest).send().await.is_err());
    let other = sign(&aws, b"x", MessageType::Raw).key_id("other").send().await.unwrap_err();
    assert!(other.into_service_error().is_not_found_exception());
}
