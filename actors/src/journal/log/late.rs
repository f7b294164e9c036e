//! Rows that reach a file after it was replaced.
//!
//! A process that opened the journal before a compaction renamed a new file over
//! it writes into the old one. This writer keeps the old file open and moves
//! such rows to where they belong.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::fold::{Fold, seq_of};
use dosd_kernel::lane::Op;
use dosd_kernel::lines::{self, Line};
use serde::Deserialize;
use serde_json::Value;

use super::Log;
use super::place::Placed;
use super::replaced::Unread;
use super::report::Report;
use crate::journal::error::JournalError;
use crate::journal::read::scan_complete;
use crate::port::AppendFile;

/// A replaced file that somebody may still write to.
pub(super) struct Previous {
    file: Box<dyn AppendFile>,
    /// Bytes of it that are dealt with.
    read: u64,
    /// From here on nobody but us has read it. Before this place, a row that
    /// moves a lease was read by the one who replaced the file, and a lease may
    /// have moved on since; the others are only history.
    unread: u64,
}

impl Previous {
    /// `unread` is what we know of our own; `watermark` is the highest number
    /// that the one who replaced the file says to have read, `highest_seq` the
    /// highest that we have. Gives the file back if it cannot be read.
    pub(super) fn new(
        file: Box<dyn AppendFile>,
        unread: Unread,
        watermark: Option<u64>,
        highest_seq: u64,
    ) -> Result<Self, (Box<dyn AppendFile>, io::Error)> {
        let (Unread::AfterFolded(known) | Unread::Own(known)) = unread;
        let Some(watermark) = watermark else {
            return Ok(Self { file, read: known, unread: known });
        };
        let from = if highest_seq > watermark { 0 } else { known };
        let rows = match file.stat().and_then(|stat| file.read_range(from, stat.len)) {
            Ok(rows) => rows,
            Err(error) => return Err((file, error)),
        };
        let above = from + first_above(&rows, watermark);
        let read = above.min(known);
        let unread = match unread {
            Unread::AfterFolded(_) => above,
            Unread::Own(_) => read,
        };
        Ok(Self { file, read, unread })
    }

    /// A file of which all but the first `bytes` is unread.
    pub(super) fn after(file: Box<dyn AppendFile>, bytes: u64) -> Self {
        Self { file, read: bytes, unread: bytes }
    }

    /// The complete lines since the last look, and how many bytes of them the
    /// one who replaced the file may have read.
    fn read_rest(&self) -> io::Result<(Vec<u8>, u64)> {
        let len = self.file.stat()?.len;
        let mut bytes = self.file.read_range(self.read, len)?;
        // A line that is still being written is looked at again next time.
        let complete = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        bytes.truncate(complete);
        let doubtful = self.unread.saturating_sub(self.read);
        Ok((bytes, doubtful))
    }
}

impl<F: Fold> Log<F> {
    /// Appends to the journal what was written to its replaced file since the
    /// last look. Says whether there was anything. What already stands in the
    /// new file to the letter is left out.
    pub(super) fn save_late_rows(&mut self) -> Result<bool, JournalError> {
        let Some(previous) = &self.previous else { return Ok(false) };
        let rest = previous.read_rest();
        let (late, doubtful) = rest.map_err(|error| self.io("reading", &error))?;
        if late.is_empty() {
            return Ok(false);
        }
        let standing = self.read_region(0, self.folded)?;
        let standing: HashSet<&[u8]> = lines::split(&standing).map(|line| line.bytes).collect();
        let mut out = Vec::new();
        let mut rows = 0;
        for line in lines::split(&late) {
            let is_doubtful = (line.offset as u64) < doubtful;
            if is_late_row(&line, is_doubtful) && !standing.contains(line.bytes) {
                out.extend_from_slice(line.bytes);
                out.push(b'\n');
                rows += 1;
            }
        }
        if rows > 0 {
            if self.land(&out, rows)? == Placed::Alone {
                scan_complete(&out, 0, 0, &mut self.fold);
                self.moved = true;
            }
            self.sync()?;
        }
        // Only now: what failed before is looked at again, and what stands is left out.
        if let Some(previous) = &mut self.previous {
            previous.read += late.len() as u64;
        }
        if rows == 0 {
            return Ok(false);
        }
        self.reports.push(Report::SavedLateRows { rows: rows as u64 });
        Ok(true)
    }

    /// Looks into the segment that the compaction of this file left: whoever did
    /// it may have ended before the last late row came.
    pub(super) fn reopen_archive(&mut self) -> Result<(), JournalError> {
        let Some(archive) = self.checkpoint()?.and_then(|checkpoint| checkpoint.archive) else {
            return Ok(());
        };
        if Path::new(&archive.file).file_name() != Some(archive.file.as_ref()) {
            return Ok(());
        }
        let path = self.path.with_file_name(&archive.file);
        // The operator may have moved it away; it must not come back empty.
        let there = self.storage.stat(&path).map_err(|error| self.io("reading", &error))?;
        if there.is_none_or(|stat| stat.inode == self.identity.inode) {
            return Ok(());
        }
        let file = self.storage.open_append(&path).map_err(|error| self.io("opening", &error))?;
        self.previous = Some(Previous::after(file, archive.bytes));
        self.save_late_rows()?;
        Ok(())
    }
}

/// A checkpoint is the rewriter's own; everything else that is an object is a
/// row that somebody was told is written.
fn is_late_row(line: &Line<'_>, is_doubtful: bool) -> bool {
    let Ok(Value::Object(row)) = serde_json::from_slice(line.bytes) else { return false };
    if checksum::check(&lines::text(line.bytes)) == Checked::Wrong {
        return false;
    }
    match Op::of(row.get("op").and_then(Value::as_str).unwrap_or_default()) {
        Op::Checkpoint => false,
        Op::Acquire | Op::Reconcile | Op::Release | Op::Scavenge | Op::Heartbeat | Op::Adopt => {
            !is_doubtful
        }
        Op::Spawn
        | Op::Halt
        | Op::Refuse
        | Op::Enforce
        | Op::Attempt
        | Op::WorkerStarted
        | Op::WorkerExited
        | Op::WorkerGaveUp
        | Op::WorkerReset
        | Op::Corrupt
        | Op::Unknown => true,
    }
}

/// Where the first row begins whose number is above `watermark`: nobody who gave
/// that watermark had read it. Without one, the end of the last complete line.
fn first_above(rows: &[u8], watermark: u64) -> u64 {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(default)]
        seq: Value,
    }
    let mut end = 0;
    for line in lines::split(rows).filter(|line| line.terminated) {
        let numbered = serde_json::from_slice::<Numbered>(line.bytes);
        if numbered.is_ok_and(|row| seq_of(Some(&row.seq)) > watermark) {
            return line.offset as u64;
        }
        end = line.end() as u64;
    }
    end
}
