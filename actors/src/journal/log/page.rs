//! Reading rows from a place on, for exporters.

use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::fold::Fold;
use dosd_kernel::lines::{self, LineKind};
use serde::de::IgnoredAny;

use super::Log;
use crate::canary::{Canary, is_planted};
use crate::journal::error::JournalError;
use crate::journal::message::Page;
use crate::journal::position::{Cursor, EventId, Start};

impl<F: Fold> Log<F> {
    /// Complete rows from `start` on, bounded in number and bytes. They are on disk: a reader
    /// that keeps its place must not find another row there after a loss of power.
    ///
    /// # Errors
    /// What the file system says; a failed sync is fatal, as with [`Log::append`].
    pub fn page(
        &mut self,
        start: Start,
        max_rows: usize,
        max_bytes: usize,
    ) -> Result<Page, JournalError> {
        self.follow()?;
        if self.is_unsynced {
            self.sync()?;
        }
        let (from, rewritten) = self.place(start)?;
        let mut page = Page {
            rows: Vec::new(),
            corrupt: 0,
            next: Cursor { file: self.identity, offset: from },
            behind_bytes: 0,
            rewritten,
        };
        let bytes = self.read_lines(from, max_bytes.max(1))?;
        for line in lines::split(&bytes).take(max_rows) {
            let offset = from + line.offset as u64;
            let text = lines::text(line.bytes);
            match read(&text) {
                LineKind::Row => {
                    page.rows.push((EventId::new(self.identity, offset), text.into_owned()));
                }
                LineKind::Corrupt => page.corrupt += 1,
                LineKind::Skipped => {}
            }
            page.next.offset = offset + line.bytes.len() as u64 + 1;
        }
        page.behind_bytes = self.folded - page.next.offset;
        Ok(page)
    }

    /// The offset to read from, and whether the place asked for is gone.
    fn place(&self, start: Start) -> Result<(u64, bool), JournalError> {
        match start {
            Start::Beginning => Ok((0, false)),
            Start::End => Ok((self.folded, false)),
            Start::At(cursor) => {
                let there = cursor.file.is_same_file(self.identity)
                    && cursor.offset <= self.folded
                    && (is_planted(Canary::FollowCursorIntoRow)
                        || self.begins_a_line(cursor.offset)?);
                Ok(if there { (cursor.offset, false) } else { (0, true) })
            }
        }
    }

    fn begins_a_line(&self, offset: u64) -> Result<bool, JournalError> {
        let Some(before) = offset.checked_sub(1) else { return Ok(true) };
        Ok(self.read_region(before, offset)? == b"\n")
    }

    /// Complete lines from `from` on: about `max_bytes`, but at least one line.
    pub(super) fn read_lines(&self, from: u64, max_bytes: usize) -> Result<Vec<u8>, JournalError> {
        let mut size = max_bytes as u64;
        loop {
            let to = from.saturating_add(size).min(self.folded);
            let mut bytes = self.read_region(from, to)?;
            let complete = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
            if complete > 0 || to == self.folded {
                bytes.truncate(complete);
                return Ok(bytes);
            }
            size = size.saturating_mul(2);
        }
    }

    /// The bytes of the file in `from..to`, all of them folded already.
    pub(super) fn read_region(&self, from: u64, to: u64) -> Result<Vec<u8>, JournalError> {
        self.file.read_range(from, to).map_err(|error| self.io("reading", &error))
    }
}

/// What a line is; its content is the reader's business.
fn read(text: &str) -> LineKind {
    let text = text.trim();
    if text.is_empty() {
        LineKind::Skipped
    } else if serde_json::from_str::<IgnoredAny>(text).is_err()
        || checksum::check(text) == Checked::Wrong
    {
        LineKind::Corrupt
    } else if text.starts_with('{') {
        LineKind::Row
    } else {
        LineKind::Skipped
    }
}
