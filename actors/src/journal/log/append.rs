//! Appending rows so that an acknowledged one is on disk, whole, on a line of
//! its own.

use std::collections::HashSet;

use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold;

use super::Log;
use super::replaced::Unread;
use super::report::Report;
use crate::journal::error::JournalError;
use crate::journal::position::Cursor;
use crate::journal::read::scan_complete;

/// How often a row that a foreign fragment or a short write spoilt is written
/// again before the disk is declared unusable.
const ATTEMPTS: usize = 8;

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
        let written = self.write_rows(rows)?;
        self.fold_written(written);
        Ok(written.committed)
    }

    /// [`Log::append`] up to the moment when the rows are on disk. They may be
    /// acknowledged before [`Log::fold_written`] is called, which has to come
    /// before anything else.
    pub(in crate::journal) fn write_rows(
        &mut self,
        rows: &[Draft],
    ) -> Result<Written, JournalError> {
        self.follow()?;
        let first_seq = self.fold.highest_seq() + 1;
        let mut lines = std::mem::take(&mut self.out);
        lines.clear();
        for (row, seq) in rows.iter().zip(first_seq..) {
            row.write_into(&mut lines, seq);
        }
        let began = self.folded;
        let put = self.put(&lines);
        let is_alone = put == Ok(Placed::Alone);
        if is_alone {
            self.step_over(&lines, rows.len());
        }
        self.out = lines;
        put?;
        // A file renamed over ours between the look and the write: the rows are
        // in a file that nobody reads any more.
        let is_replaced = self.catch_up(Unread::Own(began))?;
        let last_seq = first_seq + rows.len() as u64 - 1;
        Ok(Written {
            committed: Committed { first_seq, last_seq, end: self.end() },
            is_folded: is_replaced || !is_alone,
        })
    }

    /// Folds rows that were just written.
    pub(in crate::journal) fn fold_written(&mut self, written: Written) {
        if !written.is_folded {
            scan_complete(&self.out, 0, 0, &mut self.fold);
        }
    }

    /// Puts whole lines on disk, each on a line of its own. They are folded,
    /// unless they landed alone: the caller may know them already.
    pub(super) fn put(&mut self, lines: &[u8]) -> Result<Placed, JournalError> {
        // A fragment before ours, or a write in between: read what is there.
        let heal = self.torn > 0;
        let placed = if heal {
            let mut out = Vec::with_capacity(lines.len() + 1);
            out.push(b'\n');
            out.extend_from_slice(lines);
            self.write(&out)?;
            Placed::Among
        } else {
            self.write(lines)?
        };
        if placed == Placed::Among {
            self.secure(lines)?;
        }
        match self.file.sync() {
            Ok(()) => Ok(placed),
            Err(error) => Err(self.fail_for_good("fdatasync", &error)),
        }
    }

    /// One write; tells whether it landed, whole, where the fold ends.
    fn write(&mut self, out: &[u8]) -> Result<Placed, JournalError> {
        let taken = match self.file.append(out) {
            Ok(taken) => taken,
            Err(error) => return Err(self.fail_for_good("write", &error)),
        };
        if taken < out.len() {
            self.reports.push(Report::ShortWrite { taken, given: out.len() });
            return Ok(Placed::Among);
        }
        let len = self.file.stat().map_err(|error| self.io("reading", &error))?.len;
        let expected = self.folded + out.len() as u64;
        Ok(if len == expected { Placed::Alone } else { Placed::Among })
    }

    /// Goes on behind rows of ours that are all that is new in the file.
    fn step_over(&mut self, lines: &[u8], count: usize) {
        self.know_head(lines);
        self.anchor.learn(lines);
        self.folded += lines.len() as u64;
        self.lines += count as u64;
    }

    /// Somebody wrote in between, or the write was cut: reads what is there, and
    /// writes again whichever of our rows does not stand on a line of its own.
    fn secure(&mut self, rows: &[u8]) -> Result<(), JournalError> {
        let start = self.folded;
        let mut missing = rows.to_vec();
        for attempt in 0.. {
            self.fold_rest()?;
            let region = self.read_region(start, self.folded)?;
            missing = rows_that_do_not_stand(&region, &missing);
            if missing.is_empty() {
                return Ok(());
            }
            if attempt == ATTEMPTS {
                break;
            }
            let mut again = Vec::with_capacity(missing.len() + 1);
            if self.torn > 0 {
                again.push(b'\n');
            }
            again.extend_from_slice(&missing);
            self.write(&again)?;
        }
        Err(self.fail_for_good("write", &std::io::ErrorKind::WriteZero.into()))
    }
}

/// Where a write landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// Right after what is folded, whole.
    Alone,
    /// Cut short, or beside foreign bytes. What is there now is folded.
    Among,
}

/// Those lines of `rows` that are not lines of `region`.
fn rows_that_do_not_stand(region: &[u8], rows: &[u8]) -> Vec<u8> {
    let standing: HashSet<&[u8]> = region.split_inclusive(|byte| *byte == b'\n').collect();
    let rows = rows.split_inclusive(|byte| *byte == b'\n');
    rows.filter(|row| !standing.contains(row)).flatten().copied().collect()
}
