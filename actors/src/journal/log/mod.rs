//! The journal engine: one file, one writer, one fold.
//!
//! It keeps the fold up to date row by row, its own rows and those that foreign
//! processes append, and never reads again what it has folded. It decides
//! nothing about what rows mean.

mod anchor;
mod append;
mod compact;
mod follow;
mod late;
mod page;
mod place;
mod replaced;
mod report;
mod rule;

use std::path::{Path, PathBuf};

use dosd_kernel::fold::Fold;

use super::error::{JournalError, JournalErrorKind};
use super::position::{Cursor, FileIdentity};
use crate::port::{AppendFile, FsLock, SharedStorage};

pub use append::Committed;
pub(super) use append::FoldOwn;
pub use compact::Compacted;
pub use follow::Followed;
pub use report::Report;

/// A journal opened for writing.
pub struct Log<F: Fold> {
    storage: SharedStorage,
    path: PathBuf,
    file: Box<dyn AppendFile>,
    /// The file that this path named before it was rewritten: a late writer may
    /// still hold it open.
    previous: Option<late::Previous>,
    /// The same, while what the path names now is not folded yet.
    leaving: Option<replaced::Leaving>,
    identity: FileIdentity,
    /// To recognise a file that was written anew in place.
    anchor: anchor::Anchor,
    /// Bytes that are folded: complete lines only.
    folded: u64,
    /// Bytes after `folded`: a torn last line, or one being written.
    torn: u64,
    /// Lines folded, of every kind.
    lines: u64,
    fold: F,
    /// The highest number of which it is certain that it is on disk.
    synced_seq: u64,
    /// Whether rows were folded that may not be on disk: others wrote them, or a writer that
    /// did not live to sync them.
    is_unsynced: bool,
    /// Rulings that nobody may be told yet.
    unsettled: Option<rule::Unsettled>,
    /// Whether rows were folded that somebody else may have written.
    moved: bool,
    reports: Vec<Report>,
    fatal: Option<JournalErrorKind>,
    /// Reused for every batch.
    out: Vec<u8>,
    _lock: Box<dyn FsLock>,
}

impl<F: Fold> Log<F> {
    /// Opens `path` as its one writer, creating it when it is missing, and folds
    /// what it holds.
    ///
    /// # Errors
    /// [`JournalErrorKind::Busy`] when another process is its writer, and what
    /// the file system says.
    pub fn open(storage: SharedStorage, path: &Path) -> Result<Self, JournalError> {
        let failed = |kind| JournalError { path: path.to_owned(), kind };
        let io = |operation: &'static str| {
            move |error: std::io::Error| {
                failed(JournalErrorKind::Io { operation, cause: error.to_string() })
            }
        };
        if let Some(parent) = path.parent() {
            storage.create_dir_all(parent).map_err(io("creating its directory"))?;
        }
        let lock_path = lock_path(path);
        let lock = storage
            .try_lock(&lock_path)
            .map_err(io("locking"))?
            .ok_or_else(|| failed(JournalErrorKind::Busy { lock: lock_path }))?;
        let file = storage.open_append(path).map_err(io("opening"))?;
        storage.sync_parent(path).map_err(io("opening"))?;
        let inode = file.stat().map_err(io("opening"))?.inode;
        let mut log = Self {
            storage,
            path: path.to_owned(),
            file,
            previous: None,
            leaving: None,
            identity: FileIdentity { inode, head: None },
            anchor: anchor::Anchor::default(),
            folded: 0,
            torn: 0,
            lines: 0,
            fold: F::default(),
            synced_seq: 0,
            is_unsynced: false,
            unsettled: None,
            moved: false,
            reports: Vec::new(),
            fatal: None,
            out: Vec::new(),
            _lock: lock,
        };
        log.fold_rest()?;
        log.synced_seq = log.fold.highest_seq();
        if log.torn > 0 {
            log.reports.push(Report::TornTail { offset: log.folded, bytes: log.torn });
        }
        log.reopen_archive()?;
        log.moved = false;
        Ok(log)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file system that it is on.
    pub(super) fn storage(&self) -> &SharedStorage {
        &self.storage
    }

    /// The folded state.
    #[must_use]
    pub fn fold(&self) -> &F {
        &self.fold
    }

    /// The folded state, for queries that also tidy it.
    pub fn fold_mut(&mut self) -> &mut F {
        &mut self.fold
    }

    /// The place after the last complete row.
    #[must_use]
    pub fn end(&self) -> Cursor {
        Cursor { file: self.identity, offset: self.folded }
    }

    /// Whether others have moved the journal since the last call, whichever
    /// operation of ours it was that noticed.
    pub fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// What happened to the file since the last call, for the log.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    fn error(&self, kind: JournalErrorKind) -> JournalError {
        JournalError { path: self.path.clone(), kind }
    }

    fn io(&self, operation: &'static str, error: &std::io::Error) -> JournalError {
        self.error(JournalErrorKind::Io { operation, cause: error.to_string() })
    }

    /// Refuses everything from now on: nobody knows what is on disk.
    fn fail_for_good(&mut self, operation: &'static str, error: &std::io::Error) -> JournalError {
        let kind = JournalErrorKind::Fatal {
            operation,
            cause: error.to_string(),
            last_seq: self.synced_seq,
        };
        self.fatal = Some(kind.clone());
        self.error(kind)
    }

    fn check_usable(&self) -> Result<(), JournalError> {
        match &self.fatal {
            Some(kind) => Err(self.error(kind.clone())),
            None => Ok(()),
        }
    }
}

/// The OS lock that makes a process the one writer of a journal. It is a file
/// beside the journal, because the journal itself may be replaced by rename.
fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests;
