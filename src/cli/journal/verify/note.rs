//! What is odd about a journal and is no damage: every row of it counts. Of each kind the first place
//! and how many there are.

use super::super::which::Kind;
use dosd_actors::journal::Walked;
use dosd_kernel::Map;
use dosd_kernel::fold::seq_of;
use dosd_kernel::lane::Op;
use serde::Serialize;
use serde_json::Value;

/// Something odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Note {
    pub(super) kind: &'static str,
    pub(super) count: u64,
    /// Where the first one is: its line, from 1, and the offset of its first byte.
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) what: String,
}

/// All of them, and where the numbering stands.
#[derive(Debug, Default)]
pub(super) struct Notes {
    found: Vec<Note>,
    highest: Option<u64>,
    last: Option<u64>,
}

impl Notes {
    /// The number of the last row that has one.
    pub(super) fn last_seq(&self) -> Option<u64> {
        self.last
    }

    pub(super) fn into_notes(self) -> Vec<Note> {
        self.found
    }

    /// Looks at a row that counts.
    pub(super) fn row(&mut self, line: &Walked<'_>, row: &Map, kind: Kind) {
        if !line.terminated {
            self.note(line, "no-newline", || {
                "the last row lacks its newline: it counts, and the next append ends the line"
                    .to_owned()
            });
        }
        if std::str::from_utf8(line.bytes).is_err() {
            self.note(line, "not-utf-8", || {
                "bytes that are no UTF-8, in a row that counts; `journal tail` and `observe` show it as damaged".to_owned()
            });
        }
        let op = row.get("op").and_then(Value::as_str).unwrap_or_default();
        if Op::of(op) == Op::Corrupt {
            self.note(line, "marker", || {
                "stands for a line that was damaged before a compaction".to_owned()
            });
        } else if kind == Kind::Lanes && Op::of(op) == Op::Unknown {
            let hint = if row.contains_key("syscall") {
                "; a verdict journal needs --verdicts"
            } else {
                ""
            };
            self.note(line, "unknown-op", || {
                format!("a row whose `op`, `{op}`, is not known here: it is kept, and changes nothing{hint}")
            });
        }
        self.number(line, row, Op::of(op));
    }

    /// Looks at a line that is JSON and no object.
    pub(super) fn no_object(&mut self, line: &Walked<'_>) {
        self.note(line, "no-object", || {
            "JSON that is no object: no row, and passed over".to_owned()
        });
    }

    fn number(&mut self, line: &Walked<'_>, row: &Map, op: Op) {
        if op == Op::Checkpoint {
            // Rows that a compaction kept have their old numbers.
            (self.highest, self.last) = (None, None);
            return;
        }
        let seq = seq_of(row.get("seq"));
        if seq == 0 {
            return;
        }
        match self.highest {
            Some(highest) if seq == highest => self.note(line, "seq-repeated", || {
                format!("the number {seq} again: two writers took it at the same time; positions are byte offsets, so nothing hangs on it")
            }),
            Some(highest) if seq < highest => self.note(line, "seq-back", || {
                format!("the number {seq} after {highest}: another writer counted anew, or a late row was moved here; nothing hangs on it")
            }),
            _ => {}
        }
        self.highest = self.highest.max(Some(seq));
        self.last = Some(seq);
    }

    fn note(&mut self, line: &Walked<'_>, kind: &'static str, what: impl FnOnce() -> String) {
        if let Some(known) = self.found.iter_mut().find(|note| note.kind == kind) {
            known.count += 1;
            return;
        }
        let (line, offset) = (line.line + 1, line.offset);
        self.found.push(Note { kind, count: 1, line, offset, what: what() });
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { count, line, offset, what, .. } = self;
        let times = if *count > 1 { format!(", the first of {count}") } else { String::new() };
        write!(formatter, "note      line {line}, byte {offset}{times}: {what}")
    }
}
