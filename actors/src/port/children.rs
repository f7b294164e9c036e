//! The children of this process: those that it started, which are waited for where
//! they were started, and strays that came to it because their parent ended.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitOptions, getpid, set_child_subreaper, waitpid};
use tokio::process::{Child, Command};

/// The pids of the children that were started here. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Children {
    started: Arc<Mutex<BTreeSet<u32>>>,
}

impl Children {
    /// Starts a child that is waited for by whoever holds it.
    ///
    /// # Errors
    /// The system's own; nothing runs then.
    pub(super) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // Held until the pid is noted: nobody can take it for a stray in between.
        let mut started = self.started();
        let child = command.spawn()?;
        started.extend(child.id());
        Ok(child)
    }

    /// Starts a child that a thread waits for, and that is forgotten with
    /// [`Children::forget`] then.
    ///
    /// # Errors
    /// The system's own; nothing runs then.
    pub fn spawn_for_thread(
        &self,
        command: &mut std::process::Command,
    ) -> io::Result<std::process::Child> {
        let mut started = self.started();
        let child = command.spawn()?;
        started.insert(child.id());
        Ok(child)
    }

    /// A child was waited for.
    pub fn forget(&self, pid: u32) {
        self.started().remove(&pid);
    }

    /// From now on processes below this one whose parent ends become its children,
    /// not those of the machine's first process.
    ///
    /// # Errors
    /// When the system does not know of this.
    pub fn take_in_strays(&self) -> io::Result<()> {
        Ok(set_child_subreaper(Some(getpid()))?)
    }

    /// Waits for every stray that has ended, so that none stays a zombie. Says how
    /// many there were. For a process that starts all of its children here: others it
    /// would take from whoever waits for them.
    #[expect(clippy::must_use_candidate, reason = "burying is the point, the count is extra")]
    pub fn bury_strays(&self) -> usize {
        let started = self.started();
        let strays = children().into_iter().filter(|pid| !started.contains(pid));
        let strays = strays.filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        strays.filter(|pid| matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(Some(_)))).count()
    }

    /// The children that were not started here, zombies among them.
    pub(super) fn strays(&self) -> Vec<u32> {
        let started = self.started();
        children().into_iter().filter(|pid| !started.contains(pid)).collect()
    }

    fn started(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pids of all children of this process; each stands with the thread that
/// started it.
fn children() -> Vec<u32> {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| {
        // A thread that has just ended has none.
        std::fs::read_to_string(thread.path().join("children")).ok()
    });
    let parsed = |list: String| -> Vec<u32> {
        list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    };
    lists.flat_map(parsed).collect()
}
