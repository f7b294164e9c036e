//! A daemon that ended, orderly or not, and the next one.

use std::path::Path;
use std::time::Duration;

use dosd_kernel::{invariant, run_id};

use super::stage::{LANES, START_MS, Stage, VERDICTS, code};
use crate::port::ProcessIdentity;
use crate::port::testing::FakeLauncher;
use crate::reach::Reach;
use crate::spawn::StopAll;
use crate::supervisor::{Close, GetFleet, LeaseMode, Shutdown};
use crate::witness::Claim;

const LONG: Duration = Duration::from_secs(5);

#[test]
fn workers_that_outlive_the_daemon_are_found_again_and_not_doubled() {
    let mut stage = a_daemon_that_died(&["a", "b"]);
    stage.end("b", code(0));
    actix::System::new().block_on(async {
        stage.reawake();
        let _next = stage.start();
        stage.pass(Duration::from_secs(20)).await;
    });
    assert_eq!(stage.living_lanes(), ["a", "b"]);
    assert_eq!(stage.launcher.launched().len(), 3, "a was adopted, b was made again");
    let ended: Vec<_> =
        stage.rows(LANES).into_iter().filter(|row| row["op"] == "WORKER_EXITED").collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0]["lane"], "b");
    assert!(ended[0]["code"].is_null());
}

#[test]
fn a_process_that_began_later_under_the_pid_of_a_worker_is_left_alone() {
    is_left_alone(|worker| ProcessIdentity { start_ticks: worker.start_ticks + 1, ..worker });
}

#[test]
fn a_process_of_another_boot_under_the_pid_and_start_of_a_worker_is_left_alone() {
    is_left_alone(|worker| ProcessIdentity { boot_id: "next boot".to_owned(), ..worker });
}

/// Somebody else's process has the pid of a worker when the next daemon comes: it is not taken
/// for the worker, nor signalled with those that are.
fn is_left_alone(other: impl Fn(ProcessIdentity) -> ProcessIdentity) {
    let mut stage = a_daemon_that_died(&["a"]);
    let [pid] = stage.launcher.living()[..] else { panic!("one worker") };
    stage.launcher.hand_pid_on(other(FakeLauncher::identity(pid)));
    actix::System::new().block_on(async {
        stage.reawake();
        let next = stage.start();
        stage.pass(Duration::from_secs(20)).await;
        assert_eq!(stage.launcher.launched().len(), 2, "its lane has a new worker");
        assert!(next.spawner.send(StopAll).await.unwrap().is_empty());
    });
    assert_eq!(stage.launcher.living(), [pid], "who is left");
    let signalled = stage.launcher.signals().into_iter().any(|(number, _)| number == pid);
    assert!(!signalled, "{:?}", stage.launcher.signals());
    let rows = stage.rows(LANES);
    let end = rows.iter().find(|row| row["op"] == "WORKER_EXITED").unwrap();
    assert_eq!((&end["pid"], &end["code"]), (&pid.into(), &serde_json::Value::Null));
    assert!(end["signal"].is_null(), "{end}");
}

#[test]
fn an_adopted_worker_is_replaced_when_it_ends() {
    let mut stage = a_daemon_that_died(&["a"]);
    actix::System::new().block_on(async {
        stage.reawake();
        let _next = stage.start();
        stage.pass(LONG).await;
        stage.end("a", code(0));
        stage.pass(Duration::from_secs(20)).await;
    });
    assert_eq!(stage.launcher.launched().len(), 2);
    assert_eq!(stage.living_lanes(), ["a"]);
}

#[test]
fn rows_about_an_adopted_run_name_the_root_of_its_own_lineage() {
    let mut stage = a_daemon_that_died(&["a"]);
    let old = stage.settings.lineage.root_id.clone();
    let run_id = stage.launcher.launched()[0].1.environment["CID_RUN_ID"].clone();
    actix::System::new().block_on(async {
        stage.reawake();
        stage.settings.lineage = run_id::mint(START_MS, 2, "dosd", None, None).unwrap();
        let next = stage.start();
        stage.pass(LONG).await;
        let claim = Claim {
            run_id: run_id.clone(),
            lane: String::new(),
            key: "42".to_owned(),
            narrated: String::new(),
            expect: None,
        };
        next.witness.send(claim).await.unwrap().unwrap();
        stage.end("a", code(0));
        stage.pass(Duration::from_secs(20)).await;
    });
    let new = &stage.settings.lineage.root_id;
    assert_ne!(*new, old);
    let rows = stage.rows(VERDICTS);
    let of_run: Vec<_> = rows.iter().filter(|row| row["run_id"] == *run_id).collect();
    let told: Vec<_> = of_run.iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(told, ["STARTED", "REFUTED", "EXITED"]);
    assert!(of_run.iter().all(|row| row["detail"]["root_id"] == *old), "{of_run:?}");
    let last = rows.iter().rfind(|row| row["verdict"] == "STARTED").unwrap();
    assert_eq!(last["detail"]["root_id"], **new);
}

#[actix::test]
async fn stopping_ends_every_group_and_records_it() {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Supervisor);
    let daemon = stage.start();
    stage.pass(LONG).await;
    daemon.supervisor.send(Close).await.unwrap();
    let survivors = daemon.spawner.send(StopAll).await.unwrap();
    assert!(survivors.is_empty());
    daemon.supervisor.send(Shutdown).await.unwrap();
    assert!(stage.launcher.living().is_empty());
    assert_eq!(stage.ops("a").last().unwrap(), "RELEASE");
    assert_eq!(stage.ops("b").last().unwrap(), "RELEASE");
}

#[actix::test]
async fn a_worker_that_ignores_term_is_killed_after_the_timeout() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    stage.launcher.ignore_terminate();
    let daemon = stage.start();
    stage.pass(LONG).await;
    let stopping = daemon.spawner.send(StopAll);
    let passing = stage.pass(Duration::from_secs(15));
    let (survivors, ()) = futures_util::future::join(stopping, passing).await;
    assert!(survivors.unwrap().is_empty());
    let exit = stage.rows(LANES).into_iter().find(|row| row["op"] == "WORKER_EXITED").unwrap();
    assert_eq!(exit["signal"], 9);
}

#[test]
fn adopted_workers_are_stopped_and_recorded_like_others() {
    let mut stage = a_daemon_that_died(&["a", "b"]);
    actix::System::new().block_on(async {
        stage.reawake();
        let next = stage.start();
        stage.pass(LONG).await;
        next.supervisor.send(Shutdown).await.unwrap();
        assert!(next.spawner.send(StopAll).await.unwrap().is_empty());
    });
    assert!(stage.launcher.living().is_empty());
    for lane in ["a", "b"] {
        let ops = stage.ops(lane);
        assert_eq!(ops[ops.len() - 3..], ["HALT", "WORKER_EXITED", "RELEASE"], "{ops:?}");
    }
}

#[test]
fn a_worker_whose_start_was_not_recorded_is_found_and_not_doubled() {
    let mut stage = a_daemon_that_died(&["a"]);
    // The daemon was killed after the start and before its row.
    let bytes = String::from_utf8(stage.storage.bytes(Path::new(LANES))).unwrap();
    let kept: String =
        bytes.split_inclusive('\n').filter(|row| !row.contains("WORKER_STARTED")).collect();
    assert_ne!(kept, bytes);
    stage.storage.put(Path::new(LANES), kept.as_bytes());
    actix::System::new().block_on(async {
        stage.reawake();
        let next = stage.start();
        stage.pass(LONG).await;
        assert_eq!(stage.launcher.launched().len(), 1);
        assert!(stage.ops("a").contains(&"WORKER_STARTED".to_owned()), "it is recorded now");
        next.spawner.send(StopAll).await.unwrap();
    });
    assert!(stage.launcher.living().is_empty());
}

#[test]
fn a_run_without_process_and_start_is_over_and_its_lane_is_used_again() {
    let mut stage = a_daemon_that_died(&["a"]);
    let bytes = String::from_utf8(stage.storage.bytes(Path::new(LANES))).unwrap();
    let kept: String =
        bytes.split_inclusive('\n').filter(|row| !row.contains("WORKER_STARTED")).collect();
    stage.storage.put(Path::new(LANES), kept.as_bytes());
    stage.end("a", code(0));
    actix::System::new().block_on(async {
        stage.reawake();
        let _next = stage.start();
        stage.pass(LONG).await;
    });
    assert_eq!(stage.living_lanes(), ["a"]);
    let ops = stage.ops("a");
    assert_eq!(ops[2..5], ["WORKER_EXITED", "RELEASE", "SPAWN"], "{ops:?}");
}

#[test]
fn a_lease_whose_release_was_torn_does_not_keep_its_lane_from_the_next_daemon() {
    let mut stage = a_daemon_that_died(&["a"]);
    let bytes = String::from_utf8(stage.storage.bytes(Path::new(LANES))).unwrap();
    // The end of a run and the release of its lease are one write, and a crash tore it between them.
    let acquired = stage.rows(LANES).into_iter().find(|row| row["op"] == "ACQUIRE").unwrap();
    let exited = serde_json::json!({
        "op": "WORKER_EXITED", "seq": 99, "ts": acquired["ts"], "lane": "a", "loop_ts": acquired["loop_ts"],
        "host_id": acquired["host_id"], "run_id": acquired["lease"]["run_id"], "code": 0, "ran_ms": 1,
    });
    stage.storage.put(Path::new(LANES), format!("{bytes}{exited}\n{{\"op\":\"REL").as_bytes());
    stage.end("a", code(0));
    actix::System::new().block_on(async {
        stage.reawake();
        let _next = stage.start();
        stage.pass(LONG).await;
    });
    assert_eq!(stage.living_lanes(), ["a"]);
    let text = String::from_utf8(stage.storage.bytes(Path::new(LANES))).unwrap();
    assert_eq!(text.matches("SCAVENGE").count(), 1, "{text}");
}

#[test]
fn a_run_whose_lease_was_torn_is_over_before_its_lane_gets_the_next_one() {
    let mut stage = a_daemon_that_died(&["a"]);
    // An intent and its lease are one write, and a crash tore it between them: nothing was started.
    let bytes = String::from_utf8(stage.storage.bytes(Path::new(LANES))).unwrap();
    let intent = bytes.split_inclusive('\n').find(|row| row.contains("SPAWN")).unwrap();
    stage.storage.put(Path::new(LANES), format!("{intent}{{\"op\":\"ACQ").as_bytes());
    stage.end("a", code(0));
    actix::System::new().block_on(async {
        stage.reawake();
        let _next = stage.start();
        stage.pass(LONG).await;
    });
    assert_eq!(stage.living_lanes(), ["a"]);
    let bytes = stage.storage.bytes(Path::new(LANES));
    let rows = invariant::rows(&bytes);
    let ops: Vec<_> = rows.iter().map(|row| row.text("op")).collect();
    assert_eq!(ops[..4], ["SPAWN", "WORKER_EXITED", "RELEASE", "SPAWN"], "{ops:?}");
    assert_eq!(invariant::one_worker(&rows, "dosd", |_| true), []);
}

#[test]
fn nothing_is_planned_before_earlier_runs_are_reconciled() {
    let mut stage = a_daemon_that_died(&["a", "b"]);
    actix::System::new().block_on(async {
        stage.reawake();
        let next = stage.start_with(|ports| ports.readopt = Reach::unset("spawn"));
        // Long enough for every lease to look stalled.
        stage.pass(Duration::from_hours(1)).await;
        assert_eq!(stage.launcher.launched().len(), 2, "nothing was doubled");
        next.ports.readopt.point_at(&next.spawner);
        stage.pass(LONG).await;
        let view = next.supervisor.send(GetFleet).await.unwrap();
        assert_eq!(view.runs.len(), 2);
    });
    assert_eq!(stage.launcher.launched().len(), 2);
    assert!(!stage.ops("a").contains(&"SCAVENGE".to_owned()));
}

#[actix::test]
async fn a_supervisor_that_is_made_again_finds_its_workers_and_doubles_none() {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Worker);
    let mut daemon = stage.start();
    stage.pass(LONG).await;
    stage.remake_supervisor(&mut daemon);
    stage.pass(Duration::from_hours(1)).await;
    assert_eq!(stage.launcher.launched().len(), 2);
    stage.end("a", code(1));
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a", "b"]);
    assert_eq!(stage.launcher.launched().len(), 3);
}

#[actix::test]
async fn an_end_that_falls_between_two_supervisors_is_recorded_once() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let mut daemon = stage.start();
    stage.pass(LONG).await;
    stage.end("a", code(1));
    stage.remake_supervisor(&mut daemon);
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a"]);
    let ends = stage.ops("a").into_iter().filter(|op| op == "WORKER_EXITED").count();
    assert_eq!((ends, stage.launcher.launched().len()), (1, 2));
}

#[actix::test]
async fn a_launch_that_the_spawner_never_got_is_made_up_for() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let daemon = stage.start_with(|ports| ports.spawner = Reach::unset("spawn"));
    stage.pass(Duration::from_millis(500)).await;
    assert_eq!(stage.ops("a"), ["SPAWN", "ACQUIRE"]);
    daemon.ports.spawner.point_at(&daemon.spawner);
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a"]);
    let ops = stage.ops("a");
    assert_eq!(ops[2..5], ["WORKER_EXITED", "RELEASE", "SPAWN"], "{ops:?}");
}

/// A world in which a daemon came up and was killed: its memory is gone, its
/// processes are not.
fn a_daemon_that_died(lanes: &[&str]) -> Stage {
    actix::System::new().block_on(async {
        let stage = Stage::with_lanes(lanes, LeaseMode::Supervisor);
        let _daemon = stage.start();
        stage.pass(LONG).await;
        stage.fall_asleep()
    })
}

#[actix::test]
async fn a_lease_that_a_stopped_worker_left_does_not_keep_its_lane_from_the_next_daemon() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Worker);
    let daemon = stage.start();
    stage.pass(LONG).await;
    let run_id = stage.launcher.launched()[0].1.environment["CID_RUN_ID"].clone();
    stage.worker_acquires(&run_id);
    stage.pass(LONG).await;
    daemon.supervisor.send(Close).await.unwrap();
    daemon.spawner.send(StopAll).await.unwrap();
    daemon.supervisor.send(Shutdown).await.unwrap();
    assert_eq!(stage.ops("a").last().unwrap(), "SCAVENGE");
    assert_eq!(stage.launcher.launched().len(), 1, "nothing is started while it stops");
}
