//! Processes that exist only as far as a test says so.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::port::{
    Exit, Found, GroupMember, LaunchError, LaunchSpec, Launched, Launcher, ProcessIdentity,
    RUN_ID_VARIABLE, Signal, Stray,
};

/// A launcher whose processes live until the test ends them. Clones share them.
#[derive(Clone, Default)]
pub struct FakeLauncher {
    state: Arc<Mutex<State>>,
}

/// The pid of a child is that of its group's leader and this.
const CHILDREN: u32 = 5000;

#[derive(Default)]
struct State {
    next_pid: u32,
    living: BTreeMap<u32, oneshot::Sender<Exit>>,
    launched: Vec<(u32, LaunchSpec)>,
    signals: Vec<(u32, Signal)>,
    /// When each process began.
    born: BTreeMap<u32, Instant>,
    /// Groups with a member besides their leader, and who watches that one.
    parents: BTreeMap<u32, Option<oneshot::Sender<Exit>>>,
    /// Signals to groups without members.
    wasted: Vec<u32>,
    /// Processes that left the group of a run, by pid.
    strays: BTreeMap<u32, String>,
    /// Processes of somebody else, which have a pid that was one of ours.
    strangers: BTreeMap<u32, ProcessIdentity>,
    missing: bool,
    deaf: bool,
}

impl FakeLauncher {
    /// From now on no command is found.
    pub fn lose_the_command(&self) {
        self.state().missing = true;
    }

    /// From now on processes ignore TERM.
    pub fn ignore_terminate(&self) {
        self.state().deaf = true;
    }

    /// Ends a process. Says whether it lived.
    #[expect(clippy::must_use_candidate, reason = "ending it is the point, the answer is extra")]
    pub fn end(&self, pid: u32, exit: Exit) -> bool {
        let Some(watcher) = self.state().living.remove(&pid) else { return false };
        // It ends whether or not anybody watches.
        let _ = watcher.send(exit);
        true
    }

    /// A process ends, and somebody else's gets its pid. It lives until it is signalled.
    pub fn hand_pid_on(&self, stranger: ProcessIdentity) {
        self.end(stranger.pid, Exit::default());
        let mut state = self.state();
        state.living.insert(stranger.pid, oneshot::channel().0);
        state.strangers.insert(stranger.pid, stranger);
    }

    /// The identity of a process that is started here and gets this pid.
    #[must_use]
    pub fn identity(pid: u32) -> ProcessIdentity {
        let leader = if pid >= CHILDREN { pid - CHILDREN } else { pid };
        let start_ticks = u64::from(pid) * 100;
        ProcessIdentity { boot_id: "boot".to_owned(), pid, start_ticks, pgid: leader }
    }

    /// Gives the group of a process another member, which does not end with it.
    pub fn bear_child(&self, pgid: u32) {
        self.state().parents.entry(pgid).or_default();
    }

    /// Ends the member that [`FakeLauncher::bear_child`] gave to a group.
    pub fn end_child(&self, pgid: u32) {
        if let Some(Some(watcher)) = self.state().parents.remove(&pgid) {
            // It ends whether or not anybody watches.
            let _ = watcher.send(Exit::default());
        }
    }

    /// Gives a run a process outside of its group, and gives its pid.
    #[must_use]
    pub fn bear_stray(&self, run_id: &str) -> u32 {
        let mut state = self.state();
        let pid = 9000 + u32::try_from(state.strays.len()).unwrap_or_default();
        state.strays.insert(pid, run_id.to_owned());
        pid
    }

    /// The process that was started with a pid.
    #[must_use]
    pub fn identity_of(&self, pid: u32) -> ProcessIdentity {
        Self::identity(pid)
    }

    /// The pids that live, ascending.
    #[must_use]
    pub fn living(&self) -> Vec<u32> {
        self.state().living.keys().copied().collect()
    }

    /// Everything that was started, in order.
    #[must_use]
    pub fn launched(&self) -> Vec<(u32, LaunchSpec)> {
        self.state().launched.clone()
    }

    /// Every signal that was sent, in order.
    #[must_use]
    pub fn signals(&self) -> Vec<(u32, Signal)> {
        self.state().signals.clone()
    }

    /// The groups that were signalled when nobody was in them any more.
    #[must_use]
    pub fn wasted_signals(&self) -> Vec<u32> {
        self.state().wasted.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn launch_now(&self, spec: &LaunchSpec) -> Result<Launched, LaunchError> {
        let mut state = self.state();
        if state.missing {
            return Err(LaunchError::NotFound(spec.argv.join(" ")));
        }
        state.next_pid += 1;
        let pid = 1000 + state.next_pid;
        let (sender, receiver) = oneshot::channel();
        state.living.insert(pid, sender);
        state.launched.push((pid, spec.clone()));
        state.born.insert(pid, Instant::now());
        let exited = async move { receiver.await.unwrap_or_default() };
        Ok(Launched { identity: Self::identity(pid), exited: exited.boxed(), output: None })
    }
}

impl Launcher for FakeLauncher {
    fn launch(&self, spec: &LaunchSpec) -> BoxFuture<'static, Result<Launched, LaunchError>> {
        std::future::ready(self.launch_now(spec)).boxed()
    }

    fn adopt(&self, identity: &ProcessIdentity) -> Option<Launched> {
        let mut state = self.state();
        let pid = identity.pid;
        let there = state.strangers.get(&pid).cloned().unwrap_or_else(|| Self::identity(pid));
        if *identity != there {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        if identity.pid == identity.pgid {
            *state.living.get_mut(&identity.pid)? = sender;
        } else {
            *state.parents.get_mut(&identity.pgid)? = Some(sender);
        }
        // An adopter is not the parent: it sees the end, not the status.
        let exited = async move {
            let _ = receiver.await;
            Exit::default()
        };
        Some(Launched { identity: identity.clone(), exited: exited.boxed(), output: None })
    }

    fn age(&self, process: &ProcessIdentity) -> Option<Duration> {
        let born = self.state().born.get(&process.pid).copied()?;
        Some(born.elapsed())
    }

    fn find(&self, run_ids: &BTreeSet<String>) -> BTreeMap<String, Found> {
        let state = self.state();
        let alive = |pid: &u32| {
            let child = || state.parents.contains_key(pid).then_some(*pid + CHILDREN);
            state.living.contains_key(pid).then_some(*pid).or_else(child)
        };
        let launched = state.launched.iter().rev();
        launched
            .filter(|(pid, _)| !state.strangers.contains_key(pid))
            .filter_map(|(pid, spec)| Some((alive(pid)?, spec)))
            .filter_map(|(pid, spec)| Some((spec.environment.get(RUN_ID_VARIABLE)?.clone(), pid)))
            .filter(|(run_id, _)| run_ids.contains(run_id))
            .map(|(run_id, pid)| (run_id, Found::Process(Self::identity(pid))))
            .collect()
    }

    fn signal_group(&self, pgid: u32, signal: Signal) -> io::Result<()> {
        let mut state = self.state();
        state.signals.push((pgid, signal));
        if !state.living.contains_key(&pgid) && !state.parents.contains_key(&pgid) {
            state.wasted.push(pgid);
        }
        let deadly = signal == Signal::Kill || !state.deaf;
        drop(state);
        if deadly {
            let number = if signal == Signal::Kill { 9 } else { 15 };
            self.end_child(pgid);
            self.end(pgid, Exit { code: None, signal: Some(number) });
        }
        Ok(())
    }

    fn strays(&self) -> Vec<Stray> {
        let member = |pid| GroupMember { pid, command: "fake".to_owned() };
        let state = self.state();
        let strays = state.strays.iter();
        strays.map(|(pid, run)| Stray { run_id: run.clone(), process: member(*pid) }).collect()
    }

    fn signal_stray(&self, pid: u32, signal: Signal) -> io::Result<()> {
        let mut state = self.state();
        state.signals.push((pid, signal));
        if signal == Signal::Kill || !state.deaf {
            state.strays.remove(&pid);
        }
        Ok(())
    }

    fn group_is_gone(&self, process: &ProcessIdentity) -> bool {
        self.group_members(process.pgid).is_empty()
    }

    fn group_members(&self, pgid: u32) -> Vec<GroupMember> {
        let state = self.state();
        let leader = state.living.contains_key(&pgid).then_some(pgid);
        let child = state.parents.contains_key(&pgid).then_some(pgid + CHILDREN);
        let member = |pid| GroupMember { pid, command: "fake".to_owned() };
        leader.into_iter().chain(child).map(member).collect()
    }
}
