//! An e-mail address.

use chat::accounts::Email;

pub(crate) fn run(data: &[u8]) {
    let Ok(email) = Email::parse(crate::text(data)) else { return };
    let address = email.as_str();
    // Nothing of it is more than an address, in a header or in a list of recipients.
    assert!(address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'), "{address}");
    assert!(!address.contains(['<', '>', ',', ';', '\\']), "{address}");
    assert_eq!(address.matches('@').count(), 1, "{address}");
    assert!(!email.domain().is_empty(), "{address}");
    assert_eq!(Email::parse(address).as_ref(), Ok(&email), "{address}");
    assert_eq!(Email::parse(&address.to_uppercase()).as_ref(), Ok(&email), "{address}");
}
