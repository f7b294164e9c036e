//! The state of a verdict journal: counts, and where its numbering stands.
//!
//! It keeps no events; whoever wants them reads the file.

use serde::Deserialize;
use serde_json::Value;

use crate::Map;
use crate::checksum::{self, Checked};
use crate::draft::Draft;
use crate::fold::{Fold, seq_of};
use crate::lines::LineKind;

/// The fold of a verdict journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerdictFold {
    highest_seq: u64,
    rows: u64,
    corrupt: u64,
}

impl VerdictFold {
    /// Rows folded.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Lines that did not parse, and markers that stand for such lines.
    #[must_use]
    pub fn corrupt(&self) -> u64 {
        self.corrupt
    }

    fn damaged(&mut self) -> LineKind {
        self.corrupt += 1;
        LineKind::Corrupt
    }

    fn count(&mut self, seq: u64, is_marker: bool) -> LineKind {
        self.rows += 1;
        self.corrupt += u64::from(is_marker);
        self.highest_seq = self.highest_seq.max(seq);
        LineKind::Row
    }
}

/// The two keys that the fold looks at; the rest is passed over unread.
#[derive(Deserialize)]
struct Glance {
    #[serde(default)]
    seq: Value,
    #[serde(default)]
    op: Value,
}

impl Fold for VerdictFold {
    fn apply_line(&mut self, line: &str) -> LineKind {
        let line = line.trim();
        if line.is_empty() {
            return LineKind::Skipped;
        }
        if checksum::check(line) == Checked::Wrong {
            return self.damaged();
        }
        if line.starts_with('{')
            && let Ok(glance) = serde_json::from_str::<Glance>(line)
        {
            return self.count(seq_of(Some(&glance.seq)), glance.op == "_CORRUPT");
        }
        match serde_json::from_str::<Value>(line) {
            // A doubled key: the last one counts.
            Ok(Value::Object(row)) => self.count(seq_of(row.get("seq")), is_marker(&row)),
            Ok(_) => LineKind::Skipped,
            Err(_) => self.damaged(),
        }
    }

    fn apply_draft(&mut self, _: &Draft, seq: u64) {
        self.count(seq, false);
    }

    fn highest_seq(&self) -> u64 {
        self.highest_seq
    }
}

fn is_marker(row: &Map) -> bool {
    row.get("op").is_some_and(|op| op == "_CORRUPT")
}

#[cfg(test)]
mod tests {
    use super::VerdictFold;
    use crate::fold::Fold;
    use crate::lines::LineKind;
    use crate::verdict::VerdictEvent;

    #[test]
    fn counts_lines_and_follows_seq() {
        let mut fold = VerdictFold::default();
        for (line, kind) in [
            (r#"{"seq":4,"syscall":"x"}"#, LineKind::Row),
            (r#" {"seq":"9"} "#, LineKind::Row),
            (r#"{"seq":1,"seq":3}"#, LineKind::Row),
            (r#"{"op":"_CORRUPT","_raw":"x"}"#, LineKind::Row),
            ("", LineKind::Skipped),
            ("[1]", LineKind::Skipped),
            ("{\"seq\":", LineKind::Corrupt),
        ] {
            assert_eq!(fold.apply_line(line), kind, "{line}");
        }
        assert_eq!((fold.rows(), fold.corrupt(), fold.highest_seq()), (4, 2, 9));
        fold.apply_draft(&VerdictEvent::default().draft(0), 10);
        assert_eq!((fold.rows(), fold.highest_seq()), (5, 10));
    }
}
