//! The file that rows are appended to: opening, following a path that others
//! move, rotating. Blocking; it runs on the blocking pool.

use std::io;
use std::path::{Path, PathBuf};

use dosd_actors::port::{AppendFile, SharedStorage};

use super::config::{FileConfig, Rotation};
use super::encode::Lines;
use crate::line_file::append_lines;

/// An open target file, or one that is opened at the next write.
pub(super) struct Target {
    storage: SharedStorage,
    config: FileConfig,
    open: Option<Box<dyn AppendFile>>,
}

impl Target {
    pub(super) fn new(storage: SharedStorage, config: FileConfig) -> Self {
        Self { storage, config, open: None }
    }

    /// Appends all lines and syncs them; rotates before the line that would not
    /// fit.
    pub(super) fn write(&mut self, lines: &Lines) -> Result<(), String> {
        let written = self.try_write(lines);
        if written.is_err() {
            // After a failed sync nobody knows what is on disk, so the rows are
            // written again, through a descriptor that knows nothing of it.
            self.open = None;
        }
        written.map_err(|error| self.explain(&error))
    }

    /// Opens the file, which creates it when it is missing.
    pub(super) fn check(&mut self) -> Result<(), String> {
        self.reopen_if_moved().map_err(|error| self.explain(&error))
    }

    fn try_write(&mut self, lines: &Lines) -> io::Result<()> {
        let mut from = 0;
        while !lines.is_end(from) {
            self.reopen_if_moved()?;
            let file = self.open.as_deref_mut().ok_or(io::ErrorKind::NotFound)?;
            let len = file.stat()?.len;
            let room = self.config.rotation.max_size_bytes.saturating_sub(len);
            let fitting = match lines.fitting(from, room) {
                // A line that is longer than any file may be.
                [] if len == 0 => lines.line(from),
                [] => {
                    self.open = None;
                    self.rotate()?;
                    continue;
                }
                fitting => fitting,
            };
            append_lines(file, fitting)?;
            file.sync()?;
            from += fitting.len();
        }
        Ok(())
    }

    /// Opens the file that the path names now: somebody may have deleted it, or
    /// moved it aside.
    fn reopen_if_moved(&mut self) -> io::Result<()> {
        let path = &self.config.path;
        let there = self.storage.stat(path)?.map(|stat| stat.inode);
        let open = self.open.as_ref().map(|file| file.stat()).transpose()?.map(|stat| stat.inode);
        if open.is_none() || open != there {
            let file = self.storage.open_append(path)?;
            self.storage.sync_parent(path)?;
            self.open = Some(file);
        }
        Ok(())
    }

    /// Moves the file to `path.1` and the older ones up by one; the oldest goes.
    /// Only as many are moved as needed to free the name `.1`, so that a crash in
    /// between costs no file.
    fn rotate(&self) -> io::Result<()> {
        let (path, Rotation { keep, .. }) = (&self.config.path, self.config.rotation);
        if keep == 0 {
            return self.storage.remove(path);
        }
        let mut free = 1;
        while free < keep && self.storage.stat(&old(path, free))?.is_some() {
            free += 1;
        }
        // The last name may be taken: renaming onto it lets go of the oldest.
        for number in (1..free).rev() {
            self.storage.rename(&old(path, number), &old(path, number + 1))?;
        }
        self.storage.rename(path, &old(path, 1))
    }

    fn explain(&self, error: &io::Error) -> String {
        use io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, StorageFull};
        let path = self.config.path.display();
        let directory = self.config.path.parent().unwrap_or_else(|| Path::new(".")).display();
        let help = if error.kind() == NotFound {
            format!("; its directory `{directory}` does not exist, create it")
        } else if matches!(error.kind(), StorageFull | QuotaExceeded) {
            format!("; free space in `{directory}`")
        } else if error.kind() == PermissionDenied {
            format!("; let this user write into `{directory}`")
        } else {
            String::new()
        };
        format!("`{path}`: {error}{help}")
    }
}

/// The name of an old file; 1 is the newest.
fn old(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    path.with_file_name(name)
}
