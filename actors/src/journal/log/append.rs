//! Appending rows so that an acknowledged one is on disk, whole, and counted.

use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold;

use super::Log;
use super::place::Placed;
use super::replaced::Unread;
use crate::canary::{Canary, is_planted};
use crate::journal::error::JournalError;
use crate::journal::position::Cursor;
use crate::journal::read::scan_complete;

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

/// When rows of ours are folded, and freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::journal) enum FoldOwn {
    /// After they are acknowledged: whoever waits goes on meanwhile.
    Afterwards,
    /// While the disk works: it then takes a call more to start it.
    Meanwhile,
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
        self.follow()?;
        let first_seq = self.encode(rows);
        let written = self.write_out(first_seq, rows.len(), FoldOwn::Afterwards, || ())?;
        self.fold_written(written);
        Ok(written.committed)
    }

    /// [`Log::append`] up to the moment when the rows are on disk. They may be
    /// acknowledged before [`Log::fold_written`] is called, which has to come
    /// before anything else. Rows that were folded meanwhile are freed.
    pub(in crate::journal) fn write_rows(
        &mut self,
        rows: &mut Vec<Draft>,
        when: FoldOwn,
    ) -> Result<Written, JournalError> {
        self.follow()?;
        let first_seq = self.encode(rows);
        self.write_out(first_seq, rows.len(), when, || rows.clear())
    }

    /// Folds rows that were just written.
    pub(in crate::journal) fn fold_written(&mut self, written: Written) {
        if !written.is_folded {
            scan_complete(&self.out, 0, 0, &mut self.fold);
        }
    }

    /// Writes and folds rows right behind what is folded, and leaves it to
    /// [`Log::settle`] to make sure of them. Gives the number of the last one.
    pub(super) fn write_unsettled(&mut self, rows: &[Draft]) -> Result<u64, JournalError> {
        let first_seq = self.encode(rows);
        let lines = std::mem::take(&mut self.out);
        let landed = self.land(&lines, rows.len());
        if landed == Ok(Placed::Alone) {
            scan_complete(&lines, 0, 0, &mut self.fold);
        }
        self.out = lines;
        landed.map(|_| first_seq + rows.len() as u64 - 1)
    }

    /// Numbers the rows and puts their lines into `out`.
    fn encode(&mut self, rows: &[Draft]) -> u64 {
        let first_seq = self.fold.highest_seq() + 1;
        self.out.clear();
        for (row, seq) in rows.iter().zip(first_seq..) {
            row.write_into(&mut self.out, seq);
        }
        first_seq
    }

    /// Writes and syncs what is in `out`. `meanwhile` is called when the disk is
    /// about to work.
    fn write_out(
        &mut self,
        first_seq: u64,
        count: usize,
        when: FoldOwn,
        meanwhile: impl FnOnce(),
    ) -> Result<Written, JournalError> {
        let began = self.folded;
        let lines = std::mem::take(&mut self.out);
        let landed = self.land(&lines, count);
        let is_early = landed == Ok(Placed::Alone) && when == FoldOwn::Meanwhile;
        if is_early {
            self.file.begin_sync(began, lines.len() as u64);
            meanwhile();
            scan_complete(&lines, 0, 0, &mut self.fold);
        }
        self.out = lines;
        let placed = landed?;
        self.sync()?;
        // A file renamed over ours between the look and the write: the rows are
        // in a file that nobody reads any more.
        let inode = self.identity.inode;
        let is_replaced = match self.catch_up(Unread::Own(began)) {
            Ok(is_replaced) => is_replaced,
            Err(failed) => {
                // Nobody is told that the rows stand, but they do.
                let stands_unfolded = placed == Placed::Alone && !is_early;
                if stands_unfolded
                    && self.identity.inode == inode
                    && !is_planted(Canary::ForgetOwnRows)
                {
                    scan_complete(&self.out, 0, 0, &mut self.fold);
                }
                return Err(failed);
            }
        };
        let last_seq = first_seq + count as u64 - 1;
        self.synced_seq = last_seq;
        Ok(Written {
            committed: Committed { first_seq, last_seq, end: self.end() },
            is_folded: is_replaced || is_early || placed == Placed::Among,
        })
    }
}
