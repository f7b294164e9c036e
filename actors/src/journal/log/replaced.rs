//! When another file stands where the journal stood.

use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::fold::{Fold, seq_of};
use dosd_kernel::lane::Op;
use dosd_kernel::lines;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Log;
use super::late::Previous;
use super::report::Report;
use crate::journal::error::JournalError;
use crate::port::AppendFile;

/// How many files in a row may be renamed over each other while rows move after
/// them. Each takes a whole compaction, so this is never reached by chance.
const ATTEMPTS: usize = 8;

/// Up to where the one who replaced a file has certainly read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// What is folded, at least: others may have written after that.
    AfterFolded(u64),
    /// These rows of ours are being acknowledged: whether or not they were read,
    /// they must stand in the new file.
    Own(u64),
}

impl<F: Fold> Log<F> {
    /// Goes over to the file that the path names now, if that is another one, and
    /// takes along what the one who replaced it cannot have read. Says whether
    /// there was another file.
    pub(super) fn catch_up(&mut self, mut unread: Unread) -> Result<bool, JournalError> {
        for attempt in 0..ATTEMPTS {
            let found =
                self.storage.stat(&self.path).map_err(|error| self.io("reading", &error))?;
            if found.is_some_and(|stat| stat.inode == self.identity.inode) {
                return Ok(attempt > 0);
            }
            self.change_file(unread)?;
            self.reports.push(Report::Rewritten { rows: self.lines });
            unread = Unread::Own(self.folded);
            self.save_late_rows()?;
        }
        Err(self.io("following", &std::io::Error::other("it is replaced again and again")))
    }

    /// Opens and folds what the path names now. The file before it stays open.
    fn change_file(&mut self, unread: Unread) -> Result<(), JournalError> {
        let highest_seq = self.fold.highest_seq();
        let replaced = self.open_anew()?;
        let watermark = self.checkpoint()?.map(|checkpoint| checkpoint.watermark());
        self.previous = Some(
            Previous::new(replaced, unread, watermark, highest_seq)
                .map_err(|error| self.io("reading", &error))?,
        );
        Ok(())
    }

    /// Opens and folds what the path names now; returns the file before it.
    pub(super) fn open_anew(&mut self) -> Result<Box<dyn AppendFile>, JournalError> {
        let file =
            self.storage.open_append(&self.path).map_err(|error| self.io("opening", &error))?;
        // Who renamed it may not have made the new name durable, and rows are
        // acknowledged under that name from now on.
        self.storage.sync_parent(&self.path).map_err(|error| self.io("opening", &error))?;
        let replaced = std::mem::replace(&mut self.file, file);
        self.start_over()?;
        Ok(replaced)
    }

    /// The checkpoint that the file begins with, if it does.
    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>, JournalError> {
        if self.folded == 0 {
            return Ok(None);
        }
        let first = self.read_lines(0, 4096)?;
        let first = lines::split(&first)
            .next()
            .filter(|line| checksum::check(&lines::text(line.bytes)) != Checked::Wrong)
            .map(|line| serde_json::from_slice(line.bytes));
        Ok(match first {
            Some(Ok(Checkpoint { op, .. })) if op != Op::Checkpoint.as_str() => None,
            Some(Ok(checkpoint)) => Some(checkpoint),
            Some(Err(_)) | None => None,
        })
    }
}

/// What matters here of a CHECKPOINT row.
#[derive(Deserialize)]
pub(super) struct Checkpoint {
    op: String,
    #[serde(default)]
    seq_watermark: Value,
    /// Where the rows are that it stands for. Only our own checkpoints say so.
    #[serde(default)]
    pub(super) archive: Option<Archive>,
}

/// The segment that a compaction left beside the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Archive {
    /// Its name, in the journal's directory.
    pub(super) file: String,
    /// How many of its bytes the compaction read. What comes after them was
    /// written too late, and belongs into the journal.
    pub(super) bytes: u64,
}

impl Checkpoint {
    fn watermark(&self) -> u64 {
        seq_of(Some(&self.seq_watermark))
    }
}
