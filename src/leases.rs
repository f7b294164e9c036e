//! Deciding about lanes without a daemon: the mutex, the journal, the ruling, in this process. It
//! decides nothing itself, and prints nothing.

use dosd_actors::journal::{JournalError, JournalErrorKind, LeaseMutex, LockOwner, Log, Pauses};
use dosd_actors::port::{SharedClock, SystemClock, holder_process, machine};
use dosd_kernel::lane::{LaneFold, Matter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The files that a decision is about, and who decides.
#[derive(Debug, Clone)]
pub struct LeaseFiles {
    /// The lane journal.
    pub journal: PathBuf,
    /// The mutex that everybody takes who decides.
    pub lock: PathBuf,
    /// This machine's name in leases.
    pub host_id: String,
}

/// Rules on a matter and puts the ruling on disk.
///
/// The mutex comes first and the journal after it: whoever waits for the one never holds the other.
/// A journal whose writer is another process, a daemon that has just started, is waited for like the
/// mutex.
///
/// # Errors
///
/// [`JournalErrorKind::Busy`] when others have either for longer than `patience`, and what the file
/// system says.
pub async fn decide<M: Matter>(
    files: &LeaseFiles,
    matter: M,
    patience: Duration,
) -> Result<M::Answer, JournalError> {
    let clock: SharedClock = Arc::new(SystemClock::new());
    let storage = machine::storage();
    make_directories(files)?;
    let mutex = LeaseMutex::new(
        Arc::clone(&storage),
        Arc::clone(&clock),
        files.lock.clone(),
        LockOwner::of_this_process(),
    );
    let mut pauses = Pauses::default();
    loop {
        let left = patience.saturating_sub(clock.monotonic());
        let hold = mutex.take(left).await?;
        match Log::<LaneFold>::open(Arc::clone(&storage), &files.journal) {
            Ok(mut log) => {
                let process = |lease: &_| holder_process(lease, &files.host_id);
                return log.rule(&hold, matter, clock.now_ms(), &process);
            }
            Err(JournalError { kind: JournalErrorKind::Busy { .. }, .. })
                if clock.monotonic() < patience =>
            {
                drop(hold);
                tokio::time::sleep(pauses.next_pause()).await;
            }
            Err(failed) => return Err(failed),
        }
    }
}

fn make_directories(files: &LeaseFiles) -> Result<(), JournalError> {
    let parents = [&files.lock, &files.journal].map(|path| path.parent());
    for parent in parents.into_iter().flatten() {
        std::fs::create_dir_all(parent).map_err(|error| cannot_make(parent, &error))?;
    }
    Ok(())
}

fn cannot_make(directory: &Path, error: &std::io::Error) -> JournalError {
    let kind = JournalErrorKind::Io { operation: "making its directory", cause: error.to_string() };
    JournalError { path: directory.to_owned(), kind }
}
