//! A worker's output on disk, bounded: what is full is set aside, the oldest goes.

use std::io;
use std::path::{Path, PathBuf};

use crate::port::{AppendFile, SharedStorage, Storage};

/// How much output is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A file that reaches this size is set aside, and a new one begun.
    pub max_bytes: u64,
    /// How many finished files a lane keeps beside the one being written.
    pub keep: usize,
}

/// A log that is set aside at a size, in a folder that keeps a number of files.
pub(crate) struct RotatedLog {
    storage: SharedStorage,
    path: PathBuf,
    policy: Rotation,
    file: Option<(Box<dyn AppendFile>, u64)>,
    part: u32,
}

impl RotatedLog {
    pub(crate) fn new(storage: SharedStorage, path: PathBuf, policy: Rotation) -> Self {
        Self { storage, path, policy, file: None, part: 0 }
    }

    /// Appends output.
    ///
    /// # Errors
    /// The file system's own; what follows may be written again.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (file, len) = match &mut self.file {
                Some(open) => open,
                None => self.file.insert(Self::open(&*self.storage, &self.path, &self.policy)?),
            };
            let room = self.policy.max_bytes.saturating_sub(*len);
            let piece = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            if piece > 0 {
                let taken = file.append(&bytes[..piece])?;
                if taken == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                *len += taken as u64;
                bytes = &bytes[taken..];
            }
            if *len >= self.policy.max_bytes {
                self.set_aside()?;
            }
        }
        Ok(())
    }

    /// The file being written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn open(
        storage: &dyn Storage,
        path: &Path,
        policy: &Rotation,
    ) -> io::Result<(Box<dyn AppendFile>, u64)> {
        if let Some(folder) = path.parent() {
            storage.create_dir_all(folder)?;
            prune(storage, folder, policy.keep)?;
        }
        let file = storage.open_append(path)?;
        let len = file.stat()?.len;
        Ok((file, len))
    }

    /// Renames the full file to the next free part: `RUN.log` to `RUN.000001.log`.
    fn set_aside(&mut self) -> io::Result<()> {
        self.file = None;
        loop {
            self.part += 1;
            let aside = self.path.with_extension(format!("{:06}.log", self.part));
            if self.storage.stat(&aside)?.is_none() {
                return self.storage.rename(&self.path, &aside);
            }
        }
    }
}

/// Deletes the oldest files of a lane until `keep` are left. Names sort by time:
/// run ids do, and so do the numbered parts of a run.
fn prune(storage: &dyn Storage, folder: &Path, keep: usize) -> io::Result<()> {
    let files = storage.list(folder)?;
    for file in files.iter().take(files.len().saturating_sub(keep)) {
        storage.remove(file)?;
    }
    Ok(())
}
