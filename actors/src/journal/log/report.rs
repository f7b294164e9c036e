//! What a journal tells people about its file.

use std::fmt;

/// Something worth a line in the log, said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A line does not parse, or its check sum does not match. It is kept and folded as nothing.
    Damaged {
        /// Index of the line, from 0.
        line: u64,
        /// Byte offset of its start.
        offset: u64,
    },
    /// The last line was never finished. It did not happen.
    TornTail {
        /// Byte offset of its start.
        offset: u64,
        /// Its length.
        bytes: u64,
    },
    /// Another process rewrote the file; it was folded afresh.
    Rewritten {
        /// Rows in the new file.
        rows: u64,
    },
    /// Rows that a late writer put into the replaced file were saved into the
    /// new one.
    SavedLateRows {
        /// How many.
        rows: u64,
    },
    /// The system took only a part of a write; the torn row was written again.
    ShortWrite {
        /// Bytes taken.
        taken: usize,
        /// Bytes given.
        given: usize,
    },
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { line, offset } => write!(
                f,
                "line {} at byte {offset} is damaged; it is kept and counts as nothing: `dosd journal verify` says what it was",
                line + 1
            ),
            Self::TornTail { offset, bytes } => write!(
                f,
                "the last line, {bytes} bytes at byte {offset}, was never finished; it counts as nothing"
            ),
            Self::Rewritten { rows } => {
                write!(f, "another process rewrote the file; folded its {rows} rows afresh")
            }
            Self::SavedLateRows { rows } => write!(
                f,
                "{rows} rows were written to the replaced file; they now stand in the new one"
            ),
            Self::ShortWrite { taken, given } => {
                write!(f, "the system took {taken} of {given} bytes; the torn row is written again")
            }
        }
    }
}
