//! Files for what does not fit in memory. They live as long as whoever reads them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::port::{AppendFile, SharedStorage};

/// A folder for files of this process.
#[derive(Clone)]
pub struct Scratch {
    storage: SharedStorage,
    directory: PathBuf,
    next: Arc<AtomicU64>,
    memory: usize,
}

/// A read that takes more bytes than this is put aside in sorted parts.
const MEMORY: usize = 64 << 20;

impl Scratch {
    /// Files in `directory`, which is emptied: what is left in it belongs to nobody.
    #[must_use]
    pub fn new(storage: SharedStorage, directory: PathBuf) -> Self {
        // Not fatal: the names below do not meet those that are left.
        let _ = storage.remove_dir_all(&directory);
        Self { storage, directory, next: Arc::default(), memory: MEMORY }
    }

    /// With so many bytes of memory for each read, before files are used.
    #[must_use]
    pub fn with_memory(self, bytes: usize) -> Self {
        Self { memory: bytes, ..self }
    }

    /// How many bytes of memory a read may take.
    pub(super) fn memory(&self) -> usize {
        self.memory
    }

    /// A new file. It is removed with the value that is returned.
    pub(super) fn file(&self) -> io::Result<ScratchFile> {
        self.storage.create_dir_all(&self.directory)?;
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("{}-{at}.part", std::process::id()));
        self.storage.create_new(&path, &[])?;
        Ok(ScratchFile { storage: Arc::clone(&self.storage), path, records: 0 })
    }

    /// The folder.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// A file that is removed when nobody reads it any more.
pub(super) struct ScratchFile {
    storage: SharedStorage,
    pub(super) path: PathBuf,
    /// How many records were written to it.
    pub(super) records: u64,
}

impl ScratchFile {
    pub(super) fn open(&self) -> io::Result<Box<dyn AppendFile>> {
        self.storage.open_append(&self.path)
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        // The folder is emptied at the next start.
        let _ = self.storage.remove(&self.path);
    }
}

/// Writes all of `bytes`, however many the file takes at once.
pub(super) fn append_all(file: &mut dyn AppendFile, bytes: &[u8]) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        match file.append(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => left = left.get(taken..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
