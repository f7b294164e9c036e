//! What can go wrong with a journal, by consequence.

use std::path::PathBuf;

/// A journal error: which file, and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("journal `{}`: {kind}", path.display())]
pub struct JournalError {
    /// The journal's file.
    pub path: PathBuf,
    /// What happened.
    pub kind: JournalErrorKind,
}

impl JournalError {
    /// Whether somebody else holds a lock that is needed.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.kind, JournalErrorKind::Busy { .. })
    }
}

/// What happened to a journal. Causes are kept as text, because one failed
/// write answers every caller of its batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalErrorKind {
    /// Another process is its writer, or decides about lanes right now. Try again,
    /// or use that process.
    #[error(
        "another process holds the lock `{}`; try again, or go through the daemon that runs",
        lock.display()
    )]
    Busy {
        /// The lock file.
        lock: PathBuf,
    },
    /// Writing or syncing failed. Nothing is acknowledged after this, by this
    /// writer, ever.
    #[error(
        "{operation} failed: {cause}; nothing after row {last_seq} is acknowledged, free space or replace the disk, then start again"
    )]
    Fatal {
        /// `write`, `fdatasync` or another step.
        operation: &'static str,
        /// What the system said.
        cause: String,
        /// The last row that is on disk for certain.
        last_seq: u64,
    },
    /// It could not be opened or read.
    #[error("{operation} failed: {cause}")]
    Io {
        /// The step.
        operation: &'static str,
        /// What the system said.
        cause: String,
    },
    /// Its actor is not running (any more).
    #[error("its writer is not running")]
    Unreachable,
}

impl JournalErrorKind {
    /// Whether the writer has to end.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Fatal { .. })
    }
}
