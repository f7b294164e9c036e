//! Walking over a file of records, block by block. A file that is not what was written is
//! an error, wherever it was cut off or changed; it never has fewer entities.

use std::path::{Path, PathBuf};

use dosd_kernel::state_diff::Digest;

use super::collector::BLOCK;
use super::record;
use super::walk::NONE;
use crate::port::{AppendFile, Storage};
use crate::witness::surface::Unreadable;

/// What a file of digests begins with; after it the number of records, 8 bytes, little
/// endian, the records in the order of their keys, and the digest of all bytes before.
pub(super) const HEADER: &[u8] = b"dosd digests 1\n";

/// Over a file.
pub struct FileWalk {
    file: Box<dyn AppendFile>,
    path: PathBuf,
    /// How many records are to come.
    left: u64,
    /// Of everything before `at`, where the file ends with a digest of it.
    hasher: Option<blake3::Hasher>,
    offset: u64,
    block: Vec<u8>,
    at: usize,
    key: String,
    digest: Digest,
}

impl FileWalk {
    /// Over a part: records without a header.
    pub(super) fn part(file: Box<dyn AppendFile>, path: &Path, records: u64) -> Self {
        Self {
            file,
            path: path.to_owned(),
            left: records,
            hasher: None,
            offset: 0,
            block: Vec::new(),
            at: 0,
            key: String::new(),
            digest: NONE,
        }
    }

    pub(super) fn open(storage: &dyn Storage, path: &Path) -> Result<Self, Unreadable> {
        let failed = |cause: &dyn std::fmt::Display| {
            Unreadable::new(format!("the digests in `{}`: {cause}", path.display()))
        };
        if storage.stat(path).map_err(|cause| failed(&cause))?.is_none() {
            return Err(failed(&"the file is gone"));
        }
        let file = storage.open_append(path).map_err(|cause| failed(&cause))?;
        let mut walk = Self::part(file, path, 0);
        walk.hasher = Some(blake3::Hasher::new());
        let start = HEADER.len() + 8;
        walk.fill(start)?;
        let count = walk.block.strip_prefix(HEADER).and_then(|rest| rest.first_chunk::<8>());
        walk.left = u64::from_le_bytes(*count.ok_or_else(|| walk.damaged())?);
        walk.at = start;
        Ok(walk)
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) fn advance(&mut self) -> Result<bool, Unreadable> {
        if self.left == 0 {
            self.check_end()?;
            return Ok(false);
        }
        self.fill(4)?;
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
        self.left -= 1;
        Ok(true)
    }

    /// Behind the last record comes the digest of everything, and nothing else.
    fn check_end(&mut self) -> Result<(), Unreadable> {
        self.fill(Digest::LEN + 1)?;
        let Some(hasher) = &mut self.hasher else {
            return if self.rest().is_empty() { Ok(()) } else { Err(self.damaged()) };
        };
        let rest = self.block.split_off(self.at);
        hasher.update(&self.block);
        let is_whole = rest == Digest::of_hasher(hasher).as_bytes();
        self.block = rest;
        self.at = 0;
        if !is_whole {
            return Err(self.damaged());
        }
        // Whoever asks again gets the same answer.
        self.hasher = None;
        self.block.clear();
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.block.get(self.at..).unwrap_or_default()
    }

    /// Sees to it that `len` bytes are there, unless the file ends before.
    fn fill(&mut self, len: usize) -> Result<(), Unreadable> {
        if self.rest().len() >= len {
            return Ok(());
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&self.block[..self.at]);
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
