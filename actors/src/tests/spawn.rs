//! The spawner alone: runs in every phase of their life are asked for, stopped,
//! left by their leaders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext as _, Addr, Context, Handler, Message};
use tokio::sync::Semaphore;

use super::probe::{Notes, Peers, SlowJournal};
use super::stage::{code, settle, worker_policy};
use crate::exec::{ExitRecord, exit_record_path};
use crate::port::testing::{FakeLauncher, FakeRepository, MemoryStorage, TestClock};
use crate::port::{Clock as _, Exit, RUN_ID_VARIABLE, Signal, Storage};
use crate::reach::Reach;
use crate::spawn::{
    AwaitEnds, HaltRun, Halting, ReadoptRuns, Run, Spawn, SpawnActor, SpawnPorts, SpawnSettings,
    StopAll, Survivors,
};

pub(super) const DISK: Duration = Duration::from_millis(700);

/// Ends an actor at once, as a panic does.
#[derive(Message)]
#[rtype(result = "()")]
struct Die;

impl Handler<Die> for SpawnActor {
    type Result = ();

    fn handle(&mut self, _: Die, ctx: &mut Context<Self>) {
        ctx.terminate();
    }
}

pub(super) struct Scene {
    pub(super) spawner: Addr<SpawnActor>,
    pub(super) launcher: FakeLauncher,
    storage: MemoryStorage,
    pub(super) notes: Notes,
    gate: Arc<Semaphore>,
    pub(super) clock: TestClock,
}

impl Scene {
    pub(super) fn new() -> Self {
        tokio::time::pause();
        let world = World {
            launcher: FakeLauncher::default(),
            storage: MemoryStorage::default(),
            notes: Notes::default(),
            gate: Arc::new(Semaphore::new(0)),
            clock: TestClock::at(0),
        };
        let spawner = world.spawner();
        let World { launcher, storage, notes, gate, clock } = world;
        Self { spawner, launcher, storage, notes, gate, clock }
    }

    /// The spawner is there no more, as after a panic.
    pub(super) async fn die(&self) {
        // It may be gone before it answers.
        let _ = self.spawner.send(Die).await;
    }

    /// Another spawner in the same world.
    pub(super) fn make_again(&mut self) {
        let world = World {
            launcher: self.launcher.clone(),
            storage: self.storage.clone(),
            notes: self.notes.clone(),
            gate: Arc::clone(&self.gate),
            clock: self.clock.clone(),
        };
        self.spawner = world.spawner();
    }

    /// A scene with one worker that lives and is written down.
    async fn with_a_worker() -> (Self, u32) {
        let scene = Self::new();
        scene.spawn("RID-1").await;
        scene.let_in(1).await;
        pass(Duration::from_secs(5)).await;
        let pid = scene.launcher.living()[0];
        (scene, pid)
    }

    pub(super) async fn spawn(&self, run_id: &str) {
        self.spawner.send(Spawn { run: run(run_id) }).await.unwrap();
        settle().await;
    }

    /// Lets baselines be taken.
    pub(super) async fn let_in(&self, runs: usize) {
        self.gate.add_permits(runs);
        settle().await;
    }

    /// Asks for a stop, lets time pass, and gives the answer; none when it is still
    /// to come.
    async fn stop_within(&self, time: Duration) -> Option<Vec<Survivors>> {
        tokio::time::timeout(time, self.spawner.send(StopAll)).await.ok().map(Result::unwrap)
    }
}

/// What spawners are made in.
struct World {
    launcher: FakeLauncher,
    storage: MemoryStorage,
    notes: Notes,
    gate: Arc<Semaphore>,
    clock: TestClock,
}

impl World {
    fn spawner(&self) -> Addr<SpawnActor> {
        let notes = self.notes.clone();
        let journal = |name| SlowJournal { name, takes: DISK, notes: notes.clone() }.start();
        let (lanes, verdicts) = (journal("lane"), journal("verdict"));
        let peers = Peers { gate: Arc::clone(&self.gate), notes: notes.clone() }.start();
        let settings = SpawnSettings {
            workspace: PathBuf::from("/w"),
            environment: BTreeMap::new(),
            logs: PathBuf::from("/w/logs"),
            runs: PathBuf::from("/w/runs"),
            host_id: "host".to_owned(),
        };
        let ports = SpawnPorts {
            clock: Arc::new(self.clock.clone()),
            storage: Arc::new(self.storage.clone()),
            launcher: Arc::new(self.launcher.clone()),
            repository: Arc::new(FakeRepository::default()),
            lanes: Reach::to("lane", lanes.clone().recipient()),
            ends: Reach::to("lane", lanes.recipient()),
            verdicts: Reach::to("verdict", verdicts.recipient()),
            baseline: Reach::to("witness", peers.clone().recipient()),
            run_ended: Reach::to("witness", peers.clone().recipient()),
            supervisor: Reach::to("supervisor", peers.recipient()),
        };
        SpawnActor::new(settings, worker_policy(), ports, None).start()
    }
}

pub(super) fn run(run_id: &str) -> Run {
    Run {
        run_id: run_id.to_owned(),
        lane: "a".to_owned(),
        loop_ts: run_id.to_owned(),
        lineage: vec![(RUN_ID_VARIABLE, run_id.to_owned())],
        leased: true,
    }
}

async fn pass(time: Duration) {
    for _ in 0..20 {
        tokio::time::advance(time / 20).await;
        settle().await;
    }
}

#[actix::test]
async fn a_stop_is_answered_after_the_ends_are_on_disk_and_told() {
    let (scene, _) = Scene::with_a_worker().await;
    let survivors = scene.stop_within(Duration::from_mins(1)).await.unwrap();
    assert!(survivors.is_empty());
    let notes = scene.notes.all();
    let stop = ["lane HALT", "lane WORKER_EXITED", "lane RELEASE"];
    assert_eq!(
        notes[3..],
        [&stop[..], &["told end RID-1", "verdict EXITED"]].concat(),
        "{notes:?}"
    );
}

#[actix::test]
async fn a_halt_is_on_disk_before_anybody_is_signalled() {
    let (scene, _) = Scene::with_a_worker().await;
    assert!(scene.stop_within(DISK / 2).await.is_none());
    assert!(scene.launcher.signals().is_empty());
}

#[actix::test]
async fn a_run_between_intent_and_launch_is_ended_by_a_stop_and_never_launched() {
    let scene = Scene::new();
    scene.spawn("RID-1").await;
    assert!(scene.stop_within(Duration::from_secs(1)).await.is_none(), "its end is not on disk");
    scene.let_in(1).await;
    assert!(scene.stop_within(Duration::from_mins(1)).await.unwrap().is_empty());
    assert!(scene.launcher.launched().is_empty());
    assert_eq!(scene.notes.about("told end"), ["told end RID-1"]);
    assert_eq!(scene.notes.about("lane RELEASE").len(), 1);
}

#[actix::test]
async fn a_stop_does_not_wait_for_ever_for_a_surface_that_hangs() {
    let scene = Scene::new();
    scene.spawn("RID-1").await;
    assert!(scene.stop_within(Duration::from_mins(1)).await.unwrap().is_empty());
    scene.let_in(1).await;
    assert!(scene.launcher.launched().is_empty(), "and nothing is started afterwards");
}

#[actix::test]
async fn a_run_that_is_being_started_is_neither_finished_nor_doubled_when_asked_for() {
    let scene = Scene::new();
    scene.spawn("RID-1").await;
    let open = vec![(run("RID-1"), None)];
    let living = scene.spawner.send(ReadoptRuns { open }).await.unwrap();
    assert_eq!(living, [run("RID-1")]);
    scene.let_in(2).await;
    pass(Duration::from_secs(5)).await;
    assert_eq!(scene.launcher.launched().len(), 1);
    assert_eq!(scene.notes.about("lane"), ["lane WORKER_STARTED"]);
}

#[actix::test]
async fn a_run_whose_end_is_being_recorded_is_not_recorded_twice_when_asked_for() {
    let (scene, pid) = Scene::with_a_worker().await;
    scene.launcher.end(pid, code(0));
    pass(DISK / 2).await;
    let open = vec![(run("RID-1"), None)];
    let living = scene.spawner.send(ReadoptRuns { open }).await.unwrap();
    assert_eq!(living, [run("RID-1")], "its end is still to be told");
    pass(Duration::from_secs(5)).await;
    assert_eq!(scene.notes.about("lane WORKER_EXITED").len(), 1);
    assert_eq!(scene.notes.about("told end").len(), 1);
}

#[actix::test]
async fn a_run_that_is_ordered_twice_is_started_once() {
    let (scene, _) = Scene::with_a_worker().await;
    scene.spawn("RID-1").await;
    scene.let_in(1).await;
    assert_eq!(scene.launcher.launched().len(), 1);
}

#[actix::test]
async fn a_worker_that_ends_before_its_start_is_on_disk_is_recorded_in_order() {
    let scene = Scene::new();
    scene.spawn("RID-1").await;
    scene.let_in(1).await;
    let pid = scene.launcher.living()[0];
    scene.launcher.end(pid, code(1));
    pass(Duration::from_secs(5)).await;
    let rows = ["lane WORKER_STARTED", "lane WORKER_EXITED", "lane RELEASE"];
    assert_eq!(scene.notes.about("lane"), rows);
    assert_eq!(scene.notes.about("told"), ["told start RID-1", "told end RID-1"]);
}

#[actix::test]
async fn a_run_is_not_over_while_its_group_has_members() {
    let (scene, pid) = Scene::with_a_worker().await;
    scene.launcher.bear_child(pid);
    scene.launcher.end(pid, code(0));
    pass(Duration::from_mins(1)).await;
    assert!(scene.notes.about("told end").is_empty());
    scene.launcher.end_child(pid);
    pass(Duration::from_secs(5)).await;
    assert_eq!(scene.notes.about("told end"), ["told end RID-1"]);
    assert!(scene.launcher.signals().is_empty(), "nobody was asked to end");
}

#[actix::test]
async fn what_is_left_of_a_group_without_leader_is_stopped_too() {
    let (scene, pid) = Scene::with_a_worker().await;
    scene.launcher.bear_child(pid);
    scene.launcher.end(pid, code(0));
    pass(Duration::from_mins(1)).await;
    assert!(scene.stop_within(Duration::from_mins(1)).await.unwrap().is_empty());
    assert_eq!(scene.notes.about("told end"), ["told end RID-1"]);
}

#[actix::test]
async fn the_number_of_a_group_that_is_empty_is_never_signalled() {
    let (scene, pid) = Scene::with_a_worker().await;
    scene.launcher.end(pid, code(0));
    settle().await;
    assert!(scene.stop_within(Duration::from_mins(1)).await.unwrap().is_empty());
    assert!(scene.launcher.signals().is_empty());
    assert_eq!(scene.notes.about("told end"), ["told end RID-1"]);
}

fn halt(handle: &str) -> HaltRun {
    HaltRun { handle: handle.to_owned(), command: None, reason: "stuck".to_owned() }
}

#[actix::test]
async fn an_order_stops_one_worker_after_its_intent_is_on_disk() {
    let (scene, pid) = Scene::with_a_worker().await;
    let order = scene.spawner.send(halt("a"));
    let early = tokio::time::timeout(DISK / 2, order).await;
    assert!(early.is_err() && scene.launcher.signals().is_empty(), "the intent comes first");
    pass(Duration::from_mins(1)).await;
    let notes = scene.notes.about("lane");
    assert_eq!(notes[1..], ["lane HALT", "lane WORKER_EXITED", "lane RELEASE"], "{notes:?}");
    assert!(!scene.launcher.living().contains(&pid));
    let late = scene.spawner.send(halt("a")).await.unwrap();
    assert_eq!(late, Halting::Unknown, "it is stopped already");
}

#[actix::test]
async fn a_worker_is_named_by_its_run() {
    let (scene, _) = Scene::with_a_worker().await;
    let stopped = scene.spawner.send(halt("RID-1")).await.unwrap();
    assert_eq!(stopped, Halting::Stopped(run("RID-1")));
}

#[actix::test]
async fn a_worker_is_named_by_its_process() {
    let (scene, pid) = Scene::with_a_worker().await;
    let stopped = scene.spawner.send(halt(&pid.to_string())).await.unwrap();
    assert_eq!(stopped, Halting::Stopped(run("RID-1")));
}

#[actix::test]
async fn an_order_that_means_nobody_or_several_stops_nobody() {
    let (scene, _) = Scene::with_a_worker().await;
    scene.spawn("RID-2").await;
    scene.let_in(1).await;
    pass(Duration::from_secs(5)).await;
    let both = scene.spawner.send(halt("a")).await.unwrap();
    assert_eq!(both, Halting::Ambiguous(vec!["RID-1".to_owned(), "RID-2".to_owned()]));
    assert_eq!(scene.spawner.send(halt("b")).await.unwrap(), Halting::Unknown);
    assert_eq!(scene.launcher.living().len(), 2);
    assert!(scene.notes.about("lane HALT").is_empty());
}

#[actix::test]
async fn what_left_the_group_of_a_run_is_stopped_too_even_when_it_ignores_term() {
    let (scene, pid) = Scene::with_a_worker().await;
    let stray = scene.launcher.bear_stray("RID-1");
    scene.launcher.end(pid, code(0));
    pass(Duration::from_secs(5)).await;
    assert!(scene.launcher.signals().is_empty(), "it goes on until somebody stops the fleet");
    scene.launcher.ignore_terminate();
    let stop = scene.stop_within(Duration::from_mins(1));
    assert!(stop.await.unwrap().is_empty());
    assert_eq!(scene.launcher.signals(), [(stray, Signal::Terminate), (stray, Signal::Kill)]);
}

#[actix::test]
async fn the_end_of_a_run_that_nobody_saw_is_taken_from_its_record() {
    let scene = Scene::new();
    let record = ExitRecord { code: Some(7), signal: None, ran_ms: 1234 };
    let path = exit_record_path(Path::new("/w/runs/RID-1"));
    scene.storage.replace(&path, &record.to_bytes().unwrap()).unwrap();
    let open = vec![(run("RID-1"), None)];
    assert!(scene.spawner.send(ReadoptRuns { open }).await.unwrap().is_empty());
    pass(Duration::from_secs(5)).await;
    assert_eq!(scene.notes.ends(), [(code(7), 1234)]);
    assert!(scene.storage.paths().is_empty(), "the run's directory is gone with it");
}

#[actix::test]
async fn the_end_of_a_run_without_a_record_is_unknown() {
    let scene = Scene::new();
    let open = vec![(run("RID-1"), None)];
    scene.spawner.send(ReadoptRuns { open }).await.unwrap();
    pass(Duration::from_secs(5)).await;
    assert_eq!(scene.notes.ends(), [(Exit::default(), 0)]);
}

#[actix::test]
async fn whoever_asks_for_a_run_that_is_gone_is_answered_when_its_end_is_on_disk() {
    let scene = Scene::new();
    let open = vec![(run("RID-1"), None)];
    assert!(scene.spawner.send(ReadoptRuns { open }).await.unwrap().is_empty());
    assert_eq!(scene.notes.about("lane"), ["lane WORKER_EXITED", "lane RELEASE"]);
}

#[actix::test]
async fn a_spawner_that_dies_over_an_end_does_not_answer_that_it_is_on_disk() {
    let scene = Scene::new();
    let open = vec![(run("RID-1"), None)];
    let answer = actix_rt::spawn(scene.spawner.send(ReadoptRuns { open }));
    settle().await;
    scene.die().await;
    assert!(answer.await.unwrap().is_err());
    assert!(scene.notes.rows().is_empty());
}

#[actix::test]
async fn ends_are_awaited_until_the_last_one_is_on_disk_and_told() {
    let (scene, pid) = Scene::with_a_worker().await;
    let mut ends = Box::pin(scene.spawner.send(AwaitEnds));
    assert!(tokio::time::timeout(Duration::from_mins(1), &mut ends).await.is_err());
    scene.launcher.end(pid, code(0));
    assert!(tokio::time::timeout(DISK / 2, &mut ends).await.is_err());
    tokio::time::timeout(Duration::from_mins(1), ends).await.unwrap().unwrap();
    assert_eq!(scene.notes.about("told end"), ["told end RID-1"]);
}

#[actix::test]
async fn the_time_of_an_adopted_worker_counts_from_its_start() {
    let (mut scene, pid) = Scene::with_a_worker().await;
    let born = scene.clock.monotonic_ms();
    pass(Duration::from_hours(1)).await;
    scene.die().await;
    scene.make_again();
    let identity = scene.launcher.identity_of(pid);
    let open = vec![(run("RID-1"), Some(identity))];
    assert_eq!(scene.spawner.send(ReadoptRuns { open }).await.unwrap(), [run("RID-1")]);
    pass(Duration::from_mins(1)).await;
    let lived_ms = scene.clock.monotonic_ms() - born;
    scene.launcher.end(pid, Exit::default());
    pass(Duration::from_secs(5)).await;
    let ends = scene.notes.ends();
    assert_eq!(ends.len(), 1);
    assert!(ends[0].1 >= lived_ms, "{ends:?}, it lived {lived_ms} ms at least");
}
