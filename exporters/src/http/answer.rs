//! What a server answered, as far as a sink looks at it.

use std::time::Duration;

use reqwest::StatusCode;

/// The longest part of a body that goes into a reason.
const QUOTED_CHARS: usize = 200;

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// How long to leave the server alone, when it says so.
    pub(crate) retry_after: Option<Duration>,
    /// The beginning of the body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The status and the first words of the body, in one line, for a reason.
    pub(crate) fn in_words(&self) -> String {
        let said = quoted(&String::from_utf8_lossy(&self.body));
        if said.is_empty() {
            format!("the server answers {}", self.status)
        } else {
            format!("the server answers {}: {said}", self.status)
        }
    }
}

/// The first words of what somebody else said, in one line, for a reason.
pub(crate) fn quoted(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let said = words.join(" ");
    said.chars().take(QUOTED_CHARS).filter(|symbol| !symbol.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_line() {
        let answer = |body: &str| Answer {
            status: StatusCode::BAD_REQUEST,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        };
        assert_eq!(answer(" \n").in_words(), "the server answers 400 Bad Request");
        let words = answer("no\r\n\tsuch \u{1b}[31mroom").in_words();
        assert_eq!(words, "the server answers 400 Bad Request: no such [31mroom");
        assert!(answer(&"x".repeat(5000)).in_words().len() < 300);
    }
}
