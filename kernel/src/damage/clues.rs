//! What can still be read in a row that does not parse, or that is not what was written.

use alloc::string::String;

/// Longer values are no names: what looks like one is part of the damage.
const LONGEST: usize = 200;

/// What a damaged row seems to say. Nothing in it is certain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// What kind of row: `op` in a lane journal.
    pub op: Option<String>,
    /// The lane that it is about.
    pub lane: Option<String>,
    /// The run that it is about.
    pub run_id: Option<String>,
    /// The verdict, in a verdict journal.
    pub verdict: Option<String>,
    /// Its number.
    pub seq: Option<u64>,
}

impl Clues {
    /// Reads what stands behind the keys that matter, whatever stands between them.
    #[must_use]
    pub fn gather(text: &str) -> Self {
        Self {
            op: value(text, "op").and_then(quoted),
            lane: value(text, "lane").and_then(quoted),
            run_id: value(text, "run_id").and_then(quoted),
            verdict: value(text, "verdict").and_then(quoted),
            seq: value(text, "seq").and_then(digits),
        }
    }
}

/// What follows the first `"key":`, blanks between them or not.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let places = memchr::memmem::find_iter(text.as_bytes(), key);
    places.into_iter().find_map(|at| {
        let before = text.get(..at)?;
        let after = text.get(at + key.len()..)?;
        let rest = after.strip_prefix('"').filter(|_| before.ends_with('"'))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    })
}

/// A text that is whole, and plain enough to be a name.
fn quoted(text: &str) -> Option<String> {
    let rest = text.strip_prefix('"')?;
    let end = rest.find(['"', '\\'])?;
    let (name, end) = rest.split_at_checked(end)?;
    let is_name = !name.is_empty() && name.len() <= LONGEST && !name.contains(char::is_control);
    (is_name && end.starts_with('"')).then(|| name.into())
}

/// A number that does not end with the text: it may have been cut.
fn digits(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    text.get(..end)?.parse().ok()
}
