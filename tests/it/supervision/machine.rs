//! The machine's own account of the workers of one workspace. It reads `/proc`, and ends what a test
//! leaves behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::invariant::KnownProcess;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::workspace::Workspace;

/// Longer than anything here takes on a loaded machine: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at processes, which tell nobody that they moved.
const LOOK: Duration = Duration::from_millis(10);

/// One process that was started below a daemon of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) start_ticks: u64,
    /// The run that it was started for.
    pub(crate) run_id: String,
    pub(crate) lane: String,
    /// Whether it is the daemon's helper, not a process of the worker.
    pub(crate) is_helper: bool,
}

impl Process {
    /// As the invariants take it.
    pub(crate) fn known(&self) -> KnownProcess {
        KnownProcess { run_id: self.run_id.clone(), lane: self.lane.clone(), pid: self.pid }
    }
}

/// Every process of the workspace's workers that lives now; a zombie does not.
pub(crate) fn processes(workspace: &Workspace) -> Vec<Process> {
    let root = workspace.root().canonicalize().expect("a workspace");
    pids().filter_map(|pid| process(pid, &root)).collect()
}

/// Those of [`processes`] that are no helpers.
pub(crate) fn workers(workspace: &Workspace) -> Vec<Process> {
    processes(workspace).into_iter().filter(|it| !it.is_helper).collect()
}

fn process(pid: u32, root: &Path) -> Option<Process> {
    let environ = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let variables: BTreeMap<String, String> = environ
        .split(|byte| *byte == 0)
        .filter_map(|it| String::from_utf8_lossy(it).split_once('=').map(own))
        .collect();
    if Path::new(variables.get("DISPATCH_WORKSPACE")?) != root {
        return None;
    }
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(Process {
        pid,
        start_ticks: field(pid, 19)?.parse().ok()?,
        run_id: variables.get("CID_RUN_ID")?.clone(),
        lane: variables.get("DOS_LANE")?.clone(),
        is_helper: words.split(|byte| *byte == 0).nth(1) == Some(b"exec-worker"),
    })
}

fn own((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The children of a process that have ended and that nobody has waited for.
pub(crate) fn zombies_of(parent: u32) -> Vec<u32> {
    let children = children_of(parent).into_iter();
    children.filter(|pid| field(*pid, 0).as_deref() == Some("Z")).collect()
}

/// The number of the group that a process is in.
pub(crate) fn group_of(pid: u32) -> Option<u32> {
    field(pid, 2)?.parse().ok()
}

/// The processes that a process is the parent of.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    pids().filter(|pid| field(*pid, 1) == Some(parent.to_string())).collect()
}

/// Whether there is a process of this number, zombies included.
pub(crate) fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Ends a process by KILL. One that has just ended by itself is no matter.
pub(crate) fn end(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
}

/// A number of `/proc/PID/status` in kB, like `VmHWM`, the most that was ever resident.
pub(crate) fn memory_kb(pid: u32, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no `{key}` in:\n{status}"))
}

/// How many files a process has open.
pub(crate) fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a process").count()
}

/// Looks again and again until it succeeds. A look that fails says what it saw instead.
pub(crate) fn poll<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let clock = SystemClock::new();
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(seen) if clock.monotonic() > PATIENCE => panic!("{what}: after a minute {seen}"),
            Err(_) => std::thread::park_timeout(LOOK),
        }
    }
}

/// [`poll`] for what takes as long as it takes: it has failed when nothing has moved for so long. A look that
/// fails says how far it has come.
pub(crate) fn poll_while_it_moves<T>(what: &str, mut look: impl FnMut() -> Result<T, u64>) -> T {
    let mut before = None;
    loop {
        let moved = poll(what, || match look() {
            Ok(seen) => Ok(Some(seen)),
            Err(now) if before.replace(now) != Some(now) => Ok(None),
            Err(now) => Err(format!("it stands at {now}")),
        });
        if let Some(seen) = moved {
            return seen;
        }
    }
}

/// A field of `/proc/PID/stat`, counted from the state, which is 0.
fn field(pid: u32, at: usize) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(at).map(ToOwned::to_owned)
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Ends, when the test is over, however it is over, every process that was started below a daemon
/// of a workspace. To be made before the daemon, so that it goes after it.
pub(crate) struct Sweep(PathBuf);

impl Sweep {
    pub(crate) fn after(workspace: &Workspace) -> Self {
        Self(workspace.root().canonicalize().expect("a workspace"))
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        // A process can beget another one while it is looked for.
        for _ in 0..100 {
            let left: Vec<_> = pids().filter_map(|pid| process(pid, &self.0)).collect();
            if left.is_empty() {
                return;
            }
            for Process { pid, .. } in left {
                end(pid);
            }
            std::thread::park_timeout(LOOK);
        }
    }
}
