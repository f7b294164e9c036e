//! Processes as a dependency: start, recognise, signal, notice the end.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dosd_kernel::lane::StartedProcess;
use futures_util::future::BoxFuture;
use tokio::io::AsyncRead;

use crate::rotated_log::Rotation;

/// One process of one boot of one machine. A pid alone is never an identity:
/// the kernel hands it out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// The machine's boot, from `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot: field 22 of `/proc/PID/stat`.
    pub start_ticks: u64,
    /// Process group; equal to `pid` for a worker, which leads its own group.
    pub pgid: u32,
}

impl From<&StartedProcess> for ProcessIdentity {
    fn from(started: &StartedProcess) -> Self {
        Self {
            boot_id: started.boot_id.clone(),
            pid: started.pid,
            start_ticks: started.start_ticks,
            pgid: started.pgid,
        }
    }
}

/// The variable that names a worker's run; its children inherit it.
pub const RUN_ID_VARIABLE: &str = "CID_RUN_ID";

/// What to start.
#[derive(Debug, Clone)]
pub struct LaunchSpec {
    /// Program and arguments; never a shell string.
    pub argv: Vec<String>,
    /// Working directory.
    pub directory: PathBuf,
    /// Variables added to the daemon's own environment.
    pub environment: BTreeMap<String, String>,
    /// What is kept of it for a daemon that is not there to see.
    pub keep: Keep,
}

/// Where a worker's output and end are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// The directory of the run: its exit record.
    pub run_directory: PathBuf,
    /// The file of its output.
    pub log: PathBuf,
    /// How much output is kept.
    pub rotation: Rotation,
}

/// How a process ended. Both empty: nobody was there to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exit {
    /// Exit code, when it exited.
    pub code: Option<i32>,
    /// Signal number, when a signal ended it.
    pub signal: Option<i32>,
}

impl Exit {
    /// Exit code 0, and nothing else, is success.
    #[must_use]
    pub fn is_success(self) -> bool {
        self.code == Some(0)
    }
}

/// A process that was started or found again.
pub struct Launched {
    /// Who it is.
    pub identity: ProcessIdentity,
    /// Resolves once, when the process has ended. The exit is empty when this
    /// process is not its parent: then its helper has recorded it.
    pub exited: BoxFuture<'static, Exit>,
    /// Its standard output and error as one stream; `None` when its helper keeps
    /// them.
    pub output: Option<Box<dyn AsyncRead + Send + Unpin>>,
}

/// What of a run was found on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A process of the worker.
    Process(ProcessIdentity),
    /// A helper that is about to start it, or has just seen its end.
    Helper,
}

/// Why a worker could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The command's argv is empty.
    #[error("the worker command is empty; set `[dosd.worker] command`")]
    Empty,
    /// There is no such program.
    #[error("worker command `{0}` was not found; check `[dosd.worker] command` and PATH")]
    NotFound(String),
    /// The system refused.
    #[error("worker command `{program}` could not be started: {reason}")]
    Refused {
        /// The program that was asked for.
        program: String,
        /// What the system said.
        reason: String,
    },
}

/// What is sent to a process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// TERM, then CONT, so that a stopped process can act on it.
    Terminate,
    /// KILL.
    Kill,
}

/// The machine's processes, as far as the actors need them.
pub trait Launcher: Send + Sync + 'static {
    /// Starts a process as leader of its own group.
    ///
    /// # Errors
    /// [`LaunchError`]; nothing runs then.
    fn launch(&self, spec: &LaunchSpec) -> BoxFuture<'static, Result<Launched, LaunchError>>;

    /// Finds a process that an earlier daemon started; `None` when that very
    /// process is gone, even if another one has its pid now.
    fn adopt(&self, identity: &ProcessIdentity) -> Option<Launched>;

    /// How long ago a process of this boot began, whether it lives or not; `None` when
    /// that is not known.
    fn age(&self, process: &ProcessIdentity) -> Option<Duration>;

    /// Finds, for each of these run ids, the oldest process whose environment says
    /// that it belongs to that run ([`RUN_ID_VARIABLE`]). It is how a process is found
    /// whose start nobody wrote down. Looks at every process of the machine, once.
    fn find(&self, run_ids: &BTreeSet<String>) -> BTreeMap<String, Found>;

    /// Signals every member of a group. A group that is gone is no error.
    ///
    /// # Errors
    /// When the system refuses, as for a process of another user.
    fn signal_group(&self, pgid: u32, signal: Signal) -> io::Result<()>;

    /// Whether the group that a process is or was in has no member at all, zombies
    /// included. Its number may be in use again: then it is gone too. Costs the same
    /// whatever else runs on the machine.
    fn group_is_gone(&self, process: &ProcessIdentity) -> bool;

    /// The living members of a group with their commands, zombies aside. Looks
    /// at every process of the machine.
    fn group_members(&self, pgid: u32) -> Vec<GroupMember>;

    /// The living children of this process that were started below a worker, left
    /// its group, and came here because their parent ended.
    fn strays(&self) -> Vec<Stray>;

    /// Signals one of [`Launcher::strays`]. One that is gone is no error: its pid is
    /// its own until this process has waited for it.
    ///
    /// # Errors
    /// When the system refuses, as for a process of another user.
    fn signal_stray(&self, pid: u32, signal: Signal) -> io::Result<()>;

    /// How often to look whether a signalled group is empty.
    fn look_interval(&self) -> Duration {
        Duration::from_millis(10)
    }
}

/// A process found in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Process id.
    pub pid: u32,
    /// Its short command name, from `/proc/PID/stat`.
    pub command: String,
}

/// A process that left the group of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The run that it was started for.
    pub run_id: String,
    /// Who it is.
    pub process: GroupMember,
}

/// A launcher that several actors share.
pub type SharedLauncher = Arc<dyn Launcher>;
