//! A file, seen through a window that moves forward and is as large as one value.

use std::io::Read;
use std::ops::Range;

use dosd_actors::witness::{Entities, Stop};
use memchr::memchr;

use crate::steady::{BLOCK, read_full};
use crate::stop::Halt;

/// Bytes to come, in order.
pub(crate) struct Window<R> {
    from: R,
    block: Vec<u8>,
    /// Where in `block` the bytes begin that were not taken yet.
    at: usize,
    /// How many bytes were taken before `block`.
    gone: u64,
    /// How many bytes are still to be read.
    left: u64,
    /// No value may be longer.
    longest: u64,
}

impl<R: Read> Window<R> {
    /// Over the first `len` bytes.
    pub(crate) fn new(from: R, len: u64, longest: u64) -> Self {
        Self { from, block: Vec::new(), at: 0, gone: 0, left: len, longest }
    }

    /// How many bytes were taken.
    pub(crate) fn offset(&self) -> u64 {
        self.gone + self.at as u64
    }

    pub(crate) fn into_inner(self) -> R {
        self.from
    }

    /// The bytes of a range that was found behind what was taken.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.block.get(self.at + range.start..self.at + range.end).unwrap_or_default()
    }

    pub(crate) fn take(&mut self, len: usize) {
        self.at += len;
    }

    fn rest(&self) -> &[u8] {
        self.block.get(self.at..).unwrap_or_default()
    }

    /// Has more bytes than before, unless all are there.
    pub(crate) fn more(&mut self, into: &mut dyn Entities) -> Result<bool, Halt> {
        into.go_on()?;
        if self.rest().len() as u64 > self.longest {
            return Err(Stop::TooLarge { max: self.longest }.into());
        }
        self.block.drain(..self.at);
        self.gone += self.at as u64;
        self.at = 0;
        let filled = self.block.len();
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(BLOCK.max(filled));
        self.block.resize(filled + want, 0);
        let got = read_full(&mut self.from, &mut self.block[filled..])?;
        self.block.truncate(filled + got);
        self.left -= got as u64;
        if got < want {
            return Err(Halt::Moved);
        }
        Ok(got > 0)
    }

    /// The next byte that is no blank, if there is one.
    pub(crate) fn peek(&mut self, into: &mut dyn Entities) -> Result<Option<u8>, Halt> {
        loop {
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
            let blanks = self.rest().iter().take_while(|byte| is_blank(byte)).count();
            self.take(blanks);
            if let Some(byte) = self.rest().first() {
                return Ok(Some(*byte));
            }
            if !self.more(into)? {
                return Ok(None);
            }
        }
    }

    /// The length of the line that begins here, without its end; none when it has no end.
    pub(crate) fn line(&mut self, into: &mut dyn Entities) -> Result<Option<usize>, Halt> {
        let mut seen = 0;
        loop {
            if let Some(at) = memchr(b'\n', &self.rest()[seen..]) {
                return Ok(Some(seen + at));
            }
            seen = self.rest().len();
            if !self.more(into)? {
                return Ok(None);
            }
        }
    }

    /// How many bytes there are before the end, after [`Window::line`] found none.
    pub(crate) fn unended(&self) -> usize {
        self.rest().len()
    }

    /// Takes what a parser finds at the beginning. A parser says how many bytes that is; it
    /// is asked again with more bytes when there may have been too few.
    pub(crate) fn parse<T>(
        &mut self,
        into: &mut dyn Entities,
        mut parse: impl FnMut(&[u8], &dyn Entities) -> Result<(T, usize), serde_json::Error>,
    ) -> Result<Result<T, serde_json::Error>, Halt> {
        loop {
            let parsed = parse(self.rest(), into);
            let is_whole = match &parsed {
                Ok((_, len)) => *len < self.rest().len(),
                Err(cause) => !cause.is_eof(),
            };
            if is_whole || !self.more(into)? {
                return Ok(parsed.map(|(found, len)| {
                    self.take(len);
                    found
                }));
            }
        }
    }
}
