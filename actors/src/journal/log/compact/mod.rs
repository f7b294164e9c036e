//! Compacting the lane journal: a checkpoint instead of the history, and the
//! history beside it.
//!
//! There is no moment at which a crash loses a row: first the old file gets its
//! second name, then the new one is made, then it is renamed to where the old one
//! stood. What others write into the old file afterwards is moved over.

mod glance;
mod keep;
mod tenancy;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dosd_kernel::checksum;
use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{LaneFold, Op};
use dosd_kernel::lines;
use dosd_kernel::stamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Log;
use super::replaced::{Archive, Left};
use crate::journal::error::JournalError;
use crate::journal::mutex::LeaseHold;
use crate::journal::read::scan;

/// What a compaction did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Rows before, damaged lines counted too.
    pub entries_before: u64,
    /// Rows after.
    pub entries_after: u64,
    /// Bytes by which the live file is smaller now.
    pub bytes_reclaimed: u64,
    /// The segment that holds what was there before; `None` when nothing would
    /// have gone away, and the file was left alone.
    pub archive: Option<PathBuf>,
}

impl Log<LaneFold> {
    /// Folds the journal to a checkpoint. Rows that are no part of the fold are
    /// kept for as long as `retention`, those of open runs for ever; everything
    /// else stays readable in an archive segment beside the journal.
    ///
    /// # Errors
    /// [`Busy`](super::JournalErrorKind::Busy) when `hold` was lost meanwhile, and
    /// what the file system says; the journal then is as it was.
    pub fn compact(
        &mut self,
        hold: &LeaseHold,
        now_ms: i64,
        retention: Duration,
    ) -> Result<Compacted, JournalError> {
        self.follow()?;
        if self.torn > 0 {
            // A fragment must not glue itself to what a late writer puts into the
            // old file.
            self.end_line()?;
            self.fold_rest()?;
        }
        self.sync()?;
        let bytes = self.read_region(0, self.folded)?;
        let since_ms =
            now_ms.saturating_sub(i64::try_from(retention.as_millis()).unwrap_or(i64::MAX));
        let kept = keep::select(&bytes, &self.fold, since_ms, now_ms);
        if kept.before <= kept.after() {
            return Ok(Compacted {
                entries_before: kept.before,
                entries_after: kept.before,
                bytes_reclaimed: 0,
                archive: None,
            });
        }
        let archive = self.link_archive().map_err(|error| self.io("archiving", &error))?;
        let swapped = self
            .content(&kept.lines, &archive, now_ms)
            .and_then(|content| self.swap_in(&content, hold).map(|()| content));
        let content = match swapped {
            Ok(content) => content,
            Err(failed) => {
                self.unlink_archive(&archive);
                return Err(failed);
            }
        };
        let read = self.folded;
        self.change_file(Left::Compacted(read))?;
        let entries_after = lines::split(&content).count() as u64;
        self.save_late_rows()?;
        Ok(Compacted {
            entries_before: kept.before,
            entries_after,
            bytes_reclaimed: read.saturating_sub(content.len() as u64),
            archive: Some(archive),
        })
    }

    /// The new file: a checkpoint, then what is kept. Folds to what the old one
    /// folds to, or is not used.
    fn content(
        &self,
        kept: &[Cow<'_, [u8]>],
        archive: &Path,
        now_ms: i64,
    ) -> Result<Vec<u8>, JournalError> {
        let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let archive = Archive { file: name, bytes: self.folded };
        let checkpoint = checkpoint_line(&self.fold, &archive, now_ms);
        let mut content = checkpoint.clone();
        for line in kept {
            content.extend_from_slice(line);
            content.push(b'\n');
        }
        if !adds_up_to(&content, &self.fold) {
            // A kept row moves its lease once more, for example when a beat came
            // after an adoption: the last word is the checkpoint's.
            content.extend_from_slice(&checkpoint);
        }
        if adds_up_to(&content, &self.fold) {
            Ok(content)
        } else {
            let cause = io::Error::other("the result would not fold to the same state");
            Err(self.io("compacting", &cause))
        }
    }

    /// Makes the new file, durable, and renames it to where the old one stands,
    /// provided that the mutex is still held and nobody else did the same.
    fn swap_in(&self, content: &[u8], hold: &LeaseHold) -> Result<(), JournalError> {
        let failed = |error: io::Error| self.io("compacting", &error);
        let staged = sibling(&self.path, ".compacting");
        self.storage.replace(&staged, content).map_err(failed)?;
        hold.prove()?;
        if !self.is_in_place().map_err(failed)? {
            return Err(failed(io::Error::other("another process rewrote it; try again")));
        }
        self.storage.rename(&staged, &self.path).map_err(failed)
    }

    /// Whether the path names the file that is folded.
    fn is_in_place(&self) -> io::Result<bool> {
        let found = self.storage.stat(&self.path)?;
        Ok(found.is_some_and(|stat| stat.inode == self.identity.inode))
    }

    /// Gives the file its second name, `NAME.SEQ.EXTENSION`.
    fn link_archive(&self) -> io::Result<PathBuf> {
        let seq = self.fold.highest_seq();
        for attempt in 0.. {
            let archive = archive_path(&self.path, seq, attempt);
            match self.storage.link(&self.path, &archive) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => return linked.map(|()| archive),
            }
            let there = self.storage.stat(&archive)?;
            if there.is_some_and(|stat| stat.inode == self.identity.inode) {
                // Left by a compaction that did not come to its end.
                return Ok(archive);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Takes the second name away again, if the file still has its first.
    fn unlink_archive(&self, archive: &Path) {
        if self.is_in_place().unwrap_or(false)
            && let Err(error) = self.storage.remove(archive)
        {
            tracing::warn!(archive = %archive.display(), "a second name of the journal stays: {error}");
        }
    }
}

/// The row that stands for all others. `leases` and `seq_watermark` are what
/// every reader knows; `archive` is for the next writer of ours.
fn checkpoint_line(fold: &LaneFold, archive: &Archive, now_ms: i64) -> Vec<u8> {
    let leases: Vec<_> = fold.leases().map(|lease| Value::from(lease.fields().clone())).collect();
    let row = json!({
        "op": Op::Checkpoint.as_str(),
        "ts": stamp::format_ms(now_ms),
        "leases": leases,
        "seq_watermark": fold.highest_seq(),
        "archive": { "file": archive.file, "bytes": archive.bytes },
    });
    let sealed = row.as_object().cloned().map(checksum::seal);
    let mut line = sealed.unwrap_or_default().into_bytes();
    line.push(b'\n');
    line
}

/// Whether `content` folds to what `fold` says about leases, numbers and runs.
fn adds_up_to(content: &[u8], fold: &LaneFold) -> bool {
    let mut again = LaneFold::default();
    let found = scan(content, &mut again);
    found.damage.is_empty()
        && again.leases().eq(fold.leases())
        && again.highest_seq() == fold.highest_seq()
        && again.open_runs().eq(fold.open_runs())
        && again.corrupt() == fold.corrupt()
}

fn archive_path(journal: &Path, seq: u64, attempt: u32) -> PathBuf {
    let mut name = journal.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{seq}"));
    if attempt > 0 {
        name.push(format!("-{attempt}"));
    }
    if let Some(extension) = journal.extension() {
        name.push(".");
        name.push(extension);
    }
    journal.with_file_name(name)
}

fn sibling(journal: &Path, suffix: &str) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    journal.with_file_name(name)
}
