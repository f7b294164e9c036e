//! What every journal's state can do, whatever the journal holds.
//!
//! Owns the contract between the one writer of a journal and the state that it
//! keeps up to date, and how fields are read. Never holds state itself.

use alloc::string::String;

use serde_json::Value;

use crate::Map;
use crate::draft::Draft;
use crate::lines::LineKind;

/// The state of one journal, built row by row.
///
/// Folding never fails: what cannot be understood is counted or skipped. Folding
/// a list at once, row by row, or in two parts gives the same state.
pub trait Fold: Default + Send + Unpin + 'static {
    /// Folds one line of the file. It is complete: a torn last line is not passed.
    fn apply_line(&mut self, line: &str) -> LineKind;

    /// Folds a row of our own with the number it was written under, without
    /// parsing its text again.
    fn apply_draft(&mut self, draft: &Draft, seq: u64);

    /// The highest `seq` seen, or the highest watermark of a compaction, whichever
    /// is larger; 0 before the first row.
    fn highest_seq(&self) -> u64;
}

/// The number in a `seq` or `seq_watermark` field; 0 when there is none.
///
/// Other writers put text there, or nothing. Text that spells a number counts, so
/// that the next number is never one that somebody used; everything else is
/// ignored. So are numbers above `i64::MAX`, which no counter reaches honestly and
/// which would leave no room for the next one.
#[must_use]
pub fn seq_of(value: Option<&Value>) -> u64 {
    let number = match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
    };
    number.filter(|seq| i64::try_from(*seq).is_ok()).unwrap_or(0)
}

/// The text in a field; what is missing or no text is empty.
pub(crate) fn text_of<'a>(row: &'a Map, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The text in a field; none when there is none, or it is empty.
pub(crate) fn some_text(row: &Map, key: &str) -> Option<String> {
    Some(text_of(row, key)).filter(|text| !text.is_empty()).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::seq_of;
    use serde_json::json;

    #[test]
    fn reads_numbers_and_text_that_spells_one() {
        assert_eq!(seq_of(Some(&json!(7))), 7);
        assert_eq!(seq_of(Some(&json!(" 7"))), 7);
    }

    #[test]
    fn ignores_everything_else() {
        for odd in [json!(null), json!(-1), json!(1.5), json!("x"), json!([7]), json!(u64::MAX)] {
            assert_eq!(seq_of(Some(&odd)), 0, "{odd}");
        }
        assert_eq!(seq_of(None), 0);
    }
}
