//! What tells a resend from another write under the same `clientId`, without the text: an HMAC under a
//! salt. Whoever deletes a text deletes the salt, too, and nobody can guess the text any more.

use aws_lc_rs::{constant_time, hmac};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::draft::{Draft, What};
use super::entry::Item;
use crate::{Error, id};

const SALT: &str = "salt";
const DIGEST: &str = "digest";

/// A new salt.
pub(super) fn new_salt() -> Result<Vec<u8>, Error> {
    Ok(id::bytes::<16>()?.to_vec())
}

/// The salt of a row, if it has one.
pub(super) fn salt(item: &Item) -> Option<Vec<u8>> {
    bytes(item, SALT)
}

/// The attribute that holds a salt.
pub(super) fn salted(salt: &[u8]) -> (String, AttributeValue) {
    (SALT.to_owned(), blob(salt))
}

/// The attribute that holds the digest of a draft.
pub(super) fn digested(salt: &[u8], draft: &Draft) -> (String, AttributeValue) {
    (DIGEST.to_owned(), blob(&digest(salt, draft)))
}

/// Whether a row is of the same body as a draft; nothing when it has no digest any more.
pub(super) fn is_of(item: &Item, salt: &[u8], draft: &Draft) -> Option<bool> {
    let stored = bytes(item, DIGEST)?;
    Some(constant_time::verify_slices_are_equal(&digest(salt, draft), &stored).is_ok())
}

fn digest(salt: &[u8], draft: &Draft) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    let mut part = |text: &str| {
        context.update(text.as_bytes());
        context.update(&[0]);
    };
    part(draft.room.as_str());
    let text = match &draft.what {
        // As the first version wrote it.
        What::Message { content } => content.as_str(),
        What::Edit { of, content } => {
            part(draft.what.kind());
            part(&of.to_string());
            // Edits of one message have one salt: two of the same text must not look alike.
            part(&draft.client_id);
            content
        }
        What::Delete { of } => {
            part(draft.what.kind());
            part(&of.to_string());
            ""
        }
        What::Create { topic } => {
            part(draft.what.kind());
            topic
        }
        What::Join | What::Leave => {
            part(draft.what.kind());
            ""
        }
    };
    context.update(text.as_bytes());
    context.sign().as_ref().to_vec()
}

fn bytes(item: &Item, name: &str) -> Option<Vec<u8>> {
    Some(item.get(name)?.as_b().ok()?.as_ref().to_vec())
}

fn blob(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}
