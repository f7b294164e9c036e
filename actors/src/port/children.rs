//! The children of this process: those that it started, which are waited for where
//! they were started, and strays that came to it because their parent ended.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitOptions, waitpid};
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

    /// A child was waited for.
    pub(super) fn forget(&self, pid: u32) {
        self.started().remove(&pid);
    }

    /// Waits for every stray that has ended, so that none stays a zombie. Says how
    /// many there were.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn bury_strays(&self) -> io::Result<usize> {
        let started = self.started();
        let mut buried = 0;
        for thread in std::fs::read_dir("/proc/self/task")? {
            let Ok(children) = std::fs::read_to_string(thread?.path().join("children")) else {
                // A thread that has just ended.
                continue;
            };
            let strays = children
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .filter(|pid| !started.contains(pid));
            for pid in strays.filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
                if let Ok(Some(_)) = waitpid(Some(pid), WaitOptions::NOHANG) {
                    buried += 1;
                }
            }
        }
        Ok(buried)
    }

    fn started(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
