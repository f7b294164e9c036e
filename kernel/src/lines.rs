//! Splitting the bytes of a JSON Lines journal into lines.
//!
//! Owns where a line begins and ends, and the marker that stands for a line that
//! does not parse. Never parses, and never reads a file.

use alloc::borrow::Cow;
use alloc::string::String;

use serde_json::Value;

use crate::Map;

/// What one line of a journal turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// An object: it was folded.
    Row,
    /// Not JSON: it was counted and changes nothing else. A torn last line is
    /// for the reader to see ([`Line::terminated`]); it must not be folded.
    Corrupt,
    /// Blank, or JSON that is no object: as if it were not there.
    Skipped,
}

/// One line of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where its first byte is in the buffer.
    pub offset: usize,
    /// Its bytes, without the newline.
    pub bytes: &'a [u8],
    /// Whether a newline ends it. Only the last line may lack one: it then is
    /// complete if it parses, and did not happen if it does not.
    pub terminated: bool,
}

impl Line<'_> {
    /// Where the next line begins.
    #[must_use]
    pub fn end(&self) -> usize {
        self.offset + self.bytes.len() + usize::from(self.terminated)
    }
}

/// The lines of a buffer, in order. Only `\n` ends a line; a newline at the very
/// end does not begin another one.
pub fn split(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut offset = 0;
    core::iter::from_fn(move || {
        let rest = bytes.get(offset..).filter(|rest| !rest.is_empty())?;
        let newline = memchr::memchr(b'\n', rest);
        let length = newline.unwrap_or(rest.len());
        let line = Line { offset, bytes: &rest[..length], terminated: newline.is_some() };
        offset = line.end();
        Some(line)
    })
}

/// A line as text; bytes that are no UTF-8 become U+FFFD.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The row that stands for a line that does not parse.
///
/// `index` counts the file's lines from 0, blank ones too.
#[must_use]
pub fn corrupt_marker(raw: &str, index: u64) -> Map {
    let mut marker = Map::new();
    marker.insert("op".into(), Value::from("_CORRUPT"));
    marker.insert("_raw".into(), Value::from(raw));
    marker.insert("_line".into(), Value::from(index));
    marker
}

#[cfg(test)]
mod tests {
    use super::{Line, corrupt_marker, split, text};
    use alloc::vec::Vec;
    use serde_json::json;

    #[test]
    fn splits_at_newlines_only() {
        let lines: Vec<_> = split(b"a\r\n\nb\xe2\x80\xa8c").collect();
        assert_eq!(
            lines,
            [
                Line { offset: 0, bytes: b"a\r", terminated: true },
                Line { offset: 3, bytes: b"", terminated: true },
                Line { offset: 4, bytes: "b\u{2028}c".as_bytes(), terminated: false },
            ]
        );
        assert_eq!(lines[2].end(), 9);
    }

    #[test]
    fn a_final_newline_begins_no_line() {
        assert_eq!(split(b"a\n").count(), 1);
        assert_eq!(split(b"").count(), 0);
    }

    #[test]
    fn marks_a_line_that_does_not_parse() {
        assert_eq!(
            serde_json::Value::Object(corrupt_marker(&text(b"{\xff"), 3)),
            json!({"op": "_CORRUPT", "_raw": "{\u{fffd}", "_line": 3})
        );
    }
}
