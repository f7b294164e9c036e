//! An actor that panics is made again, and the others go on.

use std::time::Duration;

use dosd_actors::guard::Ended;
use dosd_actors::panic_now::PanicNow;
use dosd_actors::port::Clock as _;
use dosd_actors::supervisor::{LaneReset, Slate, Which};
use dosd_kernel::effect_witness::EffectVerdict;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::super::difference::difference;
use super::*;
use crate::config;
use crate::env::Environment;
use crate::workspace::Workspace;

const CONFIG: &str = r#"
[lanes]
concurrent = ["a"]
[lanes.trees]
a = ["a/**"]
[dosd.worker]
command = ["sleep", "600"]
lease = "supervisor"
[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"
"#;

/// Longer than anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A daemon's actors in a workspace of their own.
struct Stage {
    cast: Cast,
    ended: UnboundedReceiver<ActorEnded>,
    _workspace: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        Self::with(CONFIG)
    }

    fn with(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("orders.json"), "{}").unwrap();
        let environment = Environment::default();
        let workspace = Workspace::resolve(Some(directory.path()), &environment).unwrap();
        workspace.ensure_state_dir().unwrap();
        let (config, _) = config::parse(config, &workspace.config_file()).unwrap();
        let socket = workspace.socket(&environment);
        let options = RunOptions { workspace, config, environment, program: None };
        let (report, ended) = unbounded_channel();
        let cast = Cast::assemble(options, &socket, report).unwrap();
        Self { cast, ended, _workspace: directory }
    }

    /// Waits for the report of a panic and has the actor made again, as the daemon does.
    async fn mend(&mut self) -> &'static str {
        loop {
            let ended = self.ended.recv().await.unwrap();
            if ended.how == Ended::Panicked {
                self.cast.remake(ended.actor).await.unwrap();
                return ended.actor;
            }
        }
    }

    /// Waits until the journal shows one run with a process. More than one would be a doubled
    /// worker.
    async fn until_one_worker_runs(&self) {
        let clock = SystemClock::new();
        loop {
            assert!(clock.monotonic() < PATIENCE, "no worker runs");
            let open = self.cast.recall.ask(Recall).await.unwrap().unwrap().open;
            assert!(open.len() <= 1, "{open:?}");
            if open.iter().any(|run| run.started.is_some()) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the journal shows that lane `a` was given up, and after how many ends.
    async fn until_given_up(&self) -> usize {
        let clock = SystemClock::new();
        loop {
            assert!(clock.monotonic() < PATIENCE, "the lane is not given up");
            let recalled = self.cast.recall.ask(Recall).await.unwrap().unwrap();
            if let Some((_, past)) = recalled.pasts.iter().find(|(_, it)| it.gave_up.is_some()) {
                return past.ends.len();
            }
            tokio::task::yield_now().await;
        }
    }

    /// Has lanes reset that were given up, as soon as the supervisor is there.
    async fn reset(&self) -> Vec<LaneReset> {
        let clock = SystemClock::new();
        loop {
            assert!(clock.monotonic() < PATIENCE, "the supervisor does not answer");
            let asked = self.cast.reset.ask(Reset { which: Which::GivenUp }).await;
            if let Ok(Ok(lanes)) = asked {
                return lanes;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn claim(&self) -> EffectVerdict {
        let claim = Claim {
            run_id: String::new(),
            lane: "a".to_owned(),
            key: "orders:1".to_owned(),
            narrated: String::new(),
            expect: None,
        };
        self.cast.claim.ask(claim).await.unwrap().unwrap().report.verdict
    }
}

#[actix::test]
async fn a_witness_that_panicked_answers_again() {
    let mut stage = Stage::new();
    let witness = stage.cast.make_witness();
    assert!(witness.send(PanicNow).await.is_err());
    drop(witness);
    assert_eq!(stage.mend().await, WITNESS);
    assert_eq!(stage.claim().await, EffectVerdict::Unwitnessed);
    stage.cast.stop_workers().await;
    stage.cast.stop(Duration::ZERO).await;
}

#[actix::test]
async fn a_journal_that_panicked_gives_its_lock_back() {
    let mut stage = Stage::new();
    let path = stage.cast.options.workspace.state_dir().join("other.jsonl");
    let open = |cast: &Cast| cast.journal::<LaneFold>(&path, &cast.lanes_thread, LANES);
    let journal = open(&stage.cast).unwrap();
    assert!(open(&stage.cast).is_err(), "one writer for a journal");
    assert!(journal.send(PanicNow).await.is_err());
    let ended = stage.ended.recv().await.unwrap();
    assert_eq!((ended.actor, ended.how), (LANES, Ended::Panicked));
    // A process that another test starts right now may hold the old one's lock for a moment.
    let clock = SystemClock::new();
    let again = loop {
        match open(&stage.cast) {
            Ok(journal) => break journal,
            Err(_) if clock.monotonic() < PATIENCE => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(again.send(Observe { now_ms: 0 }).await.unwrap().is_ok());
    stage.cast.stop_workers().await;
    stage.cast.stop(Duration::ZERO).await;
}

#[actix::test]
async fn a_supervisor_that_panicked_finds_its_workers_again() {
    let mut stage = Stage::new();
    stage.until_one_worker_runs().await;
    let _ = stage.cast.shutdown.ask(Shutdown).await;
    let supervisor = stage.cast.make_supervisor();
    assert!(supervisor.send(PanicNow).await.is_err());
    drop(supervisor);
    assert_eq!(stage.mend().await, SUPERVISOR);
    stage.until_one_worker_runs().await;
    stage.cast.stop_workers().await;
    stage.cast.stop(Duration::ZERO).await;
}

#[actix::test]
async fn a_supervisor_that_panicked_leaves_a_lane_given_up_until_it_is_reset() {
    let restart = "restart = { burst = 2, window = \"10m\", delay = \"1ms\", max_delay = \"2ms\" }";
    let failing = CONFIG.replace("command = [\"sleep\", \"600\"]", "command = [\"false\"]");
    let config = failing.replace("lease = ", &format!("{restart}\nlease = "));
    let mut stage = Stage::with(&config);
    assert_eq!(stage.until_given_up().await, 2);
    let _ = stage.cast.shutdown.ask(Shutdown).await;
    let supervisor = stage.cast.make_supervisor();
    assert!(supervisor.send(PanicNow).await.is_err());
    drop(supervisor);
    assert_eq!(stage.mend().await, SUPERVISOR);
    let lanes = stage.reset().await;
    assert_eq!((lanes.len(), lanes[0].was, lanes[0].failures), (1, Slate::GaveUp, 2));
    assert_eq!(stage.until_given_up().await, 2, "it was tried again, as often as before");
    stage.cast.stop_workers().await;
    stage.cast.stop(Duration::ZERO).await;
}

#[actix::test]
async fn a_spawner_that_panicked_finds_its_workers_again() {
    let mut stage = Stage::new();
    stage.until_one_worker_runs().await;
    let spawner = stage.cast.make_spawn();
    assert!(spawner.send(PanicNow).await.is_err());
    drop(spawner);
    assert_eq!(stage.mend().await, SPAWN);
    stage.until_one_worker_runs().await;
    stage.cast.stop_workers().await;
    stage.cast.stop(Duration::ZERO).await;
}

#[actix::test]
async fn a_supervisor_that_panicked_beside_its_spawner_is_replaced_by_one() {
    let mut stage = Stage::new();
    stage.until_one_worker_runs().await;
    let _ = stage.cast.shutdown.ask(Shutdown).await;
    let supervisor = stage.cast.make_supervisor();
    let spawner = stage.cast.make_spawn();
    assert!(spawner.send(PanicNow).await.is_err());
    assert!(supervisor.send(PanicNow).await.is_err());
    drop((spawner, supervisor));
    assert_eq!(stage.mend().await, SPAWN, "which makes a supervisor, too");
    assert_eq!(stage.mend().await, SUPERVISOR);
    let gone = ActorEnded { actor: SUPERVISOR, how: Ended::Stopped };
    let ended =
        tokio::time::timeout(PATIENCE, async { while stage.ended.recv().await != Some(gone) {} });
    assert!(ended.await.is_ok(), "there are two");
    stage.until_one_worker_runs().await;
    stage.cast.stop_workers().await;
    stage.cast.stop(Duration::ZERO).await;
}

#[actix::test]
async fn what_changes_while_a_spawner_is_gone_holds_when_it_is_made_again() {
    let mut stage = Stage::new();
    stage.until_one_worker_runs().await;
    let spawner = stage.cast.make_spawn();
    assert!(spawner.send(PanicNow).await.is_err());
    drop(spawner);
    let text = CONFIG
        .replace("[\"a\"]", "[\"a\", \"b\"]")
        .replace("[\"a/**\"]", "[\"a/**\"]\nb = [\"b/**\"]\n[supervise]\ntarget = 2")
        .replace("600", "601");
    let (newer, _) = config::parse(&text, stage.cast.workspace().root()).unwrap();
    let changes = difference(stage.cast.config(), &newer);
    assert_eq!(changes.to_string(), "lanes, supervise, worker.command");
    stage.cast.apply(changes).await;
    assert_eq!(stage.mend().await, SPAWN);
    let clock = SystemClock::new();
    let started = loop {
        assert!(clock.monotonic() < PATIENCE, "no worker runs on the new lane");
        let open = stage.cast.recall.ask(Recall).await.unwrap().unwrap().open;
        let run = open.into_iter().find(|run| run.lane == "b" && run.started.is_some());
        if let Some(run) = run.and_then(|run| run.started) {
            break run;
        }
        tokio::task::yield_now().await;
    };
    let command = std::fs::read(format!("/proc/{}/cmdline", started.pid)).unwrap();
    assert_eq!(String::from_utf8(command).unwrap(), "sleep\x00601\0");
    stage.cast.stop_workers().await;
    stage.cast.stop(Duration::ZERO).await;
}
