//! Why a daemon does not run, or does not run any more.

use std::io;
use std::path::PathBuf;

use dosd_actors::journal::JournalError;

use crate::http::{HttpError, SettingsError};

/// A daemon that cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another daemon serves this workspace.
    #[error(
        "{holder} serves this workspace already (`{}` is locked)\n  help: use it, or stop it first",
        lock.display()
    )]
    Busy {
        /// The lock file.
        lock: PathBuf,
        /// Who holds it, as it wrote into the lock.
        holder: String,
    },
    /// A file or directory of the daemon's own state cannot be used.
    #[error("cannot use `{}`: {source}\n  help: make it writable for this user", path.display())]
    State {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A journal ended under the daemon.
    #[error(
        "the {journal} journal cannot be written any more; the log says why\n  help: free space or replace the disk, then start again"
    )]
    JournalEnded {
        /// Which one.
        journal: &'static str,
    },
    /// The HTTP interface cannot be configured.
    #[error(transparent)]
    HttpSettings(#[from] SettingsError),
    /// Nobody can listen there.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Signals cannot be listened to.
    #[error(
        "cannot listen to signals: {0}\n  help: look at the limits of this process (`ulimit -a`)"
    )]
    Signals(io::Error),
    /// `/proc` is not there.
    #[error("cannot read /proc: {0}\n  help: processes are recognised through it; mount it")]
    Processes(io::Error),
    /// The daemon's run id cannot be made.
    #[error("cannot make a run id: {0}\n  help: set the machine's clock")]
    Clock(dosd_kernel::invalid::InvalidArgument),
    /// An actor panics again and again.
    #[error("the {actor} actor keeps panicking\n  help: please report this with the log above")]
    KeepsPanicking {
        /// Which one.
        actor: &'static str,
    },
}
