//! A whole daemon's worth of actors on fake ports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use dosd_kernel::lane::LaneFold;
use dosd_kernel::population::{self, ByLane, Lanes};
use dosd_kernel::run_id;
use dosd_kernel::verdict::VerdictFold;
use dosd_kernel::{liveness, restart};
use serde_json::Value;

use crate::journal::{JournalActor, Log};
use crate::port::testing::{FakeLauncher, FakeRepository, MemoryStorage, TestClock};
use crate::port::{Clock, Exit};
use crate::reach::Reach;
use crate::rotated_log::Rotation;
use crate::spawn::{ProcessEvent, SpawnActor, SpawnPorts, SpawnSettings, WorkerPolicy};
use crate::supervisor::{Beginning, FleetSettings, LeaseMode, SupervisorActor, SupervisorPorts};
use crate::witness::{Source, WitnessActor, WitnessPorts, WitnessSettings, Witnessed};

use super::probe::Store;

pub(super) const LANES: &str = "/w/.dos/lane-journal.jsonl";
pub(super) const VERDICTS: &str = "/w/.dos/verdict-journal.jsonl";
pub(super) const STORE: &str = "/w/orders.json";
/// 2026-11-22T00:00:00Z.
pub(super) const START_MS: i64 = 1_795_305_600_000;

/// The fake world, and the actors in it.
pub(super) struct Stage {
    pub(super) storage: MemoryStorage,
    pub(super) launcher: FakeLauncher,
    pub(super) repository: FakeRepository,
    pub(super) clock: TestClock,
    pub(super) settings: FleetSettings,
    /// Wall time when the last daemon ended.
    now_ms: i64,
}

/// The actors of one daemon; dropping them all ends it.
pub(super) struct Daemon {
    pub(super) supervisor: Addr<SupervisorActor>,
    /// What a supervisor of this daemon is made with.
    pub(super) ports: SupervisorPorts,
    events: Reach<ProcessEvent>,
    pub(super) spawner: Addr<SpawnActor>,
    pub(super) witness: Addr<WitnessActor>,
}

impl Stage {
    /// A world with these lanes, all concurrent on trees of their own, and a
    /// target of one worker for each.
    pub(super) fn with_lanes(lanes: &[&str], lease: LeaseMode) -> Self {
        tokio::time::pause();
        let storage = MemoryStorage::default();
        storage.put(Path::new(STORE), b"{}");
        let trees = lanes.iter().map(|lane| ((*lane).to_owned(), vec![format!("{lane}/**")]));
        let settings = FleetSettings {
            lanes: Lanes {
                concurrent: lanes.iter().map(ToString::to_string).collect(),
                exclusive: Vec::new(),
                autopick: Vec::new(),
                trees: trees.collect(),
                aliases: BTreeMap::new(),
            },
            policy: population::Policy {
                target: i64::try_from(lanes.len()).unwrap(),
                ..population::Policy::default()
            },
            liveness: liveness::Policy::default(),
            restart: restart::Policy::default().into(),
            lease: lease.into(),
            tick: Duration::from_secs(30),
            host_id: "host".to_owned(),
            pid: 1,
            lineage: run_id::mint(START_MS, 1, "dosd", None, None).unwrap(),
        };
        Self {
            storage,
            launcher: FakeLauncher::default(),
            repository: FakeRepository::default(),
            clock: TestClock::at(START_MS),
            settings,
            now_ms: START_MS,
        }
    }

    /// Remembers the time, before a runtime ends.
    pub(super) fn fall_asleep(mut self) -> Self {
        self.now_ms = self.clock.now_ms();
        self
    }

    /// The same world in a runtime of its own, whose clock goes on from here: what
    /// the daemon before had in memory went with its runtime.
    pub(super) fn reawake(&mut self) {
        let now_ms = self.now_ms;
        tokio::time::pause();
        self.clock = TestClock::at(now_ms);
    }

    /// Starts a daemon in this world.
    pub(super) fn start(&self) -> Daemon {
        self.start_with(|_| ())
    }

    /// Makes the supervisor of a daemon again, as after a panic.
    pub(super) fn remake_supervisor(&self, daemon: &mut Daemon) {
        let random = fastrand::Rng::with_seed(self.clock.monotonic_ms().unsigned_abs());
        let ports = daemon.ports.clone();
        daemon.supervisor =
            SupervisorActor::new(self.settings.clone(), ports, random, None).start();
        daemon.events.point_at(&daemon.supervisor);
    }

    /// Starts a daemon whose supervisor gets ports that were bent.
    pub(super) fn start_with(&self, bend: impl FnOnce(&mut SupervisorPorts)) -> Daemon {
        let clock = Arc::new(self.clock.clone());
        let storage = Arc::new(self.storage.clone());
        let lanes = Log::<LaneFold>::open(storage.clone(), Path::new(LANES)).unwrap();
        let verdicts = Log::<VerdictFold>::open(storage.clone(), Path::new(VERDICTS)).unwrap();
        let bells = self.settings_changes(Path::new(LANES));
        let lanes = JournalActor::new(lanes, clock.clone(), Some(bells), None).start();
        let verdicts = JournalActor::new(verdicts, clock.clone(), None, None).start();
        let verdict_rows = Reach::to("verdict", verdicts.clone().recipient());
        let surface = Store { storage: storage.clone(), path: PathBuf::from(STORE) };
        let ports = WitnessPorts {
            clock: clock.clone(),
            storage: storage.clone(),
            verdicts: verdict_rows.clone(),
        };
        let settings = WitnessSettings {
            surfaces: vec![Witnessed::plain(Source::State(Arc::new(surface)))],
            lanes: ByLane::default(),
            runs: self.spawn_settings().runs,
            scratch: PathBuf::from("/w/.dos/scratch"),
        };
        let witness = WitnessActor::new(settings, ports, None).start();
        let events = Reach::unset("supervisor");
        let spawner = SpawnActor::new(
            self.spawn_settings(),
            worker_policy(),
            SpawnPorts {
                clock: clock.clone(),
                storage,
                launcher: Arc::new(self.launcher.clone()),
                repository: Arc::new(self.repository.clone()),
                lanes: Reach::to("lane", lanes.clone().recipient()),
                ends: Reach::to("lane", lanes.clone().recipient()),
                verdicts: verdict_rows.clone(),
                baseline: Reach::to("witness", witness.clone().recipient()),
                run_ended: Reach::to("witness", witness.clone().recipient()),
                supervisor: events.clone(),
            },
            None,
        )
        .start();
        let mut ports = SupervisorPorts {
            clock,
            repository: Arc::new(self.repository.clone()),
            observe: Reach::to("lane", lanes.clone().recipient()),
            recall: Reach::to("lane", lanes.clone().recipient()),
            beginning: Beginning::default(),
            lanes: Reach::to("lane", lanes.clone().recipient()),
            decide: Reach::to("lane", lanes.clone().recipient()),
            doorbell: Reach::to("lane", lanes.clone().recipient()),
            verdicts: verdict_rows,
            spawner: Reach::to("spawn", spawner.clone().recipient()),
            readopt: Reach::to("spawn", spawner.clone().recipient()),
        };
        bend(&mut ports);
        let random = fastrand::Rng::with_seed(self.now_ms.unsigned_abs());
        let supervisor =
            SupervisorActor::new(self.settings.clone(), ports.clone(), random, None).start();
        events.point_at(&supervisor);
        Daemon { supervisor, ports, events, spawner, witness }
    }

    fn settings_changes(&self, path: &Path) -> crate::port::ChangeStream {
        use crate::port::Storage;
        self.storage.changes(path).unwrap()
    }

    fn spawn_settings(&self) -> SpawnSettings {
        SpawnSettings {
            workspace: PathBuf::from("/w"),
            environment: BTreeMap::new(),
            logs: PathBuf::from("/w/.dos/logs"),
            runs: PathBuf::from("/w/.dos/runs"),
            host_id: self.settings.host_id.clone(),
        }
    }

    /// The worker of a run takes lane `a` for itself, as the Python tool does for it.
    pub(super) fn worker_acquires(&self, run_id: &str) {
        let lease = format!(
            r#"{{"op":"ACQUIRE","seq":9,"ts":"2026-11-22T00:00:05Z","lane":"a","loop_ts":"w","lease":{{"lane":"a","loop_ts":"w","tree":["a/**"],"holder":"w","host_id":"host","pid":7,"acquired_at":"2026-11-22T00:00:05Z","run_id":"{run_id}"}}}}"#
        );
        self.storage.append_foreign(Path::new(LANES), format!("{lease}\n").as_bytes());
    }

    /// Lets everything that can happen now happen, and moves time on.
    pub(super) async fn pass(&self, time: Duration) {
        let until = self.clock.monotonic() + time;
        let step = (time / 200).max(Duration::from_millis(500));
        settle().await;
        while self.clock.monotonic() < until {
            let step = until.saturating_sub(self.clock.monotonic()).min(step);
            tokio::time::advance(step).await;
            settle().await;
        }
    }

    /// The rows of a journal.
    pub(super) fn rows(&self, journal: &str) -> Vec<Value> {
        let bytes = self.storage.bytes(Path::new(journal));
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The ops of the lane journal, in order, for one lane.
    pub(super) fn ops(&self, lane: &str) -> Vec<String> {
        self.rows(LANES)
            .into_iter()
            .filter(|row| row["lane"] == lane)
            .map(|row| row["op"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The verdicts of a syscall, in order.
    pub(super) fn verdicts(&self, syscall: &str) -> Vec<String> {
        self.rows(VERDICTS)
            .into_iter()
            .filter(|row| row["syscall"] == syscall)
            .map(|row| row["verdict"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The lanes that the living processes were started for, sorted.
    pub(super) fn living_lanes(&self) -> Vec<String> {
        let living = self.launcher.living();
        let mut lanes: Vec<String> = self
            .launcher
            .launched()
            .into_iter()
            .filter(|(pid, _)| living.contains(pid))
            .map(|(_, spec)| spec.argv[1].clone())
            .collect();
        lanes.sort();
        lanes
    }

    /// Ends the living process of a lane.
    pub(super) fn end(&self, lane: &str, exit: Exit) {
        let launched = self.launcher.launched();
        let ended = launched
            .iter()
            .rev()
            .filter(|(_, spec)| spec.argv[1] == lane)
            .any(|(pid, _)| self.launcher.end(*pid, exit));
        assert!(ended, "no process of lane `{lane}` lives");
    }
}

/// Every worker is `worker LANE`.
pub(super) fn worker_policy() -> WorkerPolicy {
    WorkerPolicy {
        argv: Arc::new(|run| vec!["worker".to_owned(), run.lane.clone()]),
        stop_timeout: Duration::from_secs(10).into(),
        rotation: Rotation { max_bytes: 1000, keep: 3 }.into(),
    }
}

/// Exit with a code.
pub(super) fn code(code: i32) -> Exit {
    Exit { code: Some(code), signal: None }
}

/// Lets every task that can run, run. Reads of surfaces happen on threads of
/// their own, so the runtime is given chances rather than one.
pub(super) async fn settle() {
    for round in 0..60 {
        tokio::task::yield_now().await;
        if round % 10 == 0 {
            tokio::task::spawn_blocking(|| ()).await.unwrap();
        }
    }
}
