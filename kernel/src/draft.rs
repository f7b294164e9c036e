//! A row before its journal numbered it.
//!
//! Owns the text of a row that we write. Encoding happens once, by whoever makes
//! the row; the journal's one writer only splices the digits of `seq` in. Never
//! chooses a number and never writes a file.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::Map;

/// A row without its `seq`, and its encoded text.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    fields: Map,
    text: String,
    /// Where in `text` the digits of `seq` go.
    splice: usize,
}

impl Draft {
    /// The draft of a row with these fields. A `seq` among them is dropped: the
    /// journal numbers its rows itself.
    #[must_use]
    pub fn new(mut fields: Map) -> Self {
        fields.remove("seq");
        let mut text = String::from("{");
        let mut splice = None;
        for (key, value) in &fields {
            if splice.is_none() && key.as_str() > "seq" {
                splice = Some(open_seq(&mut text));
            }
            separate(&mut text);
            push_json(&mut text, &serde_json::Value::from(key.as_str()));
            text.push(':');
            push_json(&mut text, value);
        }
        let splice = splice.unwrap_or_else(|| open_seq(&mut text));
        text.push_str("}\n");
        Self { fields, text, splice }
    }

    /// The row's fields, without `seq`.
    #[must_use]
    pub fn fields(&self) -> &Map {
        &self.fields
    }

    /// Appends the row as one line with its newline: keys sorted, no blanks
    /// between tokens, non-ASCII as it is.
    pub fn write_into(&self, out: &mut Vec<u8>, seq: u64) {
        let (head, tail) = self.text.split_at(self.splice);
        let mut digits = String::with_capacity(20);
        // Writing to a `String` cannot fail.
        let _ = write!(digits, "{seq}");
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(digits.as_bytes());
        out.extend_from_slice(tail.as_bytes());
    }
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
    use alloc::string::String;
    use alloc::vec::Vec;
    use serde_json::{Value, json};

    fn draft(value: Value) -> Draft {
        let Value::Object(fields) = value else { panic!("an object is wanted") };
        Draft::new(fields)
    }

    fn line(value: Value, seq: u64) -> String {
        let mut out = Vec::new();
        draft(value).write_into(&mut out, seq);
        String::from_utf8(out).unwrap()
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
    fn drops_a_seq_that_the_caller_made_up() {
        assert_eq!(line(json!({"seq": 1, "a": 1}), 2), "{\"a\":1,\"seq\":2}\n");
    }

    #[test]
    fn writes_non_ascii_as_it_is_and_escapes_line_breaks() {
        assert_eq!(line(json!({"é": "\n\u{2028}"}), 1), "{\"seq\":1,\"é\":\"\\n\u{2028}\"}\n");
    }
}
