//! Events to lines. Pure.

use crate::event::Event;

/// Rows as they stand in the journal, each with its newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    bytes: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
}

impl Lines {
    pub(super) fn of(events: &[Event]) -> Self {
        let mut bytes = Vec::with_capacity(events.iter().map(|event| event.row().len() + 1).sum());
        let mut ends = Vec::with_capacity(events.len());
        for event in events {
            bytes.extend_from_slice(event.row().as_bytes());
            bytes.push(b'\n');
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }

    /// The whole lines from byte `from` on that fit into `room` bytes; empty when
    /// not even one does.
    pub(super) fn fitting(&self, from: usize, room: u64) -> &[u8] {
        let first = self.ends.partition_point(|end| *end <= from);
        let fits = |end: &usize| (end - from) as u64 <= room;
        let count = self.ends.get(first..).unwrap_or_default().partition_point(fits);
        self.between(from, first + count)
    }

    /// The one line that begins at byte `from`.
    pub(super) fn line(&self, from: usize) -> &[u8] {
        self.between(from, self.ends.partition_point(|end| *end <= from) + 1)
    }

    /// Whether byte `from` is the end of all lines.
    pub(super) fn is_end(&self, from: usize) -> bool {
        from >= self.bytes.len()
    }

    /// From byte `from` to the end of line number `lines`, counted from 1.
    fn between(&self, from: usize, lines: usize) -> &[u8] {
        let end = lines.checked_sub(1).and_then(|last| self.ends.get(last)).copied();
        self.bytes.get(from..end.unwrap_or(from).max(from)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event;

    fn lines() -> (Lines, usize) {
        let event = event("verify", "OPEN");
        (Lines::of(&[event.clone(), event.clone(), event.clone()]), event.row().len() + 1)
    }

    #[test]
    fn rows_stand_as_in_the_journal() {
        let (lines, length) = lines();
        let row = event("verify", "OPEN");
        assert_eq!(lines.line(0), [row.row().as_bytes(), b"\n"].concat());
        assert_eq!(lines.line(length), lines.line(0));
        assert!(lines.is_end(3 * length));
    }

    #[test]
    fn only_whole_lines_fit() {
        let (lines, length) = lines();
        let room = |lines: usize| (lines * length) as u64;
        assert_eq!(lines.fitting(0, room(1) - 1).len(), 0);
        assert_eq!(lines.fitting(0, room(1)).len(), length);
        assert_eq!(lines.fitting(0, room(3) - 1).len(), 2 * length);
        assert_eq!(lines.fitting(0, u64::MAX).len(), 3 * length);
        assert_eq!(lines.fitting(length, room(1)).len(), length);
        assert_eq!(lines.fitting(3 * length, u64::MAX).len(), 0);
    }
}
