//! The value of a session's cookie.

use chat::sessions::SessionCookie;

pub(crate) fn run(data: &[u8]) {
    let input = crate::text(data);
    let Some(cookie) = SessionCookie::parse(input) else { return };
    assert_eq!(cookie.value(), input, "it is read in one way only");
    assert!(cookie.user_id().starts_with("u_") && cookie.session_id().starts_with("s_"));
    // Both become keys, whose parts a slash keeps apart.
    assert!(!input.contains('/'), "{input}");
    let (_, secret) = input.rsplit_once('.').unwrap();
    assert!(secret.len() < 8 || !format!("{cookie:?}").contains(secret), "a secret is shown");
}
