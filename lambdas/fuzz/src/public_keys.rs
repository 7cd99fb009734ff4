//! The setting `PUBLIC_KEYS`.

use chat::identity::Keys;

pub(crate) fn run(data: &[u8]) {
    match Keys::parse(crate::text(data)) {
        Ok(keys) => assert_ne!(format!("{keys:?}"), "{}", "no key verifies nothing"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
