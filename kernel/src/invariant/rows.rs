//! The rows of a journal, with the place of each.

use alloc::vec::Vec;

use serde_json::Value;

use super::Place;
use crate::Map;
use crate::checksum::{self, Checked};
use crate::fold::text_of;
use crate::lane::Op;
use crate::lines;

/// One row, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The number of its line, from 1, every kind of line counted.
    pub line: u64,
    /// The offset of its first byte.
    pub offset: u64,
    /// What it says.
    pub fields: Map,
}

impl Row {
    /// The row on a line; none if what stands there does not fold as one.
    #[must_use]
    pub fn of(bytes: &[u8], line: u64, offset: u64) -> Option<Self> {
        let text = lines::text(bytes);
        match serde_json::from_str(text.trim()) {
            Ok(Value::Object(fields)) if checksum::check(&text) != Checked::Wrong => {
                Some(Self { line, offset, fields })
            }
            Ok(_) | Err(_) => None,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::Row { line: self.line, offset: self.offset }
    }

    /// What kind of row it is, in a lane journal.
    #[must_use]
    pub fn op(&self) -> Op {
        Op::of(self.text("op"))
    }

    /// The text in a field; what is missing or no text is empty.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        text_of(&self.fields, key)
    }
}

/// The rows in the bytes of a journal: what folds as a row. Damaged lines are no rows, and a
/// last line without a newline is one if it parses.
#[must_use]
pub fn rows(journal: &[u8]) -> Vec<Row> {
    let numbered = lines::split(journal).zip(1_u64..);
    let rows =
        numbered.filter_map(|(line, number)| Row::of(line.bytes, number, line.offset as u64));
    rows.collect()
}
