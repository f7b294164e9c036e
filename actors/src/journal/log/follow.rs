//! Following what other processes write to the same file.

use dosd_kernel::fold::Fold;
use dosd_kernel::lines;
use memchr::memchr;

use super::Log;
use super::anchor::Anchor;
use super::replaced::Unread;
use super::report::Report;
use crate::journal::error::JournalError;
use crate::journal::position::{FileIdentity, head_of};
use crate::journal::read::{parses, scan_complete};

/// Read at once; a longer line makes the buffer grow.
const CHUNK: u64 = 1 << 20;

/// What a look at the file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Nothing new.
    Unchanged,
    /// Rows were appended; they are folded.
    Grown,
    /// The file was rewritten; the fold was made anew.
    Rewritten,
}

impl<F: Fold> Log<F> {
    /// Folds what others appended since the last look. Costs one `stat` when
    /// there is nothing.
    ///
    /// # Errors
    /// What the file system says; a fatal error of an earlier write stays.
    pub fn follow(&mut self) -> Result<Followed, JournalError> {
        self.check_usable()?;
        if self.catch_up(Unread::AfterFolded(self.folded))? {
            return Ok(Followed::Rewritten);
        }
        let len = self.file.stat().map_err(|error| self.io("reading", &error))?.len;
        let seen = self.folded + self.torn;
        let followed = if len == seen {
            Followed::Unchanged
        } else if len < seen || !self.only_grew()? {
            self.start_over()?;
            self.reports.push(Report::Rewritten { rows: self.lines });
            Followed::Rewritten
        } else {
            self.fold_rest()?;
            Followed::Grown
        };
        let saved = self.save_late_rows()?;
        Ok(if saved && followed == Followed::Unchanged { Followed::Grown } else { followed })
    }

    /// Folds the open file from the first byte on.
    fn start_over(&mut self) -> Result<(), JournalError> {
        let stat = self.file.stat().map_err(|error| self.io("reading", &error))?;
        self.begin_anew(stat.inode);
        self.fold_rest()
    }

    /// Forgets what was folded: the open file is another one, or says something else.
    pub(super) fn begin_anew(&mut self, inode: u64) {
        self.identity = FileIdentity { inode, head: None };
        self.anchor = Anchor::default();
        self.fold = F::default();
        (self.folded, self.torn, self.lines) = (0, 0, 0);
        self.moved = true;
    }

    fn only_grew(&self) -> Result<bool, JournalError> {
        self.anchor
            .holds(self.file.as_ref(), self.folded)
            .map_err(|error| self.io("reading", &error))
    }

    /// Folds the complete lines after `folded`. A last row that only lacks its
    /// newline is given one: it counts, and the next row must not be glued to it.
    pub(super) fn fold_rest(&mut self) -> Result<(), JournalError> {
        // Not known any more, if a read fails.
        self.torn = 0;
        let mut buffer = Vec::new();
        loop {
            let start = buffer.len();
            let from = self.folded + start as u64;
            let len = self.file.stat().map_err(|error| self.io("reading", &error))?.len;
            let wanted = len.saturating_sub(from).min(CHUNK);
            buffer.append(&mut self.read_region(from, from + wanted)?);
            if buffer.len() > start {
                if memchr(b'\n', &buffer[start..]).is_some() {
                    let consumed = self.fold_bytes(&buffer);
                    buffer.drain(..consumed);
                }
            } else if lines::split(&buffer).next().is_some_and(|line| parses(&line)) {
                self.end_line()?;
            } else {
                break;
            }
        }
        self.torn = buffer.len() as u64;
        Ok(())
    }

    /// Writes the newline that the last line lacks.
    pub(super) fn end_line(&mut self) -> Result<(), JournalError> {
        match self.file.append(b"\n") {
            Ok(1) => Ok(()),
            Ok(_) => Err(self.fail_for_good("write", &std::io::ErrorKind::WriteZero.into())),
            Err(error) => Err(self.fail_for_good("write", &error)),
        }
    }

    /// Folds the complete lines of `bytes`, which begin at `folded`; returns how
    /// many bytes they take.
    fn fold_bytes(&mut self, bytes: &[u8]) -> usize {
        let found = scan_complete(bytes, self.folded, self.lines, &mut self.fold);
        let consumed = usize::try_from(found.consumed).unwrap_or(usize::MAX);
        self.moved = true;
        self.is_unsynced = true;
        self.know_head(bytes);
        self.anchor.learn(&bytes[..consumed]);
        for damage in found.damage {
            self.reports.push(Report::Damaged { line: damage.line, offset: damage.offset });
        }
        self.folded += found.consumed;
        self.lines += found.lines;
        consumed
    }

    /// Learns the first line, once there is one; `bytes` begin at `folded`.
    pub(super) fn know_head(&mut self, bytes: &[u8]) {
        if self.folded == 0
            && let Some(first) = lines::split(bytes).next()
            && first.terminated
        {
            self.identity.head = Some(head_of(first.bytes));
        }
    }
}
