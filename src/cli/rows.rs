//! The rows of a journal as a reader sees them: objects as they stand, and a marker for each line
//! that does not parse or whose check sum does not match. It folds nothing and changes nothing.

use dosd_kernel::Map;
use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::lines::{self, Line};
use serde_json::Value;

/// The row on a line; `index` is the line's number from 0.
///
/// None for a blank line, for JSON that is no object, and for a torn last line: it did not happen.
pub(super) fn row(line: &Line<'_>, index: usize) -> Option<Map> {
    match parse(line.bytes) {
        Parsed::Object(row) => Some(row),
        Parsed::Damaged if line.terminated => {
            Some(lines::corrupt_marker(lines::text(line.bytes).trim(), index as u64))
        }
        Parsed::Damaged | Parsed::Nothing => None,
    }
}

/// Whether a row says that its line was damaged.
pub(super) fn is_corrupt(row: &Map) -> bool {
    row.get("op").is_some_and(|op| op == "_CORRUPT")
}

/// The last `count` rows, oldest first; all of them when `count` is 0. Only these are parsed.
pub(super) fn last(bytes: &[u8], count: usize) -> Vec<Map> {
    let lines: Vec<_> = lines::split(bytes).collect();
    let wanted = if count == 0 { usize::MAX } else { count };
    let newest_first = lines.iter().enumerate().rev().filter_map(|(index, line)| row(line, index));
    let mut rows: Vec<_> = newest_first.take(wanted).collect();
    rows.reverse();
    rows
}

enum Parsed {
    Object(Map),
    Nothing,
    Damaged,
}

fn parse(bytes: &[u8]) -> Parsed {
    let Ok(text) = std::str::from_utf8(bytes) else { return Parsed::Damaged };
    if text.trim().is_empty() {
        return Parsed::Nothing;
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) if checksum::check(text) == Checked::Wrong => Parsed::Damaged,
        Ok(Value::Object(row)) => Parsed::Object(row),
        Ok(_) => Parsed::Nothing,
        Err(_) => Parsed::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JOURNAL: &[u8] = b"{\"a\":1}\n\n[2]\n{\"torn\n{\"a\":\"\xff\"}\r\n{\"a\":3}";

    fn rows(bytes: &[u8], count: usize) -> Value {
        Value::from(last(bytes, count).into_iter().map(Value::Object).collect::<Vec<_>>())
    }

    #[test]
    fn damage_is_shown_with_its_place() {
        let expected = json!([
            {"a": 1},
            {"op": "_CORRUPT", "_raw": "{\"torn", "_line": 3},
            {"op": "_CORRUPT", "_raw": "{\"a\":\"\u{fffd}\"}", "_line": 4},
            {"a": 3},
        ]);
        assert_eq!(rows(JOURNAL, 0), expected);
        assert_eq!(rows(JOURNAL, 99), expected);
        assert!(is_corrupt(&last(JOURNAL, 2)[0]));
    }

    #[test]
    fn the_newest_rows_win_and_keep_their_line_numbers() {
        assert_eq!(rows(JOURNAL, 1), json!([{"a": 3}]));
        assert_eq!(rows(JOURNAL, 2)[0]["_line"], 4);
    }

    #[test]
    fn a_torn_last_line_did_not_happen() {
        assert_eq!(rows(b"{\"a\":1}\n{\"a\":", 5), json!([{"a": 1}]));
        assert_eq!(rows(b"", 5), json!([]));
    }
}
