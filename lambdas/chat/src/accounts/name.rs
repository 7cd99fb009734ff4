//! User names: which ones there may be, and which are too much alike.

mod order;

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
    /// Its dots, hyphens or underscores are easily overlooked.
    #[error("A dot, hyphen or underscore of a user name has a letter or digit on both sides.")]
    Points,
    /// Its accents cannot all be seen.
    #[error(
        "No accent of a user name stands twice in a row or as a dot on i, j or l, and no more than \
         four stand on one letter."
    )]
    Marks,
    /// It would be taken for somebody's id.
    #[error("A user name that begins with u_ or x_ looks like an id when it is so long.")]
    Id,
}

impl UserName {
    /// Reads a name: letters and digits that Unicode's identifier profile allows (Technical Standard
    /// 39, section 3.1), of one script (5.1), and `.`, `_`, `-`, in an order in which all of them are
    /// seen (5.4), and no id.
    ///
    /// # Errors
    /// What is wrong with it, in words for its owner.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = Self::existing(text)?;
        order::check(&name.0)?;
        Ok(name)
    }

    /// Reads a name that somebody may have. Accounts were made before there were rules of the order of
    /// its characters.
    ///
    /// # Errors
    /// When nobody has ever had such a name.
    pub fn existing(text: &str) -> Result<Self, NameError> {
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
        let skeleton =
            |text: &str| order::without_idle_dots(&fold(&skeleton(text).collect::<String>()));
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
        for text in [
            "zoe99.",
            "ada-",
            "ada_",
            "ab__cd",
            "ab..cd",
            "ab--cd",
            "ab._cd",
            "a-_-b",
            "zoe.\u{301}",
        ] {
            assert_eq!(UserName::parse(text), Err(NameError::Points), "{text}");
        }
        for text in [
            "i\u{307}da9",
            "j\u{307}im9",
            "al\u{307}a",
            "\u{131}\u{307}da",
            // A mark below, composed with the letter or not, leaves the dot where it is.
            "\u{1ecb}\u{307}da",
            "i\u{328}\u{307}da",
            "zoë\u{308}9",
            "zoe\u{308}\u{308}9",
            "ada\u{301}\u{301}",
            "x\u{323}\u{300}\u{301}\u{302}\u{303}da",
        ] {
            assert_eq!(UserName::parse(text), Err(NameError::Marks), "{text}");
        }
        let id = "AbC-_xyz01234567";
        for text in [
            format!("u_{id}"),
            format!("X_{id}"),
            format!("x_{}", "a".repeat(30)),
            format!("U_{id}.x"),
        ] {
            assert_eq!(UserName::parse(&text), Err(NameError::Id), "{text}");
        }
    }

    #[test]
    fn names_of_the_same_characters_in_another_order_are_none_of_these() {
        for text in [
            "a.b_c-d",
            "u_ada",
            "x_0123456789abcde",
            "ux_0123456789abcdef01",
            "u.0123456789abcdef01",
            "\u{130}stanbul",
            "Nguyễn",
            "\u{10b}ada",
            "zo\u{eb}\u{301}",
            "हिन्दी",
            "มื้อ",
        ] {
            assert_eq!(UserName::parse(text).map(|_| ()), Ok(()), "{text}");
        }
    }

    #[test]
    fn who_had_such_a_name_before_has_it_still() {
        for text in ["zoe99.", "ab__cd", "i\u{307}da9", "u_0123456789abcdef01"] {
            assert!(UserName::parse(text).is_err(), "{text}");
            assert_eq!(UserName::existing(text).unwrap().as_str(), text);
        }
        assert_eq!(UserName::existing("раypal"), Err(NameError::Mixed));
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
            ("\u{130}da9", "ida9"),
        ] {
            assert!(alike(one, other), "{one} {other}");
        }
        // Of these only the first can be had now, and who has the second is found alike.
        for (one, other) in [
            ("ida9", "i\u{307}da9"),
            ("jim9", "j\u{307}im9"),
            ("zoë9", "zoë\u{308}9"),
            ("zoe99", "zoe99."),
            ("ab_cd", "ab__cd"),
            ("ab.cd", "ab..cd"),
        ] {
            assert!(
                UserName::parse(one).is_ok() && UserName::parse(other).is_err(),
                "{one} {other}"
            );
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
        fn case_does_not_tell_names_apart(text in "[A-Za-z]([._-]?[A-Za-z0-9]){1,7}") {
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
