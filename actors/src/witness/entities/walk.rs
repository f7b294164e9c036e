//! Walking over the entities of a read in the order of their keys, from memory, from a
//! file, or from several sorted parts at once.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use dosd_kernel::state_diff::{Digest, SortedEntities};

use super::collector::{BLOCK, key};
use super::digests::{Digests, held_twice};
use super::record;
use crate::port::{AppendFile, Storage};
use crate::witness::surface::Unreadable;

/// What a file of digests begins with; after it the number of records, 8 bytes, little
/// endian.
pub(super) const HEADER: &[u8] = b"dosd digests 1\n";

/// A walk.
pub enum Walk<'a> {
    /// Over what fits in memory.
    Memory(MemoryWalk<'a>),
    /// Over a file.
    File(Box<FileWalk>),
    /// Over sorted parts.
    Merge(Box<Merge<'a>>),
}

impl<'a> Walk<'a> {
    /// Over the file at `path`, written by [`Digests::write_to`].
    ///
    /// # Errors
    /// When it is not there, or is no such file.
    pub fn file(storage: &dyn Storage, path: &Path) -> Result<Walk<'static>, Unreadable> {
        FileWalk::open(storage, path).map(|walk| Walk::File(Box::new(walk)))
    }

    pub(super) fn merge(memory: MemoryWalk<'a>, parts: Vec<FileWalk>) -> Self {
        let mut walks: Vec<Walk<'a>> =
            parts.into_iter().map(|part| Walk::File(Box::new(part))).collect();
        walks.push(Walk::Memory(memory));
        Self::Merge(Box::new(Merge { walks, current: None, begun: false }))
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
            Self::File(walk) => &walk.key,
            Self::Merge(merge) => merge.walk().map_or("", Walk::key),
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Memory(walk) => walk.digest(),
            Self::File(walk) => walk.digest,
            Self::Merge(merge) => merge.walk().map_or(NONE, Walk::digest),
        }
    }
}

/// The digest before the first entity; nobody asks for it.
const NONE: Digest = Digest::from_bytes([0; Digest::LEN]);

/// Over records in memory.
pub struct MemoryWalk<'a> {
    digests: &'a Digests,
    /// One more than the index of the current record.
    next: usize,
}

impl<'a> MemoryWalk<'a> {
    pub(super) fn over(digests: &'a Digests) -> Self {
        Self { digests, next: 0 }
    }

    fn advance(&mut self) -> bool {
        self.next = (self.next + 1).min(self.digests.order.len() + 1);
        self.next <= self.digests.order.len()
    }

    fn key(&self) -> &str {
        let place = self.next.checked_sub(1).and_then(|at| self.digests.order.get(at));
        let bytes = place.map_or(&[][..], |place| key(&self.digests.arena, *place));
        // It was written from a text.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn digest(&self) -> Digest {
        let place = self.next.checked_sub(1).and_then(|at| self.digests.order.get(at));
        let record = place.and_then(|place| record::read(&self.digests.arena[place.at as usize..]));
        record.map_or(NONE, |(_, digest)| digest)
    }
}

/// Over a file, block by block.
pub struct FileWalk {
    file: Box<dyn AppendFile>,
    path: PathBuf,
    /// How many records are to come; not known for a part.
    left: Option<u64>,
    offset: u64,
    block: Vec<u8>,
    at: usize,
    key: String,
    digest: Digest,
}

impl FileWalk {
    /// Over a part without a header.
    pub(super) fn part(file: Box<dyn AppendFile>, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
            left: None,
            offset: 0,
            block: Vec::new(),
            at: 0,
            key: String::new(),
            digest: NONE,
        }
    }

    fn open(storage: &dyn Storage, path: &Path) -> Result<Self, Unreadable> {
        let failed = |cause: &dyn std::fmt::Display| {
            Unreadable::new(format!("the digests in `{}`: {cause}", path.display()))
        };
        if storage.stat(path).map_err(|cause| failed(&cause))?.is_none() {
            return Err(failed(&"the file is gone"));
        }
        let file = storage.open_append(path).map_err(|cause| failed(&cause))?;
        let mut walk = Self::part(file, path);
        let start = HEADER.len() + 8;
        walk.fill(start)?;
        let count = walk.block.strip_prefix(HEADER).and_then(|rest| rest.first_chunk::<8>());
        walk.left = Some(u64::from_le_bytes(*count.ok_or_else(|| walk.damaged())?));
        walk.at = start;
        Ok(walk)
    }

    fn advance(&mut self) -> Result<bool, Unreadable> {
        if self.left == Some(0) {
            return Ok(false);
        }
        self.fill(4)?;
        if self.rest().is_empty() && self.left.is_none() {
            return Ok(false);
        }
        let len = record::len(self.rest()).ok_or_else(|| self.damaged())?;
        if len > record::LONGEST_KEY + record::OVERHEAD {
            return Err(self.damaged());
        }
        self.fill(len)?;
        let (key, digest) = record::read(self.block.get(self.at..).unwrap_or_default())
            .ok_or_else(|| self.damaged())?;
        let key = std::str::from_utf8(key).map_err(|_| self.damaged())?;
        self.key.clear();
        self.key.push_str(key);
        self.digest = digest;
        self.at += len;
        self.left = self.left.map(|left| left - 1);
        Ok(true)
    }

    fn rest(&self) -> &[u8] {
        self.block.get(self.at..).unwrap_or_default()
    }

    /// Sees to it that `len` bytes are there, unless the file ends before.
    fn fill(&mut self, len: usize) -> Result<(), Unreadable> {
        if self.rest().len() >= len {
            return Ok(());
        }
        self.block.drain(..self.at);
        self.at = 0;
        let mut filled = self.block.len();
        self.block.resize(filled + BLOCK.max(len), 0);
        while filled < self.block.len() {
            match self.file.read_at(&mut self.block[filled..], self.offset) {
                Ok(0) => break,
                Ok(got) => {
                    filled += got;
                    self.offset += got as u64;
                }
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    let path = self.path.display();
                    return Err(Unreadable::new(format!("the digests in `{path}`: {cause}")));
                }
            }
        }
        self.block.truncate(filled);
        Ok(())
    }

    fn damaged(&self) -> Unreadable {
        let path = self.path.display();
        Unreadable::new(format!("the digests in `{path}` are cut off or damaged"))
    }
}

/// Over several walks at once; there are few, so each step looks at all of them.
pub struct Merge<'a> {
    walks: Vec<Walk<'a>>,
    /// The walk that the current entity comes from.
    current: Option<usize>,
    begun: bool,
}

impl<'a> Merge<'a> {
    fn walk(&self) -> Option<&Walk<'a>> {
        self.current.and_then(|at| self.walks.get(at))
    }

    fn advance(&mut self) -> Result<bool, Unreadable> {
        if !std::mem::replace(&mut self.begun, true) {
            let walks = std::mem::take(&mut self.walks);
            for mut walk in walks {
                if walk.advance()? {
                    self.walks.push(walk);
                }
            }
        } else if let Some(at) = self.current
            && !self.walks[at].advance()?
        {
            self.walks.swap_remove(at);
        }
        let mut least: Option<(usize, &str)> = None;
        for (at, walk) in self.walks.iter().enumerate() {
            match least.map(|(_, key)| walk.key().cmp(key)) {
                Some(Ordering::Greater) => {}
                Some(Ordering::Equal) => return Err(held_twice(walk.key())),
                Some(Ordering::Less) | None => least = Some((at, walk.key())),
            }
        }
        self.current = least.map(|(at, _)| at);
        Ok(self.current.is_some())
    }
}
