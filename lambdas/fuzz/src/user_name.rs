//! A user name.

use chat::accounts::UserName;
use protocol::limits::{USERNAME_MAX, USERNAME_MIN};

pub(crate) fn run(data: &[u8]) {
    let Ok(name) = UserName::parse(crate::text(data)) else { return };
    let shown = name.as_str();
    assert!((USERNAME_MIN..=USERNAME_MAX).contains(&shown.chars().count()), "{shown}");
    // Nothing of it means something in a page, in a key, in an outside person's name or in an id.
    assert!(!shown.contains(|c: char| c.is_control() || c.is_whitespace()), "{shown}");
    assert!(!shown.contains(['<', '>', '&', '"', '\'', '/', '@', '#']), "{shown}");
    assert_eq!(UserName::parse(shown).as_ref(), Ok(&name), "{shown}");
    // A key of DynamoDB has 1 to 1,024 bytes.
    for key in name.lookalikes().into_iter().chain([name.key()]) {
        assert!((1..=1_000).contains(&key.len()), "{shown}");
    }
}
