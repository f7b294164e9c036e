//! The verdict journal: see [`crate::journal`] for the laws.

use dosd_kernel::fold::{Fold as _, seq_of};
use dosd_kernel::verdict::VerdictFold;
use serde_json::{Map, Value, json};

use crate::journal::{Judged, live};

/// Rows, damaged lines and markers of them, the highest number.
type State = (u64, u64, u64);

impl Judged for VerdictFold {
    type State = State;

    fn state(&mut self) -> State {
        (self.rows(), self.corrupt(), self.highest_seq())
    }

    fn expected(rows: &[Map<String, Value>], damaged: u64) -> State {
        let is_marker = |row: &&Map<String, Value>| row.get("op") == Some(&json!("_CORRUPT"));
        let markers = rows.iter().filter(is_marker).count() as u64;
        let highest = rows.iter().map(|row| seq_of(row.get("seq"))).max();
        (rows.len() as u64, damaged + markers, highest.unwrap_or_default())
    }

    fn example() -> Value {
        json!({"syscall": "liveness", "verdict": "STALLED", "detail": {"age_ms": 1}})
    }
}

/// Any bytes as a verdict journal.
pub(crate) fn run(bytes: &[u8]) {
    live::<VerdictFold>(bytes);
}
