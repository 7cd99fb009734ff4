//! In which order a name's characters may stand. Each may be a name's, and together they would look
//! like another name, or like an id.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::NameError;

/// More of them pile up into what covers the lines around it (Technical Standard 39, section 5.4).
const MARKS_MAX: usize = 4;
const DOT_ABOVE: char = '\u{307}';
/// How many characters of an id, at the least, make a name that looks like one.
const ID_MIN: usize = 16;

pub(super) fn check(name: &str) -> Result<(), NameError> {
    if looks_like_an_id(name) {
        return Err(NameError::Id);
    }
    if !has_points_between_letters(name) {
        return Err(NameError::Points);
    }
    if !has_marks_that_show(name) {
        return Err(NameError::Marks);
    }
    Ok(())
}

/// Ids of accounts begin with `u_`, those of outside people with `x_`; base64url follows.
fn looks_like_an_id(name: &str) -> bool {
    let rest = ["u_", "U_", "x_", "X_"].iter().find_map(|prefix| name.strip_prefix(prefix));
    let of_ids = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    rest.is_some_and(|rest| rest.chars().take_while(of_ids).count() >= ID_MIN)
}

/// Whether each `.`, `_` and `-` has a letter or a digit on both sides. `zoe.` is read as `zoe` at the
/// end of a sentence, and nobody counts the lines of `ab__cd`.
fn has_points_between_letters(name: &str) -> bool {
    let is_point = |c: char| matches!(c, '.' | '_' | '-');
    let mut after_point = false;
    for c in name.chars() {
        if after_point && (is_point(c) || is_combining_mark(c)) {
            return false;
        }
        after_point = is_point(c);
    }
    !after_point
}

/// Whether every mark can be seen: none twice in a row, no dot on a letter that has one or that would
/// then look as if it had, and no more than a few.
fn has_marks_that_show(name: &str) -> bool {
    let (mut letter, mut before, mut marks) = (' ', None, 0);
    for c in name.nfd() {
        if !is_combining_mark(c) {
            (letter, before, marks) = (c, None, 0);
            continue;
        }
        marks += 1;
        let hides = before == Some(c) || (c == DOT_ABOVE && is_dotted(letter));
        if hides || marks > MARKS_MAX {
            return false;
        }
        before = Some(c);
    }
    true
}

/// A text without the dots that cannot be seen: the small letter of `İ` is an `i` with one more.
pub(super) fn without_idle_dots(text: &str) -> String {
    let mut letter = ' ';
    let shows = |c: &char| {
        if !is_combining_mark(*c) {
            letter = *c;
        }
        *c != DOT_ABOVE || !is_dotted(letter)
    };
    text.chars().filter(shows).collect()
}

/// Letters that have a dot (Unicode's `Soft_Dotted`, as far as names hold them), and those of a single
/// stroke that get one.
fn is_dotted(letter: char) -> bool {
    matches!(letter, 'i' | 'j' | 'l' | 'ı' | 'ȷ' | 'ɨ' | 'ʝ' | 'ɉ' | 'ϳ' | 'і' | 'ј')
}
