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

/// A file that was left for the one that its path names now, while that is not folded yet: a
/// read that fails in between must not lose what late writers put there.
pub(super) struct Leaving {
    file: Box<dyn AppendFile>,
    why: Left,
}

/// Why a file was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Another process renamed one over it; ours went up to `highest_seq`.
    Replaced {
        /// What of it that process cannot have read.
        unread: Unread,
        /// The highest number in it.
        highest_seq: u64,
    },
    /// We compacted it, and read so many bytes of it.
    Compacted(u64),
}

impl<F: Fold> Log<F> {
    /// Goes over to the file that the path names now, if that is another one, and
    /// takes along what the one who replaced it cannot have read. Says whether
    /// there was another file.
    pub(super) fn catch_up(&mut self, mut unread: Unread) -> Result<bool, JournalError> {
        // Begun before, and failed.
        let mut changed = self.finish_change()?;
        for _ in 0..ATTEMPTS {
            let found =
                self.storage.stat(&self.path).map_err(|error| self.io("reading", &error))?;
            if found.is_some_and(|stat| stat.inode == self.identity.inode) {
                return Ok(changed);
            }
            let highest_seq = self.fold.highest_seq();
            self.change_file(Left::Replaced { unread, highest_seq })?;
            changed = true;
            unread = Unread::Own(self.folded);
            self.save_late_rows()?;
        }
        Err(self.io("following", &std::io::Error::other("it is replaced again and again")))
    }

    /// Opens and folds what the path names now. The file before it stays open.
    pub(super) fn change_file(&mut self, why: Left) -> Result<(), JournalError> {
        let opening = |log: &Self, error: &std::io::Error| log.io("opening", error);
        let file = self.storage.open_append(&self.path).map_err(|error| opening(self, &error))?;
        // Who renamed it may not have made the new name durable, and rows are
        // acknowledged under that name from now on.
        self.storage.sync_parent(&self.path).map_err(|error| opening(self, &error))?;
        let inode = file.stat().map_err(|error| opening(self, &error))?.inode;
        let file = std::mem::replace(&mut self.file, file);
        self.leaving = Some(Leaving { file, why });
        self.begin_anew(inode);
        self.finish_change()?;
        Ok(())
    }

    /// Does the rest of [`Log::change_file`], which may be tried again. Says whether there was
    /// anything to do.
    fn finish_change(&mut self) -> Result<bool, JournalError> {
        if self.leaving.is_none() {
            return Ok(false);
        }
        self.fold_rest()?;
        let watermark = self.checkpoint()?.map(|checkpoint| checkpoint.watermark());
        let Some(Leaving { file, why }) = self.leaving.take() else { return Ok(false) };
        self.previous = Some(match why {
            Left::Compacted(read) => Previous::after(file, read),
            Left::Replaced { unread, highest_seq } => {
                match Previous::new(file, unread, watermark, highest_seq) {
                    Ok(previous) => previous,
                    Err((file, error)) => {
                        self.leaving = Some(Leaving { file, why });
                        return Err(self.io("reading", &error));
                    }
                }
            }
        });
        if let Left::Replaced { .. } = why {
            self.reports.push(Report::Rewritten { rows: self.lines });
        }
        Ok(true)
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
