//! Appending rows so that an acknowledged one is on disk, whole, and counted.

use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold;

use super::Log;
use super::place::Placed;
use super::replaced::Unread;
use crate::journal::error::JournalError;
use crate::journal::position::Cursor;
use crate::journal::read::scan_complete;

/// So many rows are folded on a thread of their own while the disk works: from
/// here on that takes longer than starting the thread.
const MANY_ROWS: usize = 32;

/// Rows that are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The first row's number.
    pub first_seq: u64,
    /// The last row's number.
    pub last_seq: u64,
    /// A place after these rows: the end of what was on disk with them.
    pub end: Cursor,
}

/// Rows that are on disk, and perhaps not in the fold.
#[derive(Debug, Clone, Copy)]
pub(in crate::journal) struct Written {
    pub(in crate::journal) committed: Committed,
    is_folded: bool,
}

impl<F: Fold> Log<F> {
    /// Writes `rows` as one `O_APPEND` write and one `fdatasync`, after folding
    /// what others wrote.
    ///
    /// # Errors
    /// A failed write or sync is fatal for this writer: see
    /// [`JournalErrorKind::Fatal`](super::super::JournalErrorKind::Fatal).
    pub fn append(&mut self, rows: &[Draft]) -> Result<Committed, JournalError> {
        let first_seq = self.encode(rows)?;
        let written = self.write_out(first_seq, rows.len(), &mut Vec::new())?;
        self.fold_written(written);
        Ok(written.committed)
    }

    /// [`Log::append`] up to the moment when the rows are on disk. They may be
    /// acknowledged before [`Log::fold_written`] is called, which has to come
    /// before anything else. Many rows are freed on the way; what then is left of
    /// them is the caller's to free.
    pub(in crate::journal) fn write_rows(
        &mut self,
        rows: &mut Vec<Draft>,
    ) -> Result<Written, JournalError> {
        let first_seq = self.encode(rows)?;
        self.write_out(first_seq, rows.len(), rows)
    }

    /// Folds rows that were just written.
    pub(in crate::journal) fn fold_written(&mut self, written: Written) {
        if !written.is_folded {
            scan_complete(&self.out, 0, 0, &mut self.fold);
        }
    }

    /// Numbers the rows and puts their lines into `out`.
    fn encode(&mut self, rows: &[Draft]) -> Result<u64, JournalError> {
        self.follow()?;
        let first_seq = self.fold.highest_seq() + 1;
        self.out.clear();
        for (row, seq) in rows.iter().zip(first_seq..) {
            row.write_into(&mut self.out, seq);
        }
        Ok(first_seq)
    }

    fn write_out(
        &mut self,
        first_seq: u64,
        count: usize,
        used: &mut Vec<Draft>,
    ) -> Result<Written, JournalError> {
        let began = self.folded;
        let lines = std::mem::take(&mut self.out);
        let is_folded = self.land(&lines, count).and_then(|placed| {
            let is_folded = placed == Placed::Among;
            if count < MANY_ROWS {
                self.sync().map(|()| is_folded)
            } else {
                self.sync_beside(&lines, is_folded, used)
            }
        });
        self.out = lines;
        let is_folded = is_folded?;
        // A file renamed over ours between the look and the write: the rows are
        // in a file that nobody reads any more.
        let is_replaced = self.catch_up(Unread::Own(began))?;
        let last_seq = first_seq + count as u64 - 1;
        self.synced_seq = last_seq;
        Ok(Written {
            committed: Committed { first_seq, last_seq, end: self.end() },
            is_folded: is_replaced || is_folded,
        })
    }

    /// Folds `lines`, and frees the rows they were made of, while the disk works.
    /// Says whether they are folded.
    fn sync_beside(
        &mut self,
        lines: &[u8],
        is_folded: bool,
        used: &mut Vec<Draft>,
    ) -> Result<bool, JournalError> {
        let Self { file, fold, .. } = self;
        let work = || {
            used.clear();
            if !is_folded {
                scan_complete(lines, 0, 0, fold);
            }
        };
        let (synced, is_folded) = std::thread::scope(|scope| {
            let beside = std::thread::Builder::new().spawn_scoped(scope, work);
            (file.sync(), is_folded || beside.is_ok())
        });
        match synced {
            Ok(()) => Ok(is_folded),
            Err(error) => Err(self.fail_for_good("fdatasync", &error)),
        }
    }
}
