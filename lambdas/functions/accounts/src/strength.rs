//! Which passwords will do: of some length, and not among those that are guessed first
//! (`zxcvbn` knows the common ones, names, keyboard patterns, dates and their usual disguises).

use protocol::limits::{PASSWORD_MAX, PASSWORD_MIN};
use zxcvbn::{Score, zxcvbn};

/// At least so hard to guess: 10^8 tries, more than anybody gets past the lockout, or gets done on
/// Argon2id hashes cheaply.
const LEAST: Score = Score::Three;

/// Whether a password will do for somebody of this name and address.
///
/// # Errors
/// What to do better, in words.
pub(crate) fn check(password: &str, about: &[&str]) -> Result<(), String> {
    let characters = password.chars().count();
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&characters) {
        return Err(format!("A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters."));
    }
    let guessed = zxcvbn(password, about);
    if guessed.score() >= LEAST {
        return Ok(());
    }
    let why = guessed.feedback().and_then(|feedback| feedback.warning());
    let why = why.map(|warning| format!(" {warning}")).unwrap_or_default();
    Err(format!("This password is too easy to guess.{why} Three or four unusual words do well."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_password_will_do() {
        for password in [
            "correct horse battery",
            "violet tractor sings often",
            "7c2e4a9b0f3d5e6a7c2e4a9b0f3d5e6a",
            "ein Igel frißt Melonen",
            "パスワードではないひみつ",
        ] {
            assert_eq!(check(password, &["ada", "ada@example.com"]), Ok(()), "{password}");
        }
        assert_eq!(check(&"long and unusual ".repeat(15), &[]), Ok(()));
    }

    #[test]
    fn what_is_guessed_first_will_not() {
        for password in [
            "",
            "short",
            "password123",
            "Passw0rd2026!",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "1234567890",
            "ada.lovelace1",
            &"x".repeat(257),
        ] {
            let refused = check(password, &["ada.lovelace", "ada@example.com"]).unwrap_err();
            assert!(password.is_empty() || !refused.contains(password), "{refused}");
        }
    }
}
