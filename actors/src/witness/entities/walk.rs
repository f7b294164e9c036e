//! Walking over the entities of a read in the order of their keys, from wherever they are.

use std::path::Path;

use dosd_kernel::state_diff::{Digest, SortedEntities};

use super::digests::Digests;
use super::file_walk::FileWalk;
use super::merge::Merge;
use crate::port::Storage;
use crate::witness::surface::Unreadable;

/// A walk.
pub enum Walk<'a> {
    /// Over what fits in memory.
    Memory(MemoryWalk<'a>),
    /// Over a file.
    File(Box<FileWalk>),
    /// Over sorted parts.
    Merge(Box<Merge<'a>>),
}

impl Walk<'_> {
    /// Over the file at `path`, written by [`Digests::write_to`].
    ///
    /// # Errors
    /// When it is not there, or is no such file.
    pub fn file(storage: &dyn Storage, path: &Path) -> Result<Walk<'static>, Unreadable> {
        FileWalk::open(storage, path).map(|walk| Walk::File(Box::new(walk)))
    }
}

impl SortedEntities for Walk<'_> {
    type Error = Unreadable;

    fn advance(&mut self) -> Result<bool, Unreadable> {
        match self {
            Self::Memory(walk) => Ok(walk.advance()),
            Self::File(walk) => walk.advance(),
            Self::Merge(merge) => merge.advance(),
        }
    }

    fn key(&self) -> &str {
        match self {
            Self::Memory(walk) => walk.key(),
            Self::File(walk) => walk.key(),
            Self::Merge(merge) => merge.walk().map_or("", Walk::key),
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Memory(walk) => walk.digest(),
            Self::File(walk) => walk.digest(),
            Self::Merge(merge) => merge.walk().map_or(NONE, Walk::digest),
        }
    }
}

/// The digest before the first entity; nobody asks for it.
pub(super) const NONE: Digest = Digest::from_bytes([0; Digest::LEN]);

/// Over records in memory.
pub struct MemoryWalk<'a> {
    digests: &'a Digests,
    next: usize,
    key: &'a str,
    digest: Digest,
}

impl<'a> MemoryWalk<'a> {
    pub(super) fn over(digests: &'a Digests) -> Self {
        Self { digests, next: 0, key: "", digest: NONE }
    }

    fn advance(&mut self) -> bool {
        let Some((key, digest)) = self.digests.arena.get(self.next) else { return false };
        // It was written from a text.
        self.key = std::str::from_utf8(key).unwrap_or_default();
        self.digest = digest;
        self.next += 1;
        true
    }

    fn key(&self) -> &str {
        self.key
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}
