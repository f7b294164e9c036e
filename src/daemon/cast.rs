//! The actors of one daemon: how each is made, and made again.
//!
//! Every actor has one way to start, used at the beginning and after a panic.
//! Its state comes from the journals.

mod apply;
mod exporters;
mod http;
mod surfaces;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Arbiter};
use dosd_actors::guard::{ActorEnded, EndGuard};
use dosd_actors::journal::{
    Append, Compact, CompactSettings, Decide, JournalActor, Log, Observe, ReadFrom, Recall,
    ReplaceCaps, Subscribe,
};
use dosd_actors::port::{
    Children, SharedClock, SharedLauncher, SharedRepository, SharedStorage, SystemClock,
    SystemLauncher, holder_process, machine,
};
use dosd_actors::reach::Reach;
use dosd_actors::spawn::{
    AwaitEnds, EndRows, HaltRun, ProcessEvent, ReadoptRuns, Spawn, SpawnActor, SpawnPorts,
    SpawnSettings, StopAll,
};
use dosd_actors::supervisor::{
    Beginning, Close, FleetSettings, GetFleet, Proposal, Reset, Shutdown, SupervisorActor,
    SupervisorPorts,
};
use dosd_actors::witness::{Claim, EndRun, TakeBaseline};
use dosd_actors::{spawn, supervisor, witness};
use dosd_kernel::fold::Fold;
use dosd_kernel::lane::{LaneFold, LaneRequest};
use dosd_kernel::verdict::VerdictFold;
use tokio::sync::mpsc::UnboundedSender;
use tracing::warn;

use super::error::DaemonError;
use super::{RunOptions, reaper, settings};
use crate::config::Config;
use crate::control::{Doors, ExporterDoors};
use crate::git::GitRepository;
use crate::workspace::Workspace;

const LANES: &str = "lane";
const VERDICTS: &str = "verdict";
const WITNESS: &str = "witness";
const SPAWN: &str = "spawn";
const SUPERVISOR: &str = "supervisor";
const EXPORTER: &str = "exporter";
const BOARD: &str = "board";

/// How long an actor that is gone is given to be made again.
const MAKE_AGAIN: Duration = Duration::from_millis(10);

/// How often a lock that is about to be free is looked at.
const UNLOCK_LOOKS: u32 = 100;

/// The actors, by what they are asked.
pub(super) struct Cast {
    ports: Ports,
    lanes: JournalReach,
    verdicts: JournalReach,
    observe: Reach<Observe>,
    recall: Reach<Recall>,
    compact: Reach<Compact>,
    proposals: Reach<Decide<Proposal>>,
    ends: Reach<Decide<EndRows>>,
    lane_requests: Reach<Decide<LaneRequest>>,
    claim: Reach<Claim>,
    baseline: Reach<TakeBaseline>,
    run_ended: Reach<EndRun>,
    spawner: Reach<Spawn>,
    readopt: Reach<ReadoptRuns>,
    stop_all: Reach<StopAll>,
    halt: Reach<HaltRun>,
    await_ends: Reach<AwaitEnds>,
    process_events: Reach<ProcessEvent>,
    close: Reach<Close>,
    shutdown: Reach<Shutdown>,
    reconfigure_fleet: Reach<supervisor::Reconfigure>,
    reconfigure_spawn: Reach<spawn::Reconfigure>,
    reconfigure_witness: Reach<witness::Reconfigure>,
    replace_caps: Reach<ReplaceCaps>,
    reset: Reach<Reset>,
    fleet: Reach<GetFleet>,
    beginning: Beginning,
    exporters: Vec<exporters::Seat>,
    exporter_doors: ExporterDoors,
    front: Option<http::Front>,
    spawn_settings: SpawnSettings,
    fleet_settings: FleetSettings,
    options: RunOptions,
    report: UnboundedSender<ActorEnded>,
    random: fastrand::Rng,
    /// The journals block their threads while the disk works.
    lanes_thread: Arbiter,
    verdicts_thread: Arbiter,
}

/// The ports of this machine.
struct Ports {
    clock: SharedClock,
    storage: SharedStorage,
    launcher: SharedLauncher,
    repository: SharedRepository,
    /// Programs that surfaces start, which the reaper leaves to them.
    children: Children,
}

/// What every journal is asked.
struct JournalReach {
    append: Reach<Append>,
    read: Reach<ReadFrom>,
    doorbell: Reach<Subscribe>,
}

impl JournalReach {
    fn unset(name: &'static str) -> Self {
        Self { append: Reach::unset(name), read: Reach::unset(name), doorbell: Reach::unset(name) }
    }

    fn point_at<F: Fold + Unpin>(&self, actor: &Addr<JournalActor<F>>) {
        self.append.point_at(actor);
        self.read.point_at(actor);
        self.doorbell.point_at(actor);
    }

    fn clear(&self) {
        self.append.clear();
        self.read.clear();
        self.doorbell.clear();
    }
}

impl Cast {
    /// Makes every actor, journals first, the supervisor last: when it plans,
    /// everybody that it needs is there.
    pub(super) fn assemble(
        options: RunOptions,
        socket: &Path,
        report: UnboundedSender<ActorEnded>,
    ) -> Result<Self, DaemonError> {
        let mut launcher = SystemLauncher::new().map_err(DaemonError::Processes)?;
        // Only a process that is a daemon and nothing else may wait for children that it
        // knows nothing of.
        if options.program.is_some() {
            launcher = launcher.with_helper();
            reaper::start(launcher.children().clone()).map_err(DaemonError::Signals)?;
        }
        let children = launcher.children().clone();
        let repository = GitRepository::at(options.workspace.root(), &children);
        let ports = Ports {
            clock: Arc::new(SystemClock::new()),
            storage: machine::storage(),
            launcher: machine::launcher(launcher),
            repository: Arc::new(repository),
            children,
        };
        let mut random = fastrand::Rng::new();
        let host_id = crate::host::host_id(&options.environment);
        let lineage = settings::lineage(&options, &*ports.clock, &mut random)?;
        let fleet_settings = settings::fleet(&options.config, &host_id, lineage);
        let spawn_settings = settings::spawn(&options, socket, host_id);
        let cast = Self {
            ports,
            lanes: JournalReach::unset(LANES),
            verdicts: JournalReach::unset(VERDICTS),
            observe: Reach::unset(LANES),
            recall: Reach::unset(LANES),
            compact: Reach::unset(LANES),
            proposals: Reach::unset(LANES),
            ends: Reach::unset(LANES),
            lane_requests: Reach::unset(LANES),
            claim: Reach::unset(WITNESS),
            baseline: Reach::unset(WITNESS),
            run_ended: Reach::unset(WITNESS),
            spawner: Reach::unset(SPAWN),
            readopt: Reach::unset(SPAWN),
            stop_all: Reach::unset(SPAWN),
            halt: Reach::unset(SPAWN),
            await_ends: Reach::unset(SPAWN),
            process_events: Reach::unset(SUPERVISOR),
            close: Reach::unset(SUPERVISOR),
            shutdown: Reach::unset(SUPERVISOR),
            reconfigure_fleet: Reach::unset(SUPERVISOR),
            reconfigure_spawn: Reach::unset(SPAWN),
            reconfigure_witness: Reach::unset(WITNESS),
            replace_caps: Reach::unset(LANES),
            reset: Reach::unset(SUPERVISOR),
            fleet: Reach::unset(SUPERVISOR),
            beginning: Beginning::default(),
            exporters: Vec::new(),
            exporter_doors: ExporterDoors::default(),
            front: None,
            spawn_settings,
            fleet_settings,
            options,
            report,
            random,
            lanes_thread: Arbiter::new(),
            verdicts_thread: Arbiter::new(),
        };
        let mut cast = cast;
        cast.make_lanes()?;
        cast.make_verdicts()?;
        cast.make_exporters();
        cast.make_witness();
        cast.make_spawn();
        cast.make_supervisor();
        cast.make_front();
        Ok(cast)
    }

    /// Whom the control socket asks.
    pub(super) fn doors(&self) -> Doors {
        Doors {
            claim: self.claim.clone(),
            compact: self.compact.clone(),
            lanes: self.lane_requests.clone(),
            halt: self.halt.clone(),
            reset: self.reset.clone(),
            exporters: Arc::clone(&self.exporter_doors),
            journal: self.lane_journal(),
        }
    }

    /// Makes the actor again that ended by a panic.
    pub(super) async fn remake(&mut self, actor: &str) -> Result<(), DaemonError> {
        match actor {
            LANES => self.once_unlocked(|cast| cast.make_lanes().map(drop)).await?,
            VERDICTS => self.once_unlocked(Self::make_verdicts).await?,
            WITNESS => drop(self.make_witness()),
            // Its processes are found again through the journal, which the
            // supervisor reads when it starts.
            SPAWN => {
                self.make_spawn();
                self.replace_supervisor().await;
            }
            SUPERVISOR => self.replace_supervisor().await,
            BOARD => self.make_board(),
            _ => self.remake_exporters(),
        }
        Ok(())
    }

    /// Never two supervisors: one that is gone already does not answer, and one that was made
    /// while the panic of the one before it was not told yet has to go.
    async fn replace_supervisor(&mut self) {
        let _ = self.shutdown.ask(Shutdown).await;
        self.make_supervisor();
    }

    /// Makes a journal's actor again. The lock of the old one went with it, but a process
    /// that is being started right now holds every descriptor until its program begins.
    async fn once_unlocked(
        &self,
        make: impl Fn(&Self) -> Result<(), DaemonError>,
    ) -> Result<(), DaemonError> {
        for _ in 0..UNLOCK_LOOKS {
            match make(self) {
                Err(DaemonError::Journal(error)) if error.is_busy() => {
                    tokio::time::sleep(MAKE_AGAIN).await;
                }
                outcome => return outcome,
            }
        }
        make(self)
    }

    /// The configuration that holds.
    pub(super) fn config(&self) -> &Config {
        &self.options.config
    }

    /// The workspace that is served.
    pub(super) fn workspace(&self) -> &Workspace {
        &self.options.workspace
    }

    /// No new launches from here on. Workers that live are taken care of as before.
    pub(super) async fn close(&self) {
        // An actor that is gone already needs no stopping.
        let _ = self.close.ask(Close).await;
    }

    /// Resolves when the last worker has ended by itself.
    pub(super) fn workers_ended(&self) -> impl Future<Output = ()> + use<> {
        let ends = self.await_ends.clone();
        async move {
            // A spawner that is made again in the meantime finds its workers again.
            while ends.ask(AwaitEnds).await.is_err() {
                tokio::time::sleep(MAKE_AGAIN).await;
            }
        }
    }

    /// Stops every worker.
    pub(super) async fn stop_workers(&self) {
        if let Ok(survivors) = self.stop_all.ask(StopAll).await {
            for left in survivors {
                warn!(
                    lane = left.run.lane,
                    "{} processes of the worker are left",
                    left.members.len()
                );
            }
        }
    }

    /// Ends the actors in the order that loses nothing: the last leases given back,
    /// the last verdicts delivered, then the journals.
    pub(super) async fn stop(&self, drain_at_most: Duration) {
        self.stop_front();
        let _ = self.shutdown.ask(Shutdown).await;
        self.drain_exporters(drain_at_most).await;
        self.lanes.clear();
        self.verdicts.clear();
        self.observe.clear();
        self.recall.clear();
        self.compact.clear();
        self.replace_caps.clear();
        self.proposals.clear();
        self.ends.clear();
        self.lane_requests.clear();
        self.lanes_thread.stop();
        self.verdicts_thread.stop();
    }

    fn guard(&self, actor: &'static str) -> EndGuard {
        EndGuard::new(actor, self.report.clone())
    }

    fn make_lanes(&self) -> Result<Addr<JournalActor<LaneFold>>, DaemonError> {
        let actor = self.journal::<LaneFold>(&self.lane_journal(), &self.lanes_thread, LANES)?;
        self.lanes.point_at(&actor);
        self.observe.point_at(&actor);
        self.recall.point_at(&actor);
        self.compact.point_at(&actor);
        self.replace_caps.point_at(&actor);
        self.proposals.point_at(&actor);
        self.ends.point_at(&actor);
        self.lane_requests.point_at(&actor);
        Ok(actor)
    }

    fn lane_journal(&self) -> PathBuf {
        let RunOptions { workspace, config, environment, .. } = &self.options;
        workspace.lane_journal(&config.paths, environment)
    }

    fn verdict_journal(&self) -> PathBuf {
        let RunOptions { workspace, config, environment, .. } = &self.options;
        workspace.verdict_journal(&config.paths, environment)
    }

    fn make_verdicts(&self) -> Result<(), DaemonError> {
        let path = self.verdict_journal();
        let actor = self.journal::<VerdictFold>(&path, &self.verdicts_thread, VERDICTS)?;
        self.verdicts.point_at(&actor);
        Ok(())
    }

    fn journal<F: Fold + Send + Unpin>(
        &self,
        path: &Path,
        thread: &Arbiter,
        name: &'static str,
    ) -> Result<Addr<JournalActor<F>>, DaemonError> {
        let log = Log::<F>::open(Arc::clone(&self.ports.storage), path)?;
        let (clock, storage) = (Arc::clone(&self.ports.clock), Arc::clone(&self.ports.storage));
        let (guard, path) = (self.guard(name), path.to_owned());
        let host_id = self.spawn_settings.host_id.clone();
        let compaction = CompactSettings {
            lock: self
                .options
                .workspace
                .lease_lock(&self.options.config.paths, &self.options.environment),
            ..CompactSettings::beside(&path).with_caps(self.options.config.retention)
        };
        Ok(JournalActor::start_in_arbiter(&thread.handle(), move |_| {
            // Here, because the notices belong to the runtime of that thread.
            let changes = storage.changes(&path).inspect_err(|error| {
                warn!(journal = %path.display(), "foreign rows are seen at the tick only: {error}");
            });
            JournalActor::new(log, clock, changes.ok(), Some(guard))
                .with_compaction(compaction)
                .with_holders(Arc::new(move |lease| holder_process(lease, &host_id)))
        }))
    }

    fn make_spawn(&self) -> Addr<SpawnActor> {
        let ports = SpawnPorts {
            clock: Arc::clone(&self.ports.clock),
            storage: Arc::clone(&self.ports.storage),
            launcher: Arc::clone(&self.ports.launcher),
            repository: Arc::clone(&self.ports.repository),
            lanes: self.lanes.append.clone(),
            ends: self.ends.clone(),
            verdicts: self.verdicts.append.clone(),
            baseline: self.baseline.clone(),
            run_ended: self.run_ended.clone(),
            supervisor: self.process_events.clone(),
        };
        let actor = SpawnActor::new(
            self.spawn_settings.clone(),
            settings::workers(&self.options),
            ports,
            Some(self.guard(SPAWN)),
        )
        .start();
        self.spawner.point_at(&actor);
        self.readopt.point_at(&actor);
        self.stop_all.point_at(&actor);
        self.halt.point_at(&actor);
        self.await_ends.point_at(&actor);
        self.reconfigure_spawn.point_at(&actor);
        actor
    }

    fn make_supervisor(&mut self) -> Addr<SupervisorActor> {
        let ports = SupervisorPorts {
            clock: Arc::clone(&self.ports.clock),
            repository: Arc::clone(&self.ports.repository),
            observe: self.observe.clone(),
            recall: self.recall.clone(),
            beginning: self.beginning.clone(),
            lanes: self.lanes.append.clone(),
            decide: self.proposals.clone(),
            doorbell: self.lanes.doorbell.clone(),
            verdicts: self.verdicts.append.clone(),
            spawner: self.spawner.clone(),
            readopt: self.readopt.clone(),
        };
        let guard = Some(self.guard(SUPERVISOR));
        let random = self.random.fork();
        let actor = SupervisorActor::new(self.fleet_settings.clone(), ports, random, guard).start();
        self.process_events.point_at(&actor);
        self.close.point_at(&actor);
        self.shutdown.point_at(&actor);
        self.reconfigure_fleet.point_at(&actor);
        self.reset.point_at(&actor);
        self.fleet.point_at(&actor);
        actor
    }
}

/// Whether an actor is one without which nothing can be acknowledged.
pub(super) fn is_journal(actor: &str) -> bool {
    actor == LANES || actor == VERDICTS
}

#[cfg(test)]
mod tests;
