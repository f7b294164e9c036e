//! Placing rows in a file that others write to: whole, and each on a line of its
//! own.

use std::collections::HashSet;

use dosd_kernel::fold::Fold;

use super::Log;
use super::report::Report;
use crate::canary::{Canary, is_planted};
use crate::journal::error::JournalError;

/// How often a row that a foreign fragment or a short write spoilt is written
/// again before the disk is declared unusable.
const ATTEMPTS: usize = 8;

impl<F: Fold> Log<F> {
    /// Puts whole lines into the file, each on a line of its own. They are folded,
    /// unless they landed alone: the caller may know them already.
    pub(super) fn land(&mut self, lines: &[u8], count: usize) -> Result<Placed, JournalError> {
        // A fragment before ours, or a write in between: read what is there.
        let heal = self.torn > 0;
        let placed = if heal && is_planted(Canary::GlueTornTail) {
            self.write(lines)?;
            Placed::Alone
        } else if heal {
            let mut out = Vec::with_capacity(lines.len() + 1);
            out.push(b'\n');
            out.extend_from_slice(lines);
            self.write(&out)?;
            Placed::Among
        } else {
            self.write(lines)?
        };
        match placed {
            Placed::Alone => self.step_over(lines, count),
            Placed::Among => self.secure(lines)?,
        }
        Ok(placed)
    }

    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        if is_planted(Canary::AcknowledgeBeforeSync) {
            return Ok(());
        }
        match self.file.sync() {
            Ok(()) => {
                self.is_unsynced = false;
                Ok(())
            }
            Err(_) if is_planted(Canary::AcknowledgeUnsynced) => Ok(()),
            Err(_) if is_planted(Canary::AskSyncAgain) && self.file.sync().is_ok() => Ok(()),
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
