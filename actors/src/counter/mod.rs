//! Numbers that are never given out twice: one counter a scope, in a file of its own,
//! shared with the Python programs that use the same workspace.
//!
//! A number is on disk before anybody is told of it. A counter that cannot be read is
//! never started over, because that would give numbers out again.

mod name;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::journal::{JournalError, JournalErrorKind, LeaseHold, LeaseMutex, LockOwner};
use crate::port::{SharedClock, SharedStorage};

pub use name::file_stem;

/// How often a busy counter is tried, and how long after each try: ten seconds in all.
/// The work under the lock is a read and a small write.
const TRIES: u32 = 1000;
const TRY_AFTER: Duration = Duration::from_millis(10);

/// The age at which the others take a counter's lock from its holder.
const STALE_AFTER_MS: i64 = 30_000;

/// The counters of a workspace.
pub struct Counters {
    storage: SharedStorage,
    clock: SharedClock,
    directory: PathBuf,
}

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// Somebody else held the lock all the time.
    #[error("the counter `{}` is busy\n  help: try again; a lock whose holder is gone is free after half a minute", .0.display())]
    Busy(PathBuf),
    /// The file holds no whole number.
    #[error("the counter `{}` holds no whole number\n  help: write the last number that was given out into it; starting over would give numbers out twice", .0.display())]
    Damaged(PathBuf),
    /// There is no larger number.
    #[error("the counter `{}` is at its end\n  help: number on under another scope", .0.display())]
    Exhausted(PathBuf),
    /// The file system's own.
    #[error("cannot use the counter `{}`: {cause}\n  help: make its directory writable, or name another one with `[paths] leases_dir`", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        cause: String,
    },
}

impl Counters {
    /// The counters whose files are in `directory`, which may not be there yet.
    #[must_use]
    pub fn new(storage: SharedStorage, clock: SharedClock, directory: PathBuf) -> Self {
        Self { storage, clock, directory }
    }

    /// The last number that was given out under a scope; none before the first.
    ///
    /// # Errors
    /// When the counter cannot be read.
    pub fn peek(&self, scope: &str) -> Result<Option<i64>, CounterError> {
        self.read(&self.file(scope))
    }

    /// Gives out the next number of a scope, `start` if it is the first. Waits up to
    /// ten seconds for others who do the same.
    ///
    /// # Errors
    /// When the counter is busy for so long, or cannot be read or written.
    pub async fn allocate(&self, scope: &str, start: i64) -> Result<i64, CounterError> {
        let file = self.file(scope);
        let failed = |error: &io::Error| failed(&file, error);
        self.storage.create_dir_all(&self.directory).map_err(|error| failed(&error))?;
        let hold = self.hold(&file).await?;
        let number = match self.read(&file)? {
            None => start,
            Some(last) => {
                last.checked_add(1).ok_or_else(|| CounterError::Exhausted(file.clone()))?
            }
        };
        hold.prove().map_err(|error| of_lock(&file, &error))?;
        let content = number.to_string();
        self.storage.replace(&file, content.as_bytes()).map_err(|error| failed(&error))?;
        Ok(number)
    }

    fn file(&self, scope: &str) -> PathBuf {
        self.directory.join(format!("{}.id", file_stem(scope)))
    }

    fn read(&self, file: &Path) -> Result<Option<i64>, CounterError> {
        let bytes = match self.storage.read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| failed(file, &error))?,
        };
        let number = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
        number.map(Some).ok_or_else(|| CounterError::Damaged(file.to_owned()))
    }

    async fn hold(&self, file: &Path) -> Result<LeaseHold, CounterError> {
        let (storage, clock) = (self.storage.clone(), self.clock.clone());
        let owner = LockOwner::of_this_process();
        let mutex = LeaseMutex::new(storage, clock, file.with_extension("lock"), owner)
            .stale_after(STALE_AFTER_MS);
        for _ in 0..TRIES {
            if let Some(hold) = mutex.try_take().map_err(|error| of_lock(file, &error))? {
                return Ok(hold);
            }
            tokio::time::sleep(TRY_AFTER).await;
        }
        Err(CounterError::Busy(file.to_owned()))
    }
}

fn failed(file: &Path, error: &io::Error) -> CounterError {
    CounterError::Io { file: file.to_owned(), cause: error.to_string() }
}

fn of_lock(file: &Path, error: &JournalError) -> CounterError {
    match &error.kind {
        JournalErrorKind::Busy { .. } => CounterError::Busy(file.to_owned()),
        JournalErrorKind::Fatal { .. }
        | JournalErrorKind::Io { .. }
        | JournalErrorKind::Unreachable => {
            CounterError::Io { file: file.to_owned(), cause: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests;
