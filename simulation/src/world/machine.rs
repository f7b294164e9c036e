//! The machine's processes: started by a helper, with lives of their own. They outlive the
//! daemon, not the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dosd_actors::exec::{ExitRecord, exit_record_path};
use dosd_actors::port::testing::MemoryStorage;
use dosd_actors::port::{
    Exit, Found, GroupMember, LaunchError, LaunchSpec, Launched, Launcher, ProcessIdentity,
    RUN_ID_VARIABLE, Signal, Stray,
};
use dosd_kernel::invariant::{self, Invariant, KnownProcess, Place, Violation};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, pending};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::LANES;
use super::life::Life;
use super::worker::{self, Fate, Script};
use crate::fault::Fault;
use crate::trace::{Finding, Trace};

/// A child's pid is that of its group's leader and this.
const CHILDREN: u32 = 100_000;

/// All processes of one machine. Clones share them.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(super) disk: MemoryStorage,
    pub(super) trace: Trace,
    state: Arc<Mutex<State>>,
}

struct State {
    random: fastrand::Rng,
    boot: u32,
    next_pid: u32,
    groups: BTreeMap<u32, Group>,
    /// Runs whose helper is there and whose worker is not.
    helpers: BTreeSet<String>,
    /// From now on workers stay.
    is_calm: bool,
    /// From now on none ends by itself.
    is_still: bool,
    launches: u64,
}

/// A process group that has members.
struct Group {
    identity: ProcessIdentity,
    run_id: String,
    lane: String,
    run_directory: PathBuf,
    began: Instant,
    /// The leader lives, and who waits for its end.
    leader: Option<Vec<oneshot::Sender<()>>>,
    /// Another member lives, and who waits for its end.
    child: Option<Vec<oneshot::Sender<()>>>,
    is_deaf: bool,
    /// Its helper was killed: nobody records its end.
    is_unwatched: bool,
}

impl Machine {
    pub(super) fn new(disk: MemoryStorage, trace: Trace, random: fastrand::Rng) -> Self {
        let state = State {
            random,
            boot: 1,
            next_pid: 1000,
            groups: BTreeMap::new(),
            helpers: BTreeSet::new(),
            is_calm: false,
            is_still: false,
            launches: 0,
        };
        Self { disk, trace, state: Arc::new(Mutex::new(state)) }
    }

    /// From now on workers that are started stay, and nothing goes wrong with them.
    pub(crate) fn calm_down(&self) {
        self.state().is_calm = true;
    }

    /// From now on no process ends by itself: what ends is ended by the daemon.
    pub(crate) fn keep_still(&self) {
        self.state().is_still = true;
    }

    pub(super) fn is_still(&self) -> bool {
        self.state().is_still
    }

    /// The number of times that the machine was started.
    pub(crate) fn boot(&self) -> u32 {
        self.state().boot
    }

    /// How many workers were started.
    pub(crate) fn launches(&self) -> u64 {
        self.state().launches
    }

    /// The power is gone and back: no process is left.
    pub(crate) fn reboot(&self) {
        let mut state = self.state();
        state.boot += 1;
        state.groups.clear();
        state.helpers.clear();
    }

    /// The processes that are there, one for each group.
    pub(crate) fn processes(&self) -> Vec<KnownProcess> {
        let state = self.state();
        let known = state.groups.values().map(|group| KnownProcess {
            run_id: group.run_id.clone(),
            lane: group.lane.clone(),
            pid: group.identity.pid,
        });
        known.collect()
    }

    /// Whether a process of a run is there, or is about to be.
    pub(crate) fn has_processes(&self, run_id: &str) -> bool {
        let state = self.state();
        state.helpers.contains(run_id) || state.groups.values().any(|it| it.run_id == run_id)
    }

    /// A random moment from the machine's own chance.
    pub(super) fn some_time(&self, up_to: Duration) -> Duration {
        let ms = u64::try_from(up_to.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.state().random.u64(0..=ms))
    }

    fn draw(&self) -> Script {
        let mut state = self.state();
        let is_calm = state.is_calm;
        Script::draw(&mut state.random, is_calm)
    }

    /// The helper starts the worker of a run.
    fn begin(
        &self,
        spec: &LaunchSpec,
        script: &Script,
    ) -> (ProcessIdentity, oneshot::Receiver<()>) {
        let mut state = self.state();
        state.next_pid += 1;
        state.launches += 1;
        let pid = state.next_pid;
        let boot_id = format!("boot-{}", state.boot);
        let identity =
            ProcessIdentity { boot_id, pid, start_ticks: u64::from(pid) * 100, pgid: pid };
        let run_id = run_id_of(spec);
        state.helpers.remove(&run_id);
        let (ended, watch) = oneshot::channel();
        let group = Group {
            identity: identity.clone(),
            run_id,
            lane: lane_of(spec),
            run_directory: spec.keep.run_directory.clone(),
            began: Instant::now(),
            leader: Some(vec![ended]),
            child: None,
            is_deaf: script.is_deaf(),
            is_unwatched: script.is_unwatched,
        };
        let lane = group.lane.clone();
        let beside: Vec<u32> =
            state.groups.values().filter(|it| it.lane == lane).map(|it| it.identity.pid).collect();
        state.groups.insert(pid, group);
        drop(state);
        if !beside.is_empty() {
            self.trace.violated(vec![Violation {
                invariant: Invariant::OneWorker,
                place: Place::Lane(lane.clone()),
                what: format!("process {pid} begins beside {beside:?}"),
            }]);
        }
        self.trace.note(format_args!("process {pid} of lane {lane} begins: {script:?}"));
        (identity, watch)
    }

    /// A group gets a member besides its leader.
    pub(super) fn bear_child(&self, pgid: u32) {
        if let Some(group) = self.state().groups.get_mut(&pgid) {
            group.child = Some(Vec::new());
        }
    }

    /// Whether the leader of a group lives.
    pub(super) fn lives(&self, pgid: u32) -> bool {
        self.state().groups.get(&pgid).is_some_and(|group| group.leader.is_some())
    }

    /// The leader of a group ends. Its helper records that a moment later.
    pub(super) fn end_leader(&self, pgid: u32, exit: Exit) {
        let mut state = self.state();
        let boot = state.boot;
        let Some(group) = state.groups.get_mut(&pgid) else { return };
        let Some(watchers) = group.leader.take() else { return };
        let record = ExitRecord {
            code: exit.code,
            signal: exit.signal,
            ran_ms: i64::try_from(group.began.elapsed().as_millis()).unwrap_or(i64::MAX),
        };
        let path = exit_record_path(&group.run_directory);
        let is_recorded = !group.is_unwatched;
        state.sweep(pgid);
        let after = Duration::from_millis(state.random.u64(0..5));
        drop(state);
        self.trace.note(format_args!("process {pgid} ends: {exit:?}"));
        for watcher in watchers {
            // Whoever watched may be gone.
            let _ = watcher.send(());
        }
        if is_recorded {
            let machine = self.clone();
            tokio::spawn(async move {
                sleep(after).await;
                if machine.boot() == boot {
                    let bytes = record.to_bytes().unwrap_or_default();
                    machine.disk.put(&path, &bytes);
                }
            });
        }
    }

    /// The other member of a group ends.
    pub(super) fn end_child(&self, pgid: u32) {
        let mut state = self.state();
        let Some(group) = state.groups.get_mut(&pgid) else { return };
        let watchers = group.child.take().unwrap_or_default();
        state.sweep(pgid);
        drop(state);
        for watcher in watchers {
            let _ = watcher.send(());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets a group that has no member any more.
    fn sweep(&mut self, pgid: u32) {
        let is_empty = |group: &Group| group.leader.is_none() && group.child.is_none();
        if self.groups.get(&pgid).is_some_and(is_empty) {
            self.groups.remove(&pgid);
        }
    }
}

fn run_id_of(spec: &LaunchSpec) -> String {
    spec.environment.get(RUN_ID_VARIABLE).cloned().unwrap_or_default()
}

fn lane_of(spec: &LaunchSpec) -> String {
    spec.argv.get(1).cloned().unwrap_or_default()
}

/// The machine, for one daemon process.
#[derive(Clone)]
pub(crate) struct MachineView {
    pub(crate) machine: Machine,
    pub(crate) life: Life,
    pub(crate) ground: worker::Ground,
}

impl MachineView {
    /// No process without its intent: looked at before there is one.
    fn check_intent(&self, spec: &LaunchSpec) {
        let process = KnownProcess { run_id: run_id_of(spec), lane: lane_of(spec), pid: 0 };
        let rows = invariant::rows(&self.machine.disk.bytes(Path::new(LANES)));
        let trace = &self.machine.trace;
        trace.violated(invariant::processes_are_known(
            &rows,
            std::slice::from_ref(&process),
            false,
        ));
        if self.machine.has_processes(&process.run_id) {
            trace.find(Finding::Process(format!("`{}` is started twice", process.run_id)));
        }
    }
}

impl Launcher for MachineView {
    fn launch(&self, spec: &LaunchSpec) -> BoxFuture<'static, Result<Launched, LaunchError>> {
        if self.life.is_dead() {
            return pending().boxed();
        }
        self.check_intent(spec);
        let machine = self.machine.clone();
        let script = machine.draw();
        if script.fate == Fate::Missing {
            machine.trace.fault(Fault::Worker, "the command is not found");
            return async { Err(LaunchError::NotFound("worker".to_owned())) }.boxed();
        }
        machine.state().helpers.insert(run_id_of(spec));
        let (boot, after) = (machine.boot(), machine.some_time(Duration::from_millis(30)));
        let (born, birth) = oneshot::channel();
        let (spec, ground) = (spec.clone(), self.ground.clone());
        // A task of the machine: the helper goes on when the daemon is killed.
        tokio::spawn(async move {
            sleep(after).await;
            if machine.boot() != boot {
                return;
            }
            let (identity, watch) = machine.begin(&spec, &script);
            let (pgid, run_id) = (identity.pgid, run_id_of(&spec));
            let _ = born.send((identity, watch));
            worker::live(machine, ground, script, (pgid, run_id, lane_of(&spec))).await;
        });
        async move {
            match birth.await {
                Ok((identity, watch)) => Ok(launched(identity, watch)),
                Err(_) => pending().await,
            }
        }
        .boxed()
    }

    fn adopt(&self, identity: &ProcessIdentity) -> Option<Launched> {
        let mut state = self.machine.state();
        let group = state.groups.get_mut(&identity.pgid)?;
        let is_leader = identity.pid == identity.pgid;
        let there = if is_leader { group.identity.clone() } else { child_of(&group.identity) };
        if *identity != there {
            return None;
        }
        let watchers = if is_leader { &mut group.leader } else { &mut group.child };
        let (ended, watch) = oneshot::channel();
        watchers.as_mut()?.push(ended);
        Some(launched(there, watch))
    }

    fn age(&self, process: &ProcessIdentity) -> Option<Duration> {
        let state = self.machine.state();
        let group = state.groups.get(&process.pgid)?;
        (group.identity.boot_id == process.boot_id).then(|| group.began.elapsed())
    }

    fn find(&self, run_ids: &BTreeSet<String>) -> BTreeMap<String, Found> {
        let state = self.machine.state();
        let helpers = state.helpers.iter().map(|run_id| (run_id.clone(), Found::Helper));
        let processes = state.groups.values().map(|group| {
            let leads = group.leader.is_some();
            let process = if leads { group.identity.clone() } else { child_of(&group.identity) };
            (group.run_id.clone(), Found::Process(process))
        });
        helpers.chain(processes).filter(|(run_id, _)| run_ids.contains(run_id)).collect()
    }

    fn signal_group(&self, pgid: u32, signal: Signal) -> io::Result<()> {
        if self.life.is_dead() {
            return Ok(());
        }
        let trace = &self.machine.trace;
        trace.note(format_args!("{signal:?} to group {pgid}"));
        let is_deaf = {
            let state = self.machine.state();
            let Some(group) = state.groups.get(&pgid) else {
                drop(state);
                trace.find(Finding::Process(format!("{signal:?} to the empty group {pgid}")));
                return Ok(());
            };
            group.is_deaf
        };
        let number = match signal {
            Signal::Terminate if is_deaf => return Ok(()),
            Signal::Terminate => 15,
            Signal::Kill => 9,
        };
        self.machine.end_child(pgid);
        self.machine.end_leader(pgid, Exit { code: None, signal: Some(number) });
        Ok(())
    }

    fn group_is_gone(&self, process: &ProcessIdentity) -> bool {
        self.group_members(process.pgid).is_empty()
    }

    fn group_members(&self, pgid: u32) -> Vec<GroupMember> {
        let state = self.machine.state();
        let Some(group) = state.groups.get(&pgid) else { return Vec::new() };
        let leader = group.leader.is_some().then_some(pgid);
        let child = group.child.is_some().then_some(pgid + CHILDREN);
        let member = |pid| GroupMember { pid, command: "worker".to_owned() };
        leader.into_iter().chain(child).map(member).collect()
    }

    fn strays(&self) -> Vec<Stray> {
        Vec::new()
    }

    fn signal_stray(&self, _: u32, _: Signal) -> io::Result<()> {
        Ok(())
    }
}

fn child_of(leader: &ProcessIdentity) -> ProcessIdentity {
    let pid = leader.pgid + CHILDREN;
    ProcessIdentity { pid, start_ticks: u64::from(pid) * 100, ..leader.clone() }
}

/// How it ended its helper knows, not the daemon.
fn launched(identity: ProcessIdentity, watch: oneshot::Receiver<()>) -> Launched {
    let exited = async move {
        match watch.await {
            Ok(()) => Exit::default(),
            // The machine is gone.
            Err(_) => pending().await,
        }
    };
    Launched { identity, exited: exited.boxed(), output: None }
}
