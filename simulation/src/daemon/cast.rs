//! The actors of one daemon: how each is made, and made again. It mirrors the daemon's own
//! wiring (`src/daemon/cast.rs` of the binary), on the ports of the simulated world; whatever
//! changes there has to change here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use dosd_actors::guard::{ActorEnded, EndGuard};
use dosd_actors::journal::{
    Append, CompactSettings, Decide, JournalActor, JournalError, LockOwner, Log, Observe, ReadFrom,
    Recall, Subscribe,
};
use dosd_actors::panic_now::PanicNow;
use dosd_actors::port::{SharedClock, SharedLauncher, SharedRepository, SharedStorage};
use dosd_actors::reach::Reach;
use dosd_actors::rotated_log::Rotation;
use dosd_actors::spawn::{
    EndRows, HaltRun, ProcessEvent, ReadoptRuns, Spawn, SpawnActor, SpawnPorts, SpawnSettings,
    StopAll, WorkerPolicy,
};
use dosd_actors::supervisor::{
    Beginning, Close, FleetSettings, GetFleet, LeaseMode, Proposal, Reconfigure, Reset, Shutdown,
    SupervisorActor, SupervisorPorts,
};
use dosd_actors::witness::{
    Claim, EndRun, Source, TakeBaseline, WitnessActor, WitnessPorts, WitnessSettings, Witnessed,
};
use dosd_exporters::delivery::Policy;
use dosd_exporters::{Drain, ExporterActor, ExporterParts, Filter, GetStatus, Resume, StartFrom};
use dosd_kernel::fold::Fold;
use dosd_kernel::lane::LaneFold;
use dosd_kernel::population::{self, ByLane, Lanes};
use dosd_kernel::run_id;
use dosd_kernel::verdict::VerdictFold;
use dosd_kernel::{liveness, restart, retention};
use futures_util::future::join_all;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::plan::Plan;
use super::tap::Tap;
use crate::world::disk::ProcessDisk;
use crate::world::life::Life;
use crate::world::machine::MachineView;
use crate::world::sink::{MoodySink, Receiver};
use crate::world::{EXPORTERS, LANES, LOCK, START_MS, VERDICTS, World};

pub(crate) const LANE: &str = "lane";
pub(crate) const VERDICT: &str = "verdict";
pub(crate) const WITNESS: &str = "witness";
pub(crate) const SPAWN: &str = "spawn";
pub(crate) const SUPERVISOR: &str = "supervisor";
const EXPORTER: &str = "exporter";

/// How long an actor that is gone is given to be made again.
const MAKE_AGAIN: Duration = Duration::from_millis(10);

/// How often a lock that is about to be free is looked at.
const UNLOCK_LOOKS: u32 = 100;

/// How long the exporters may take to deliver what is left at the end.
const DRAIN_AT_MOST: Duration = Duration::from_secs(5);

/// The actors, by what they are asked.
pub(crate) struct Cast {
    pub(super) world: World,
    pub(super) life: Life,
    plan: Plan,
    pid: u32,
    clock: SharedClock,
    storage: SharedStorage,
    launcher: SharedLauncher,
    repository: SharedRepository,
    lanes: JournalReach,
    verdicts: JournalReach,
    observe: Reach<Observe>,
    recall: Reach<Recall>,
    proposals: Reach<Decide<Proposal>>,
    ends: Reach<Decide<EndRows>>,
    claim: Reach<Claim>,
    baseline: Reach<TakeBaseline>,
    run_ended: Reach<EndRun>,
    spawner: Reach<Spawn>,
    readopt: Reach<ReadoptRuns>,
    stop_all: Reach<StopAll>,
    halt: Reach<HaltRun>,
    process_events: Reach<ProcessEvent>,
    close: Reach<Close>,
    shutdown: Reach<Shutdown>,
    reconfigure: Reach<Reconfigure>,
    reset: Reach<Reset>,
    fleet: Reach<GetFleet>,
    panics: BTreeMap<&'static str, Reach<PanicNow>>,
    beginning: Beginning,
    exporters: Vec<Seat>,
    report: UnboundedSender<ActorEnded>,
    random: fastrand::Rng,
}

/// What every journal is asked.
struct JournalReach {
    append: Reach<Append>,
    read: Reach<ReadFrom>,
    doorbell: Reach<Subscribe>,
}

/// An exporter, and where its actor is found.
struct Seat {
    receiver: Receiver,
    drain: Reach<Drain>,
    status: Reach<GetStatus>,
    resume: Reach<Resume>,
}

/// Whom somebody from outside can ask.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) observe: Reach<Observe>,
    pub(crate) recall: Reach<Recall>,
    pub(crate) fleet: Reach<GetFleet>,
    pub(crate) halt: Reach<HaltRun>,
    pub(crate) reset: Reach<Reset>,
    pub(crate) claim: Reach<Claim>,
    pub(crate) exporters: Vec<(Reach<GetStatus>, Reach<Resume>)>,
    pub(crate) panics: BTreeMap<&'static str, Reach<PanicNow>>,
}

impl JournalReach {
    fn unset(name: &'static str) -> Self {
        Self { append: Reach::unset(name), read: Reach::unset(name), doorbell: Reach::unset(name) }
    }

    fn clear(&self) {
        self.append.clear();
        self.read.clear();
        self.doorbell.clear();
    }
}

impl Cast {
    /// Makes every actor, journals first, the supervisor last.
    pub(super) fn assemble(
        world: World,
        plan: Plan,
        (life, pid, random): (Life, u32, fastrand::Rng),
        report: UnboundedSender<ActorEnded>,
    ) -> Result<Self, JournalError> {
        let storage = ProcessDisk {
            disk: world.disk.clone(),
            life: life.clone(),
            faults: world.disk_faults.clone(),
            clock: world.clock.clone(),
            trace: world.trace.clone(),
        };
        let launcher = MachineView {
            machine: world.machine.clone(),
            life: life.clone(),
            ground: world.ground(),
        };
        let names = [LANE, VERDICT, WITNESS, SPAWN, SUPERVISOR];
        let mut cast = Self {
            clock: Arc::new(world.clock.clone()),
            storage: Arc::new(storage),
            launcher: Arc::new(launcher),
            repository: Arc::new(world.repository.clone()),
            lanes: JournalReach::unset(LANE),
            verdicts: JournalReach::unset(VERDICT),
            observe: Reach::unset(LANE),
            recall: Reach::unset(LANE),
            proposals: Reach::unset(LANE),
            ends: Reach::unset(LANE),
            claim: Reach::unset(WITNESS),
            baseline: Reach::unset(WITNESS),
            run_ended: Reach::unset(WITNESS),
            spawner: Reach::unset(SPAWN),
            readopt: Reach::unset(SPAWN),
            stop_all: Reach::unset(SPAWN),
            halt: Reach::unset(SPAWN),
            process_events: Reach::unset(SUPERVISOR),
            close: Reach::unset(SUPERVISOR),
            shutdown: Reach::unset(SUPERVISOR),
            reconfigure: Reach::unset(SUPERVISOR),
            reset: Reach::unset(SUPERVISOR),
            fleet: Reach::unset(SUPERVISOR),
            panics: names.into_iter().map(|name| (name, Reach::unset(name))).collect(),
            beginning: Beginning::default(),
            exporters: Vec::new(),
            world,
            life,
            plan,
            pid,
            report,
            random,
        };
        cast.make_lanes()?;
        cast.make_verdicts()?;
        for receiver in cast.world.receivers.clone() {
            cast.exporters.push(Seat {
                receiver,
                drain: Reach::unset(EXPORTER),
                status: Reach::unset(EXPORTER),
                resume: Reach::unset(EXPORTER),
            });
            cast.make_exporter(cast.exporters.len() - 1);
        }
        cast.make_witness();
        cast.make_spawn();
        cast.make_supervisor();
        Ok(cast)
    }

    pub(super) fn doors(&self) -> Doors {
        let exporters = self.exporters.iter();
        Doors {
            observe: self.observe.clone(),
            recall: self.recall.clone(),
            fleet: self.fleet.clone(),
            halt: self.halt.clone(),
            reset: self.reset.clone(),
            claim: self.claim.clone(),
            exporters: exporters.map(|it| (it.status.clone(), it.resume.clone())).collect(),
            panics: self.panics.clone(),
        }
    }

    /// Makes the actor again that ended by a panic.
    pub(super) async fn remake(&mut self, actor: &str) -> Result<(), JournalError> {
        match actor {
            LANE => self.once_unlocked(Self::make_lanes).await?,
            VERDICT => self.once_unlocked(Self::make_verdicts).await?,
            WITNESS => self.make_witness(),
            SPAWN => {
                self.make_spawn();
                self.replace_supervisor().await;
            }
            SUPERVISOR => self.replace_supervisor().await,
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

    async fn once_unlocked(
        &self,
        make: impl Fn(&Self) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        for _ in 0..UNLOCK_LOOKS {
            match make(self) {
                Err(error) if error.is_busy() => sleep(MAKE_AGAIN).await,
                outcome => return outcome,
            }
        }
        make(self)
    }

    /// Goes on with another number of workers.
    pub(super) async fn apply(&mut self, target: i64) {
        self.plan.target = target;
        let settings = self.fleet_settings();
        let _ = self.reconfigure.ask(Reconfigure { settings }).await;
    }

    /// No new launches from here on.
    pub(super) async fn close(&self) {
        let _ = self.close.ask(Close).await;
    }

    /// Stops every worker.
    pub(super) async fn stop_workers(&self) {
        let _ = self.stop_all.ask(StopAll).await;
    }

    /// Ends the actors in the order that loses nothing.
    pub(super) async fn stop(&self) {
        let _ = self.shutdown.ask(Shutdown).await;
        let drains = self.exporters.iter().map(|it| it.drain.ask(Drain { within: DRAIN_AT_MOST }));
        join_all(drains).await;
        self.lanes.clear();
        self.verdicts.clear();
        self.observe.clear();
        self.recall.clear();
        self.proposals.clear();
        self.ends.clear();
    }

    fn guard(&self, actor: &'static str) -> EndGuard {
        EndGuard::new(actor, self.report.clone())
    }

    fn make_lanes(&self) -> Result<(), JournalError> {
        let actor = self.journal::<LaneFold>(Path::new(LANES), LANE)?;
        let tap = self.tap(&actor, LANES);
        self.lanes.append.point_at(&tap);
        self.lanes.read.point_at(&actor);
        self.lanes.doorbell.point_at(&actor);
        self.observe.point_at(&actor);
        self.recall.point_at(&actor);
        self.proposals.point_at(&tap);
        self.ends.point_at(&tap);
        self.panics[LANE].point_at(&actor);
        Ok(())
    }

    fn make_verdicts(&self) -> Result<(), JournalError> {
        let actor = self.journal::<VerdictFold>(Path::new(VERDICTS), VERDICT)?;
        self.verdicts.append.point_at(&self.tap(&actor, VERDICTS));
        self.verdicts.read.point_at(&actor);
        self.verdicts.doorbell.point_at(&actor);
        self.panics[VERDICT].point_at(&actor);
        Ok(())
    }

    fn tap<F: Fold>(&self, actor: &Addr<JournalActor<F>>, name: &'static str) -> Addr<Tap<F>> {
        let (world, life) = (self.world.clone(), self.life.clone());
        Tap { journal: actor.clone(), name, world, life }.start()
    }

    fn journal<F: Fold>(
        &self,
        path: &Path,
        name: &'static str,
    ) -> Result<Addr<JournalActor<F>>, JournalError> {
        let log = Log::<F>::open(Arc::clone(&self.storage), path)?;
        let changes = self.storage.changes(path).ok();
        let caps = retention::Policy {
            journal_max_entries: self.plan.max_entries,
            journal_max_age_days: None,
            ..retention::Policy::default()
        };
        let compaction = CompactSettings {
            lock: PathBuf::from(LOCK),
            owner: LockOwner::new("here", self.pid, u64::from(self.pid)),
            ..CompactSettings::beside(path).with_caps(caps)
        };
        let clock = Arc::clone(&self.clock);
        let actor = JournalActor::new(log, clock, changes, Some(self.guard(name)));
        Ok(actor.with_compaction(compaction).start())
    }

    fn make_witness(&self) {
        let ports = WitnessPorts {
            clock: Arc::clone(&self.clock),
            storage: Arc::clone(&self.storage),
            verdicts: self.verdicts.append.clone(),
        };
        let settings = WitnessSettings {
            surfaces: vec![Witnessed::plain(Source::State(self.world.surface()))],
            lanes: ByLane::default(),
            runs: spawn_settings().runs,
            scratch: PathBuf::from("/w/.dos/scratch"),
        };
        let actor = WitnessActor::new(settings, ports, Some(self.guard(WITNESS))).start();
        self.claim.point_at(&actor);
        self.baseline.point_at(&actor);
        self.run_ended.point_at(&actor);
        self.panics[WITNESS].point_at(&actor);
    }

    fn make_spawn(&self) {
        let ports = SpawnPorts {
            clock: Arc::clone(&self.clock),
            storage: Arc::clone(&self.storage),
            launcher: Arc::clone(&self.launcher),
            repository: Arc::clone(&self.repository),
            lanes: self.lanes.append.clone(),
            ends: self.ends.clone(),
            verdicts: self.verdicts.append.clone(),
            baseline: self.baseline.clone(),
            run_ended: self.run_ended.clone(),
            supervisor: self.process_events.clone(),
        };
        let workers = WorkerPolicy {
            argv: Arc::new(|run| vec!["worker".to_owned(), run.lane.clone()]),
            stop_timeout: Duration::from_secs(5).into(),
            rotation: Rotation { max_bytes: 1000, keep: 3 }.into(),
        };
        let guard = Some(self.guard(SPAWN));
        let actor = SpawnActor::new(spawn_settings(), workers, ports, guard).start();
        self.spawner.point_at(&actor);
        self.readopt.point_at(&actor);
        self.stop_all.point_at(&actor);
        self.halt.point_at(&actor);
        self.panics[SPAWN].point_at(&actor);
    }

    fn make_supervisor(&mut self) {
        let ports = SupervisorPorts {
            clock: Arc::clone(&self.clock),
            repository: Arc::clone(&self.repository),
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
        let (settings, random) = (self.fleet_settings(), self.random.fork());
        let guard = Some(self.guard(SUPERVISOR));
        let actor = SupervisorActor::new(settings, ports, random, guard).start();
        self.process_events.point_at(&actor);
        self.close.point_at(&actor);
        self.shutdown.point_at(&actor);
        self.reconfigure.point_at(&actor);
        self.reset.point_at(&actor);
        self.fleet.point_at(&actor);
        self.panics[SUPERVISOR].point_at(&actor);
    }

    fn fleet_settings(&self) -> FleetSettings {
        let lanes = &self.plan.lanes;
        let trees = lanes.iter().map(|lane| (lane.clone(), vec![format!("{lane}/**")]));
        let lineage = run_id::mint(START_MS, u64::from(self.pid), "dosd", None, None);
        FleetSettings {
            lanes: Lanes {
                concurrent: lanes.clone(),
                exclusive: Vec::new(),
                autopick: Vec::new(),
                trees: trees.collect(),
                aliases: BTreeMap::new(),
            },
            policy: population::Policy {
                target: self.plan.target,
                ..population::Policy::default()
            },
            liveness: liveness::Policy { grace_ms: 60_000, spin_ms: 60_000 },
            restart: restart::Policy {
                burst: 5,
                window_ms: 60_000,
                delay_ms: 200,
                max_delay_ms: 5_000,
            }
            .into(),
            lease: LeaseMode::Supervisor.into(),
            tick: Duration::from_secs(30),
            host_id: "here".to_owned(),
            pid: self.pid,
            lineage: lineage.expect("the first moment is a time that a run id can hold"),
        }
    }

    /// Makes those again that panicked.
    fn remake_exporters(&mut self) {
        for at in 0..self.exporters.len() {
            let actor = self.exporters[at].drain.recipient();
            if actor.is_none_or(|actor| !actor.connected()) {
                self.make_exporter(at);
            }
        }
    }

    fn make_exporter(&mut self, at: usize) {
        let rng = self.random.fork();
        let guard = self.guard(EXPORTER);
        let seat = &self.exporters[at];
        let parts = ExporterParts {
            name: seat.receiver.name.to_owned(),
            sink: MoodySink { receiver: seat.receiver.clone(), life: self.life.clone() },
            filter: Filter::default(),
            from: StartFrom::Start,
            policy: Policy::default(),
            directory: PathBuf::from(EXPORTERS),
            clock: Arc::clone(&self.clock),
            storage: Arc::clone(&self.storage),
            rng,
            read: self.verdicts.read.clone(),
            subscribe: self.verdicts.doorbell.clone(),
            fleet: self.fleet.clone(),
        };
        let actor = ExporterActor::new(parts, guard).start();
        seat.drain.point_at(&actor);
        seat.status.point_at(&actor);
        seat.resume.point_at(&actor);
    }
}

fn spawn_settings() -> SpawnSettings {
    SpawnSettings {
        workspace: PathBuf::from("/w"),
        environment: BTreeMap::new(),
        logs: PathBuf::from("/w/.dos/logs"),
        runs: PathBuf::from("/w/.dos/runs"),
        host_id: "here".to_owned(),
    }
}
