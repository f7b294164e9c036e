//! Reading a journal's bytes: what is a row, what is damage, what is a torn
//! tail. Folds and reports; opens and writes nothing.

use std::io::{self, BufRead};

use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::fold::Fold;
use dosd_kernel::lines::{self, Line, LineKind};

use crate::canary::{Canary, is_planted};

/// A line that does not parse, or whose check sum does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Byte offset of the line's start in the file.
    pub offset: u64,
    /// Index of the line, from 0.
    pub line: u64,
}

/// What a stretch of a journal held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Rows folded.
    pub rows: u64,
    /// Lines seen, of every kind.
    pub lines: u64,
    /// Lines that do not parse, or whose check sums do not match.
    pub damage: Vec<Damage>,
    /// Bytes consumed. What follows them is a torn last line.
    pub consumed: u64,
    /// Offset of a last line that has no newline and does not parse: it did not
    /// happen.
    pub torn: Option<u64>,
}

/// Folds a whole journal as it stands: a last line without a newline counts when
/// it parses.
pub fn scan<F: Fold>(bytes: &[u8], fold: &mut F) -> Scan {
    let mut found = Scan::default();
    for line in lines::split(bytes) {
        let offset = line.offset as u64;
        if !line.terminated && !parses(&line) {
            found.torn = Some(offset);
            break;
        }
        fold_line(fold, &line, offset, found.lines, &mut found);
    }
    found
}

/// A line of a journal that is walked through, and what the fold made of it.
#[derive(Debug, Clone, Copy)]
pub struct Walked<'a> {
    /// Index of the line, from 0.
    pub line: u64,
    /// Byte offset of its start.
    pub offset: u64,
    /// Its bytes, without the newline.
    pub bytes: &'a [u8],
    /// Whether a newline ends it.
    pub terminated: bool,
    /// What became of it; none for a torn last line, which did not happen.
    pub kind: Option<LineKind>,
}

/// [`scan`] of a journal that is read line by line, and shown to `see` the same way: no more
/// of it than one line is in memory.
///
/// # Errors
/// What reading says, and what `see` says.
pub fn walk<F: Fold>(
    mut journal: impl BufRead,
    fold: &mut F,
    mut see: impl FnMut(Walked<'_>) -> io::Result<()>,
) -> io::Result<Scan> {
    let mut found = Scan::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        if journal.read_until(b'\n', &mut buffer)? == 0 {
            return Ok(found);
        }
        let terminated = buffer.last() == Some(&b'\n');
        let bytes = buffer.strip_suffix(b"\n").unwrap_or(&buffer);
        let line = Line { offset: 0, bytes, terminated };
        let (offset, index) = (found.consumed, found.lines);
        let is_torn = !terminated && !parses(&line);
        let kind = if is_torn {
            found.torn = Some(offset);
            None
        } else {
            let kind = fold_line(fold, &line, offset, index, &mut found);
            found.consumed = offset + line.end() as u64;
            Some(kind)
        };
        see(Walked { line: index, offset, bytes, terminated, kind })?;
    }
}

/// Folds the complete lines of `bytes`, which begin at `base` with line number
/// `first_line`; leaves an unterminated rest alone.
pub(super) fn scan_complete<F: Fold>(
    bytes: &[u8],
    base: u64,
    first_line: u64,
    fold: &mut F,
) -> Scan {
    let mut found = Scan::default();
    for line in lines::split(bytes) {
        if !line.terminated {
            break;
        }
        fold_line(fold, &line, base + line.offset as u64, first_line + found.lines, &mut found);
    }
    found
}

/// Whether an unterminated line is a whole row that only lacks its newline.
pub(super) fn parses(line: &Line<'_>) -> bool {
    let text = lines::text(line.bytes);
    serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok()
        && checksum::check(&text) != Checked::Wrong
}

/// Bytes that are no text read as U+FFFD, as they do for the Python programs: a
/// lease must not vanish for one of us alone.
fn fold_line<F: Fold>(
    fold: &mut F,
    line: &Line<'_>,
    offset: u64,
    index: u64,
    found: &mut Scan,
) -> LineKind {
    // Text nearly always is text, and checking that is much faster alone.
    let kind = match std::str::from_utf8(line.bytes) {
        Ok(text) => fold.apply_line(text),
        Err(_) => fold.apply_line(&lines::text(line.bytes)),
    };
    match kind {
        LineKind::Row => found.rows += 1,
        LineKind::Corrupt if is_planted(Canary::HideDamage) => {}
        LineKind::Corrupt => found.damage.push(Damage { offset, line: index }),
        LineKind::Skipped => {}
    }
    found.lines += 1;
    found.consumed = line.end() as u64;
    kind
}
