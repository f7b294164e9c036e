//! One journal file, its one writer, and its fold.
//!
//! [`Log`] is the engine: it reads, folds, appends and syncs through the storage
//! port, without actors, so that a command line can use it alone.
//! [`JournalActor`] puts it on a thread of its own and gathers whatever waits in
//! the mailbox into one write and one `fdatasync`.
//!
//! The journal knows no exporter, no supervisor and no process.

mod actor;
mod error;
mod log;
mod message;
mod mutex;
mod position;
mod read;
mod salvage;

pub use actor::{CompactSettings, HolderLookup, JournalActor};
pub use error::{JournalError, JournalErrorKind};
pub use log::{Committed, Compacted, Followed, Log, Report};
pub use message::{
    Append, Compact, Decide, JournalMoved, Observe, Origin, Page, ReadFrom, Recall, Recalled,
    ReplaceCaps, Subscribe,
};
pub use mutex::{LOCK_PATIENCE, LeaseHold, LeaseMutex, LockOwner, Pauses};
pub use position::{Cursor, EventId, FileIdentity, Start};
pub use read::{Damage, Scan, Walked, scan, walk};
pub use salvage::{LeftOut, Reason, Salvaged, salvage};
