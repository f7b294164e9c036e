//! Matching at the front of a text, whatever the case of its letters. Each function returns
//! what follows the match.

/// What follows `wanted`.
pub(super) fn strip<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let mut letters = text.chars();
    for letter in wanted.chars() {
        if !letters.next().is_some_and(|found| alike(found, letter)) {
            return None;
        }
    }
    Some(letters.as_str())
}

/// What follows one blank or more.
pub(super) fn blanks(text: &str) -> Option<&str> {
    let rest = text.trim_start();
    (rest.len() < text.len()).then_some(rest)
}

/// What follows one digit or more, and the digits.
pub(super) fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// What follows a name and a slash: `src/` of `src/AUTH: AUTH2`. The name has no slash
/// itself, so a note deep in a tree is not taken for the subject's own prefix.
pub(super) fn directory(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once('/')?;
    let mut letters = name.chars();
    let is_name = letters.next().is_some_and(is_word)
        && letters.all(|letter| is_word(letter) || letter == '.' || letter == '-');
    is_name.then_some(rest)
}

/// Whether `whole` holds `part`, whatever the case.
pub(super) fn contains(whole: &str, part: &str) -> bool {
    fold(whole).contains(&fold(part))
}

/// The text with letters of one case.
pub(super) fn fold(text: &str) -> alloc::string::String {
    text.to_lowercase()
}

/// A letter of a name.
pub(super) fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether a phase's id may end before this text: `AUTH2` does not stand in `AUTH20`,
/// `AUTH2.1` or `AUTH2-port`.
pub(super) fn is_boundary(rest: &str) -> bool {
    !rest.starts_with(joins)
}

/// Whether an id may begin after this text.
pub(super) fn is_boundary_behind(before: &str) -> bool {
    !before.ends_with(joins)
}

fn joins(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '.' || letter == '-'
}

fn alike(one: char, other: char) -> bool {
    one == other || one.to_lowercase().eq(other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{directory, is_boundary, strip};

    #[test]
    fn case_does_not_matter_and_letters_do() {
        assert_eq!(strip("Auth2: x", "aUTH"), Some("2: x"));
        assert_eq!(strip("ÄRGER", "är"), Some("GER"));
        assert_eq!(strip("AU", "AUTH"), None);
    }

    #[test]
    fn a_directory_is_one_name() {
        assert_eq!(directory("src/AUTH: 2"), Some("AUTH: 2"));
        assert_eq!(directory("docs/notes/AUTH"), Some("notes/AUTH"));
        assert_eq!(directory("a b/AUTH"), None);
        assert_eq!(directory("/AUTH"), None);
    }

    #[test]
    fn an_id_ends_where_no_longer_id_goes_on() {
        for rest in ["", " x", ": x", "—", "/x", ")"] {
            assert!(is_boundary(rest), "{rest}");
        }
        for rest in ["0", ".1", "-port", "b"] {
            assert!(!is_boundary(rest), "{rest}");
        }
    }
}
