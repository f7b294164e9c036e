//! How a file that grew is told from one that was written anew in place.

use std::io;

use crate::port::AppendFile;

/// How much of the beginning, and of the end of what is folded, is remembered.
const SAMPLE: usize = 128;

/// The first and the last bytes of what is folded. A file in which both still
/// stand where they stood has only grown.
#[derive(Debug, Default)]
pub(super) struct Anchor {
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Anchor {
    /// Learns bytes that follow what was learnt before.
    pub(super) fn learn(&mut self, bytes: &[u8]) {
        let wanted = (SAMPLE - self.first.len()).min(bytes.len());
        self.first.extend_from_slice(&bytes[..wanted]);
        if bytes.len() >= SAMPLE {
            self.last.clear();
            self.last.extend_from_slice(&bytes[bytes.len() - SAMPLE..]);
        } else {
            let kept = self.last.len().min(SAMPLE - bytes.len());
            self.last.drain(..self.last.len() - kept);
            self.last.extend_from_slice(bytes);
        }
    }

    /// Whether both samples still stand in `file`, the last one before `folded`.
    pub(super) fn holds(&self, file: &dyn AppendFile, folded: u64) -> io::Result<bool> {
        let from = folded - self.last.len() as u64;
        Ok(file.read_range(from, folded)? == self.last
            && file.read_range(0, self.first.len() as u64)? == self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::{Anchor, SAMPLE};

    #[test]
    fn samples_do_not_depend_on_how_the_bytes_came() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(3 * SAMPLE + 7).collect();
        for step in [1, 7, SAMPLE - 1, SAMPLE, SAMPLE + 1, bytes.len()] {
            let mut anchor = Anchor::default();
            bytes.chunks(step).for_each(|piece| anchor.learn(piece));
            assert_eq!(anchor.first, bytes[..SAMPLE], "step {step}");
            assert_eq!(anchor.last, bytes[bytes.len() - SAMPLE..], "step {step}");
        }
    }

    #[test]
    fn a_short_file_is_remembered_whole() {
        let mut anchor = Anchor::default();
        anchor.learn(b"ab");
        anchor.learn(b"c");
        assert_eq!((anchor.first.as_slice(), anchor.last.as_slice()), (&b"abc"[..], &b"abc"[..]));
    }
}
