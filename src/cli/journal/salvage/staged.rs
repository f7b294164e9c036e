//! A file that appears under its name when it is whole and on disk, or not at all, and never in
//! place of another one.

use crate::cli::Failure;
use dosd_actors::port::SharedStorage;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file under a name of its own, beside the one that it is to have.
#[derive(Debug)]
pub(super) struct Staged {
    target: PathBuf,
    temporary: PathBuf,
    writer: BufWriter<File>,
}

impl Staged {
    /// Makes it, for nobody but its owner.
    ///
    /// # Errors
    ///
    /// When something has the name already, or the directory cannot be written to.
    pub(super) fn create(target: &Path) -> Result<Self, Failure> {
        if target.symlink_metadata().is_ok() {
            return Err(taken(target));
        }
        let failed = |cause: io::Error| {
            if cause.kind() != ErrorKind::AlreadyExists {
                return cannot_write(target, &cause);
            }
            Failure::Usage(format!(
                "`{}` is being written already\n  help: name another file",
                target.display()
            ))
        };
        let target = &std::path::absolute(target).map_err(failed)?;
        let name = target.file_name().unwrap_or_default();
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.tmp", std::process::id()));
        let temporary = target.with_file_name(hidden);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary);
        let writer = BufWriter::new(file.map_err(failed)?);
        Ok(Self { target: target.to_owned(), temporary, writer })
    }

    /// Opens what was written so far for reading.
    ///
    /// # Errors
    ///
    /// When it cannot be written out or read.
    pub(super) fn read_back(&mut self) -> Result<File, Failure> {
        let opened = self.writer.flush().and_then(|()| File::open(&self.temporary));
        opened.map_err(|cause| cannot_write(&self.target, &cause))
    }

    /// Puts it on disk, and then under its name.
    ///
    /// # Errors
    ///
    /// When something has the name by now, or the disk fails.
    pub(super) fn publish(
        mut self,
        permissions: &Permissions,
        storage: &SharedStorage,
    ) -> Result<(), Failure> {
        let file = self.writer.flush().map(|()| self.writer.get_ref());
        let written = file
            .and_then(|file| file.set_permissions(permissions.clone()).map(|()| file))
            .and_then(File::sync_all)
            .and_then(|()| storage.link(&self.temporary, &self.target));
        match written {
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Err(taken(&self.target)),
            written => written.map_err(|cause| cannot_write(&self.target, &cause)),
        }
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What stays is a hidden file that no name leads to.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn taken(target: &Path) -> Failure {
    Failure::Usage(format!(
        "`{}` exists already, and nothing is written over\n  help: name a file that does not exist yet",
        target.display()
    ))
}

fn cannot_write(target: &Path, cause: &io::Error) -> Failure {
    Failure::Failed(format!(
        "cannot write `{}`: {cause}\n  help: name a file in a directory that exists and has room",
        target.display()
    ))
}
