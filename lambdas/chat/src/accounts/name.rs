//! User names: which ones there may be, and which are too much alike.

use std::fmt;

use protocol::limits::{USERNAME_MAX, USERNAME_MIN};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _};

/// A user name as its owner writes it, in Unicode's form C.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

/// Why a text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Too short or too long.
    #[error("A user name has {USERNAME_MIN} to {USERNAME_MAX} characters.")]
    Length,
    /// It holds what no name holds.
    #[error(
        "A user name has letters, digits, dots, hyphens and underscores, and begins with a letter \
         or digit."
    )]
    Characters,
    /// Its letters are of several alphabets, which is how one name is made to look like another.
    #[error("The letters of a user name are of one alphabet.")]
    Mixed,
}

impl UserName {
    /// Reads a name: letters and digits that Unicode's identifier profile allows (Technical Standard
    /// 39, section 3.1), of one script (5.1), and `.`, `_`, `-`.
    ///
    /// # Errors
    /// What is wrong with it, in words for its owner.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        // Composing can only shorten it, and nobody needs more to be told that it is too long.
        if text.len() > 16 * USERNAME_MAX {
            return Err(NameError::Length);
        }
        let name: String = text.nfc().collect();
        if !(USERNAME_MIN..=USERNAME_MAX).contains(&name.chars().count()) {
            return Err(NameError::Length);
        }
        let is_letter = |c: char| c.identifier_allowed() && c.is_alphanumeric();
        let allowed = |c: char| {
            is_letter(c)
                || matches!(c, '.' | '_' | '-')
                || (c.identifier_allowed() && is_combining_mark(c))
        };
        if !name.chars().all(allowed) || !name.starts_with(is_letter) {
            return Err(NameError::Characters);
        }
        if !name.is_single_script() {
            return Err(NameError::Mixed);
        }
        Ok(Self(name))
    }

    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names have in common that differ in case alone.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&self.0)
    }

    /// What two names have in common that look alike, in small letters or as written: names that
    /// share one of these cannot both be had.
    #[must_use]
    pub fn lookalikes(&self) -> Vec<String> {
        let skeleton = |text: &str| fold(&skeleton(text).collect::<String>());
        let mut all = vec![skeleton(&fold(&self.0)), skeleton(&self.0)];
        all.dedup();
        all
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Without case. By way of the capitals, which `ß` and both small sigmas share with others.
fn fold(text: &str) -> String {
    text.to_uppercase().to_lowercase().nfkc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn alike(one: &str, other: &str) -> bool {
        let (one, other) = (name(one), name(other));
        one.key() == other.key()
            || one.lookalikes().iter().any(|skeleton| other.lookalikes().contains(skeleton))
    }

    #[test]
    fn people_may_use_their_own_alphabet() {
        for text in ["ada", "Ada.Lovelace-1", "Zoë", "Łukasz", "Ольга", "山田太郎", "やまだ", "علي"]
        {
            assert_eq!(name(text).as_str(), text);
        }
        assert_eq!(name("Zoe\u{308}").as_str(), "Zoë", "one form for one name");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "a", &"a".repeat(33), &"a".repeat(10_000)] {
            assert_eq!(UserName::parse(text), Err(NameError::Length), "{text}");
        }
        for text in [
            "a b",
            "ada!",
            "ada\n",
            "-ada",
            ".ada",
            "intranet/ada",
            "ada@home",
            "ada\u{202e}",
            "a\u{200d}b",
            "a\u{200b}b",
            "ａｄａ",
            "\u{301}ada",
            "😀😀",
            "<b>",
        ] {
            assert_eq!(UserName::parse(text), Err(NameError::Characters), "{text}");
        }
        for text in ["аda", "adа", "раypal", "Αda"] {
            assert_eq!(UserName::parse(text), Err(NameError::Mixed), "{text}");
        }
    }

    #[test]
    fn names_that_look_alike_are_told() {
        for (one, other) in [
            ("ada", "ADA"),
            ("straße", "STRASSE"),
            ("σοφός", "ΣΟΦΌΣ"),
            ("paypal", "paypa1"),
            ("paypal", "PaypaI"),
            ("modern", "modem"),
            ("bob", "b0b"),
            ("coco", "сосо"),
            ("Ian", "lan"),
        ] {
            assert!(alike(one, other), "{one} {other}");
        }
        for (one, other) in [("ada", "adam"), ("ian", "lan"), ("bob", "rob"), ("a-b", "a_b")] {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_safe_to_show_and_to_look_up(text in "\\PC{0,40}") {
            if let Ok(name) = UserName::parse(&text) {
                let shown = name.as_str();
                prop_assert!(!shown.contains(['<', '>', '&', '"', '\'', '/', '@', ' ']));
                prop_assert!(!shown.chars().any(char::is_control));
                prop_assert!(!name.key().is_empty() && name.key().len() <= 1024);
                prop_assert!(name.lookalikes().iter().all(|key| !key.is_empty()));
                prop_assert_eq!(&UserName::parse(shown), &Ok(name.clone()));
            }
        }

        #[test]
        fn case_does_not_tell_names_apart(text in "[A-Za-z][A-Za-z0-9._-]{1,20}") {
            let (written, upper) = (name(&text), name(&text.to_uppercase()));
            prop_assert_eq!(written.key(), upper.key());
            prop_assert!(alike(&text, &text.to_lowercase()));
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            drop(UserName::parse(&text));
        }
    }
}
