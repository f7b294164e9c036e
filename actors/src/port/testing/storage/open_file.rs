//! A file of a [`MemoryStorage`] that somebody has open, and a lock that somebody holds.

use std::io;
use std::path::PathBuf;

use super::MemoryStorage;
use super::plan::Operation;
use crate::port::{AppendFile, FileStat, FsLock};

pub(super) struct MemoryFile {
    pub(super) storage: MemoryStorage,
    pub(super) inode: u64,
}

impl AppendFile for MemoryFile {
    fn stat(&self) -> io::Result<FileStat> {
        let (state, _) = self.storage.begin(Operation::Stat)?;
        let len = state.files.get(&self.inode).map_or(0, |content| content.bytes.len() as u64);
        Ok(FileStat { inode: self.inode, len })
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let (mut state, short) = self.storage.begin(Operation::Read)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = state.files.get(&self.inode).and_then(|content| content.bytes.get(offset..));
        let rest = rest.unwrap_or_default();
        // Nothing would be the end of the file.
        let taken = rest.len().min(into.len()).min(short.map_or(usize::MAX, |short| short.max(1)));
        into[..taken].copy_from_slice(&rest[..taken]);
        state.bytes_read += taken as u64;
        Ok(taken)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (mut state, short) = self.storage.begin(Operation::Append)?;
        let taken = short.unwrap_or(usize::MAX).min(bytes.len());
        if let Some(content) = state.files.get_mut(&self.inode) {
            content.bytes.extend_from_slice(&bytes[..taken]);
        }
        drop(state);
        self.storage.touch();
        Ok(taken)
    }

    fn sync(&self) -> io::Result<()> {
        match self.storage.begin(Operation::Sync) {
            Ok((mut state, _)) => {
                if let Some(content) = state.files.get_mut(&self.inode) {
                    content.sync();
                }
                Ok(())
            }
            Err(error) => {
                let mut state = self.storage.state();
                state.failed_syncs += 1;
                if let Some(content) = state.files.get_mut(&self.inode) {
                    content.fail_sync();
                }
                Err(error)
            }
        }
    }
}

/// A file that another process has open.
pub struct ForeignHandle {
    pub(super) storage: MemoryStorage,
    pub(super) inode: u64,
}

impl ForeignHandle {
    /// Appends, unsynced.
    pub fn append(&self, bytes: &[u8]) {
        if let Some(content) = self.storage.state().files.get_mut(&self.inode) {
            content.bytes.extend_from_slice(bytes);
        }
        self.storage.touch();
    }
}

pub(super) struct MemoryLock {
    pub(super) storage: MemoryStorage,
    pub(super) path: PathBuf,
}

impl FsLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.storage.state().locked.remove(&self.path);
    }
}
