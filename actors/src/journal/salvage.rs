//! A copy of a journal without what nobody can read.
//!
//! Owns which lines the copy has: every row that the fold counts, byte for byte and in order, and
//! nothing else. It opens no file, and the journal itself is only read.

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Write};

use dosd_kernel::damage::{Flaw, examine};
use dosd_kernel::fold::Fold;
use dosd_kernel::lines::{self, LineKind};

use super::read::{Walked, walk};

/// Why a line is not in the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is damaged.
    Damaged(Flaw),
    /// It is JSON, and no object: no reader ever took it for a row.
    NoObject,
    /// There is nothing on it.
    Blank,
}

impl Reason {
    /// Its name, as it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Damaged(flaw) => flaw.name(),
            Self::NoObject => "no-object",
            Self::Blank => "blank",
        }
    }
}

/// A line that is not in the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Index of the line, from 0.
    pub line: u64,
    /// Byte offset of its start in the original.
    pub offset: u64,
    /// Its bytes, the newline not counted.
    pub length: u64,
    /// Why.
    pub reason: Reason,
}

/// What a copy has and has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Rows in the copy: those that the fold of the original counts.
    pub rows: u64,
    /// Bytes of the copy.
    pub bytes: u64,
    /// Bytes of the original that were read.
    pub read: u64,
    /// Lines that are not in the copy, in the order of the original.
    pub left_out: Vec<LeftOut>,
    /// Whether the last row got the newline that it lacked: it counts without one, and the next
    /// row must not be glued to it.
    pub newline_added: bool,
}

/// Copies what counts in `journal` to `copy`, and what does not to `left`, as it stands. `fold`
/// becomes the fold of the original, and that of the copy is the same.
///
/// # Errors
/// What reading and writing say.
pub fn salvage<F: Fold>(
    journal: impl BufRead,
    fold: &mut F,
    mut copy: impl Write,
    mut left: impl Write,
) -> io::Result<Salvaged> {
    let mut salvaged = Salvaged::default();
    walk(journal, fold, |line| {
        salvaged.read += line.bytes.len() as u64 + u64::from(line.terminated);
        if line.kind == Some(LineKind::Row) {
            copy.write_all(line.bytes)?;
            copy.write_all(b"\n")?;
            salvaged.rows += 1;
            salvaged.bytes += line.bytes.len() as u64 + 1;
            salvaged.newline_added |= !line.terminated;
        } else {
            left.write_all(line.bytes)?;
            if line.terminated {
                left.write_all(b"\n")?;
            }
            salvaged.left_out.push(LeftOut {
                line: line.line,
                offset: line.offset,
                length: line.bytes.len() as u64,
                reason: reason(&line),
            });
        }
        Ok(())
    })?;
    Ok(salvaged)
}

fn reason(line: &Walked<'_>) -> Reason {
    if line.kind != Some(LineKind::Skipped) {
        Reason::Damaged(examine(line.bytes).flaw)
    } else if lines::text(line.bytes).trim().is_empty() {
        Reason::Blank
    } else {
        Reason::NoObject
    }
}
