//! The bytes of one file: what readers see, and what the disk is sure to hold.

use std::ops::Range;

use fastrand::Rng;

/// A file's bytes. They only grow at the end, or are all written anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Bytes that the system takes for written back: the next sync begins after them.
    clean: usize,
    /// Bytes of those that never got to the disk, because the sync that was to bring them
    /// there failed. No later sync writes them: asking again says yes and means nothing.
    lost: Vec<Range<usize>>,
}

impl Content {
    /// A file that is on disk as it is.
    pub(super) fn synced(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), clean: bytes.len(), lost: Vec::new() }
    }

    pub(super) fn sync(&mut self) {
        self.clean = self.bytes.len();
    }

    pub(super) fn fail_sync(&mut self) {
        self.lost.push(self.clean..self.bytes.len());
        self.clean = self.bytes.len();
    }

    /// Leaves what is sure to be on the disk: holes between bytes that are read as zeros.
    pub(super) fn keep_synced(&mut self) {
        self.bytes.truncate(self.clean);
        for lost in std::mem::take(&mut self.lost).into_iter().rev() {
            if lost.end == self.bytes.len() {
                self.bytes.truncate(lost.start);
            } else {
                self.bytes[lost].fill(0);
            }
        }
        self.clean = self.bytes.len();
    }

    /// Leaves what is sure to be on the disk, and of the rest whatever sectors chance lets
    /// through: whole, cut, or as zeros, because the length was noted and the bytes were not.
    pub(super) fn keep_sectors(&mut self, size: usize, rng: &mut Rng) {
        let mut doubtful = std::mem::take(&mut self.lost);
        doubtful.push(self.clean..self.bytes.len());
        for range in doubtful {
            let mut from = range.start;
            while from < range.end {
                let to = ((from / size + 1) * size).min(range.end);
                match rng.u8(..4) {
                    0 => self.bytes[from..to].fill(0),
                    1 => self.bytes[rng.usize(from..to)..to].fill(0),
                    _ => {}
                }
                from = to;
            }
        }
        // The length is noted on its own: it may be anything from the old to the new.
        if rng.bool() {
            self.bytes.truncate(rng.usize(self.clean..=self.bytes.len()));
        }
        self.clean = self.bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(content: &mut Content, bytes: &[u8]) {
        content.bytes.extend_from_slice(bytes);
    }

    #[test]
    fn a_sync_after_a_failed_one_brings_back_nothing() {
        let mut content = Content::synced(b"a");
        grown(&mut content, b"bb");
        content.fail_sync();
        content.sync();
        assert_eq!(content.bytes, b"abb", "it is still read");
        let mut after = content.clone();
        after.keep_synced();
        assert_eq!(after.bytes, b"a");
        grown(&mut content, b"cc");
        content.sync();
        content.keep_synced();
        assert_eq!(content.bytes, b"a\0\0cc", "a hole");
    }

    #[test]
    fn sectors_leave_what_was_synced_alone() {
        let mut ends = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let mut content = Content::synced(&[1; 700]);
            grown(&mut content, &[2; 1500]);
            content.keep_sectors(512, &mut Rng::with_seed(seed));
            assert_eq!(content.bytes[..700], [1; 700]);
            assert!(content.bytes[700..].iter().all(|byte| [0, 2].contains(byte)));
            ends.insert((content.bytes.len(), content.bytes[700..].contains(&0)));
        }
        assert!(ends.len() > 20, "{}", ends.len());
    }
}
