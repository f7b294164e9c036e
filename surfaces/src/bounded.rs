//! Output of somebody else, up to the size that is allowed for a read.

use std::io::{self, Read};

/// What is read of `inner`, unless it is more than `max` bytes: then an error, never an end.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
    max: u64,
}

impl<R: Read> Bounded<R> {
    pub(crate) fn new(inner: R, max: u64) -> Self {
        Self { inner, left: max, max }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(too_large(self.max))),
        }
        Ok(read)
    }
}

/// What to do about an answer that is too large.
pub(crate) fn too_large(max: u64) -> String {
    format!("it gives more than {max} bytes: raise `max_bytes`, or ask for less")
}
