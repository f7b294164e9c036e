//! A finished read.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dosd_kernel::state_diff::{Digest, SortedEntities};

use super::arena::Arena;
use super::collector::BLOCK;
use super::file_walk::{FileWalk, HEADER};
use super::merge::Merge;
use super::record;
use super::scratch::{ScratchFile, append_all};
use super::walk::{MemoryWalk, Walk};
use crate::port::Storage;
use crate::witness::surface::{Repeats, Unreadable};

/// The digests of all entities of one read, by key.
pub struct Digests {
    pub(super) arena: Arena,
    parts: Vec<ScratchFile>,
    repeats: Repeats,
    entities: u64,
    bytes: u64,
    took: Duration,
    /// What it ended with, if that was not whole.
    pub(super) unfinished: Option<String>,
    /// The last file that they were written to.
    kept: Mutex<Option<PathBuf>>,
}

/// Fewer entities are written again for each run: that is cheaper than a second name.
const LINK_FROM: u64 = 50_000;

impl fmt::Debug for Digests {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} entities", self.entities)
    }
}

impl Digests {
    /// Records in order in `arena`, beside parts that were read before them and are sorted,
    /// too.
    pub(super) fn new(
        arena: Arena,
        parts: Vec<ScratchFile>,
        repeats: Repeats,
        entities: u64,
        bytes: u64,
        took: Duration,
    ) -> Self {
        let (unfinished, kept) = (None, Mutex::default());
        Self { arena, parts, repeats, entities, bytes, took, unfinished, kept }
    }

    /// Finds out how many keys there are where a key may have come more than once.
    pub(super) fn count(&mut self) -> Result<(), Unreadable> {
        if self.repeats == Repeats::LastCounts {
            let mut entities = 0;
            let mut walk = self.walk()?;
            while walk.advance()? {
                entities += 1;
            }
            drop(walk);
            self.entities = entities;
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn entities(&self) -> u64 {
        self.entities
    }

    /// How many bytes their keys and values had.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How long the read took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// What the surface ended with, if that was not whole: an entity that is not here may be
    /// in it.
    #[must_use]
    pub fn unfinished(&self) -> Option<&str> {
        self.unfinished.as_deref()
    }

    /// Walks over them in the order of their keys.
    ///
    /// # Errors
    /// When a scratch file cannot be opened.
    pub fn walk(&self) -> Result<Walk<'_>, Unreadable> {
        let memory = MemoryWalk::over(self);
        if self.parts.is_empty() {
            return Ok(Walk::Memory(memory));
        }
        let parts = self.parts.iter().map(|part| {
            let file = part.open().map_err(|cause| {
                Unreadable::new(format!("the scratch file `{}`: {cause}", part.path.display()))
            })?;
            Ok(FileWalk::part(file, &part.path, part.records))
        });
        let parts: Vec<FileWalk> = parts.collect::<Result<_, Unreadable>>()?;
        Ok(Walk::Merge(Box::new(Merge::of(parts, memory, self.repeats))))
    }

    /// Keeps them at `path`: as another name of a file that has them already, if they are
    /// many, else in a file of its own.
    ///
    /// # Errors
    /// As [`Digests::write_to`].
    pub fn keep_at(&self, storage: &dyn Storage, path: &Path) -> Result<(), Unreadable> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept
            && self.entities >= LINK_FROM
            && storage.link(&kept, path).is_ok()
        {
            return Ok(());
        }
        self.write_to(storage, path)?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
        Ok(())
    }

    /// Writes them to a new file: a header, the number of records, the records, and the
    /// digest of all of these bytes.
    ///
    /// # Errors
    /// When the file cannot be written, or a key is there twice.
    pub fn write_to(&self, storage: &dyn Storage, path: &Path) -> Result<(), Unreadable> {
        let failed = |cause: io::Error| Unreadable::new(format!("`{}`: {cause}", path.display()));
        storage.create_new(path, &[]).map_err(failed)?;
        let mut file = storage.open_append(path).map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        let mut block = Vec::with_capacity(BLOCK * 2);
        block.extend_from_slice(HEADER);
        block.extend_from_slice(&self.entities.to_le_bytes());
        let mut walk = self.walk()?;
        while walk.advance()? {
            record::write(walk.key(), walk.digest(), &mut block);
            if block.len() >= BLOCK {
                hasher.update(&block);
                append_all(&mut *file, &block).map_err(failed)?;
                block.clear();
            }
        }
        hasher.update(&block);
        block.extend_from_slice(Digest::of_hasher(&hasher).as_bytes());
        append_all(&mut *file, &block).map_err(failed)
    }

    /// The keys, all of them: for tests and small reads.
    ///
    /// # Errors
    /// As [`Digests::walk`].
    pub fn keys(&self) -> Result<BTreeSet<String>, Unreadable> {
        let mut keys = BTreeSet::new();
        let mut walk = self.walk()?;
        while walk.advance()? {
            keys.insert(walk.key().to_owned());
        }
        Ok(keys)
    }
}

pub(super) fn held_twice(key: &str) -> Unreadable {
    Unreadable::new(format!(
        "the key `{key}` is there twice, so nobody can tell which of the two counts"
    ))
}
