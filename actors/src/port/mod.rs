//! The ports through which time, files and processes reach the actors.
//!
//! Each port is a small trait with one real implementation here and, under the
//! feature `testing`, one that a test can bend.

mod children;
mod clock;
mod disk;
#[cfg(feature = "failpoints")]
mod failing_disk;
#[cfg(feature = "failpoints")]
mod failing_launcher;
pub mod failpoint;
mod git;
mod interrupted;
mod launcher;
pub mod machine;
mod process;
mod process_table;
mod program;
mod repository;
mod storage;
mod system_launcher;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod watch;

pub use children::Children;
pub use clock::{Clock, SharedClock, SystemClock};
pub use disk::Disk;
pub use git::git_command;
pub use launcher::{
    Exit, Found, GroupMember, Keep, LaunchError, LaunchSpec, Launched, Launcher, ProcessIdentity,
    RUN_ID_VARIABLE, SharedLauncher, Signal, Stray,
};
pub use process::{holder_process, is_alive};
pub(crate) use process_table::start_ticks_of;
pub use program::{Ended, Output, Program};
pub use repository::{NoRepository, Repository, RepositoryError, SharedRepository};
pub use storage::{AppendFile, ChangeStream, FileStat, FsLock, SharedStorage, Storage};
pub use system_launcher::SystemLauncher;
