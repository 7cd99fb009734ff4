//! KMS `Sign` with the laptop's own key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::key::SigningKey;

/// The longest message that KMS signs itself ("Sign", KMS API reference).
const RAW_BYTES_MAX: usize = 4096;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SignRequest {
    key_id: String,
    message: String,
    #[serde(default)]
    message_type: Option<String>,
    signing_algorithm: String,
}

pub(crate) fn sign(key: &SigningKey, body: &[u8]) -> Answer {
    let Ok(request) = serde_json::from_slice::<SignRequest>(body) else {
        return Answer::error(400, "ValidationException", "The request is not a Sign request.");
    };
    if request.key_id != key.kid() {
        return Answer::error(400, "NotFoundException", "The key does not exist.");
    }
    if request.signing_algorithm != "ECDSA_SHA_256" {
        let message = "The algorithm is not one of this key's: ECDSA_SHA_256.";
        return Answer::error(400, "InvalidKeyUsageException", message);
    }
    let Ok(message) = STANDARD.decode(&request.message) else {
        return Answer::error(400, "SerializationException", "Message is not base64.");
    };
    let signature = match request.message_type.as_deref() {
        None | Some("RAW") if message.len() > RAW_BYTES_MAX => {
            let message = "Member must have length less than or equal to 4096";
            return Answer::error(400, "ValidationException", message);
        }
        None | Some("RAW") => key.sign(&message),
        Some("DIGEST") => key.sign_digest(&message),
        Some(_) => {
            let message = "Member must satisfy enum value set: [RAW, DIGEST]";
            return Answer::error(400, "ValidationException", message);
        }
    };
    match signature {
        Ok(signature) => {
            let signature = STANDARD.encode(signature);
            let algorithm = request.signing_algorithm;
            let key = request.key_id;
            let body = json!({"KeyId": key, "Signature": signature, "SigningAlgorithm": algorithm});
            Answer::json(200, &body)
        }
        Err(_) => Answer::error(400, "ValidationException", "Digest is invalid length."),
    }
}
