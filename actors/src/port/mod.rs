//! The ports through which time, files and processes reach the actors.
//!
//! Each port is a small trait with one real implementation here and, under the
//! feature `testing`, one that a test can bend.

mod clock;
mod disk;
mod launcher;
mod process;
mod storage;
mod system_launcher;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod watch;

pub use clock::{Clock, SharedClock, SystemClock};
pub use disk::Disk;
pub use launcher::{
    Exit, GroupMember, LaunchError, LaunchSpec, Launched, Launcher, ProcessIdentity,
    RUN_ID_VARIABLE, SharedLauncher, Signal,
};
pub use process::holder_process;
pub use storage::{AppendFile, ChangeStream, FileStat, FsLock, SharedStorage, Storage};
pub use system_launcher::SystemLauncher;
