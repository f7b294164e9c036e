//! A row before its journal numbered it.
//!
//! Owns the text of a row that we write. Encoding happens once, by whoever makes
//! the row; the journal's one writer only splices the digits of `seq` in. Never
//! chooses a number and never writes a file.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::Map;
use crate::checksum::{self, Crc};

/// A row without its `seq`, and its encoded text.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    fields: Map,
    /// Everything but the digits of `seq`, and zeros for the check sum.
    text: String,
    /// Where in `text` the digits of `seq` go.
    splice: usize,
    /// Where in `text` the check sum goes.
    digits: usize,
    /// The check sum of what stands before `splice`.
    begun: Crc,
}

impl Draft {
    /// The draft of a row with these fields. A `seq` and a check sum among them are
    /// dropped: the journal numbers its rows itself, and each has a sum of its own.
    #[must_use]
    pub fn new(mut fields: Map) -> Self {
        fields.remove("seq");
        fields.remove(checksum::KEY);
        let mut text = String::from("{");
        let (mut sum, mut splice) = (None, None);
        for (key, value) in &fields {
            if sum.is_none() && key.as_str() > checksum::KEY {
                sum = Some(open_sum(&mut text));
            }
            if splice.is_none() && key.as_str() > "seq" {
                splice = Some(open_seq(&mut text));
            }
            separate(&mut text);
            push_json(&mut text, &serde_json::Value::from(key.as_str()));
            text.push(':');
            push_json(&mut text, value);
        }
        let sum = sum.unwrap_or_else(|| open_sum(&mut text));
        let splice = splice.unwrap_or_else(|| open_seq(&mut text));
        text.push('}');
        // `seq` comes later, so the key's comma is there, too.
        let (before, after) = (&text[..sum], &text[sum + checksum::SPAN..splice]);
        let begun = Crc::new().over(before.as_bytes()).over(after.as_bytes());
        Self { fields, text, splice, digits: checksum::digits_of(sum), begun }
    }

    /// The row's fields, without `seq` and without the check sum.
    #[must_use]
    pub fn fields(&self) -> &Map {
        &self.fields
    }

    /// Appends the row as one line with its newline: keys sorted, no blanks
    /// between tokens, non-ASCII as it is.
    pub fn write_into(&self, out: &mut Vec<u8>, seq: u64) {
        let (head, tail) = self.text.split_at(self.splice);
        let mut number = String::with_capacity(20);
        // Writing to a `String` cannot fail.
        let _ = write!(number, "{seq}");
        let sum = self.begun.over(number.as_bytes()).over(tail.as_bytes());
        let (before, rest) = head.split_at(self.digits);
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(&sum.digits());
        out.extend_from_slice(&rest.as_bytes()[checksum::DIGITS..]);
        out.extend_from_slice(number.as_bytes());
        out.extend_from_slice(tail.as_bytes());
        out.push(b'\n');
    }
}

/// Writes the key of the check sum, and zeros for it; returns where it begins.
fn open_sum(text: &mut String) -> usize {
    separate(text);
    let at = text.len();
    text.push_str(&checksum::placeholder());
    at
}

/// Writes the key `seq`; its digits belong at the returned place.
fn open_seq(text: &mut String) -> usize {
    separate(text);
    text.push_str("\"seq\":");
    text.len()
}

fn separate(text: &mut String) {
    if text.len() > 1 {
        text.push(',');
    }
}

fn push_json(text: &mut String, value: &serde_json::Value) {
    // A `Value` prints itself as compact JSON, and a `String` takes everything.
    let _ = write!(text, "{value}");
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use crate::checksum::SPAN;
    use alloc::string::String;
    use alloc::vec::Vec;
    use serde_json::{Value, json};

    fn draft(value: Value) -> Draft {
        let Value::Object(fields) = value else { panic!("an object is wanted") };
        Draft::new(fields)
    }

    /// The row without its check sum, which comes before `seq`.
    fn line(value: Value, seq: u64) -> String {
        let mut out = Vec::new();
        draft(value).write_into(&mut out, seq);
        let text = String::from_utf8(out).unwrap();
        let at = text.find("\"crc32\":").unwrap();
        [&text[..at], &text[at + SPAN..]].concat()
    }

    #[test]
    fn puts_seq_in_its_sorted_place() {
        assert_eq!(
            line(json!({"ts": "t", "op": "X"}), 7),
            "{\"op\":\"X\",\"seq\":7,\"ts\":\"t\"}\n"
        );
        assert_eq!(line(json!({"a": {"z": 1}}), 12), "{\"a\":{\"z\":1},\"seq\":12}\n");
        assert_eq!(line(json!({"z": "{"}), 0), "{\"seq\":0,\"z\":\"{\"}\n");
        assert_eq!(line(json!({}), 3), "{\"seq\":3}\n");
    }

    #[test]
    fn drops_a_seq_and_a_sum_that_the_caller_made_up() {
        let made_up = json!({"seq": 1, "a": 1, "crc32": "00000000"});
        assert_eq!(line(made_up, 2), "{\"a\":1,\"seq\":2}\n");
    }

    #[test]
    fn writes_non_ascii_as_it_is_and_escapes_line_breaks() {
        assert_eq!(line(json!({"é": "\n\u{2028}"}), 1), "{\"seq\":1,\"é\":\"\\n\u{2028}\"}\n");
    }
}
