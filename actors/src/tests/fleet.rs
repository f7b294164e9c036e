//! The population is kept.

use std::path::Path;
use std::time::Duration;

use super::stage::{LANES, Stage, VERDICTS, code};
use crate::port::testing::{Fault, Operation};
use crate::supervisor::{GetFleet, LeaseMode};

const LONG: Duration = Duration::from_secs(5);

#[actix::test]
async fn a_fleet_comes_up_with_intents_before_processes() {
    let stage = Stage::with_lanes(&["a", "b", "c"], LeaseMode::Supervisor);
    let _daemon = stage.start();
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a", "b", "c"]);
    assert_eq!(stage.ops("a"), ["SPAWN", "ACQUIRE", "WORKER_STARTED"]);
    assert_eq!(stage.verdicts("supervise"), ["FILLING", "AT_TARGET"]);
    assert_eq!(stage.verdicts("worker"), ["STARTED", "STARTED", "STARTED"]);
}

#[actix::test]
async fn nothing_is_started_when_the_intent_does_not_reach_the_disk() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    stage.storage.fail(Operation::Sync, 0, Fault::Error(std::io::ErrorKind::Other));
    let _daemon = stage.start();
    stage.pass(LONG).await;
    assert!(stage.launcher.launched().is_empty());
}

#[actix::test]
async fn w_41_a_worker_that_fails_is_replaced_after_its_delay() {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Supervisor);
    let _daemon = stage.start();
    stage.pass(Duration::from_mins(1)).await;
    stage.end("a", code(1));
    stage.pass(Duration::ZERO).await;
    assert_eq!(stage.living_lanes(), ["b"], "not before the delay");
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a", "b"]);
    let ops = stage.ops("a");
    assert_eq!(ops[3..6], ["WORKER_EXITED", "RELEASE", "SPAWN"], "{ops:?}");
}

#[actix::test]
async fn w_41_a_lane_that_keeps_failing_is_given_up() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let daemon = stage.start();
    for _ in 0..5 {
        stage.pass(Duration::from_secs(30)).await;
        stage.end("a", code(1));
    }
    stage.pass(Duration::from_hours(1)).await;
    assert!(stage.launcher.living().is_empty());
    assert_eq!(stage.launcher.launched().len(), 5);
    assert_eq!(stage.ops("a").last().unwrap(), "WORKER_GAVE_UP");
    assert!(stage.verdicts("worker").contains(&"GAVE_UP".to_owned()));
    assert_eq!(stage.verdicts("supervise").last().unwrap(), "TARGET_UNREACHABLE");
    let view = daemon.supervisor.send(GetFleet).await.unwrap();
    assert_eq!(view.gave_up, ["a"]);
    let root_id = stage.settings.lineage.root_id.as_str();
    for row in stage.rows(VERDICTS) {
        assert_eq!(row["detail"]["root_id"], root_id, "{row}");
    }
}

#[actix::test]
async fn the_verdict_stream_says_why_a_lease_was_taken_back_before_what_follows() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Worker);
    let _daemon = stage.start();
    stage.pass(LONG).await;
    let run_id = stage.launcher.launched()[0].1.environment["CID_RUN_ID"].clone();
    stage.worker_acquires(&run_id);
    stage.pass(LONG).await;
    stage.end("a", code(1));
    stage.pass(LONG).await;
    let rows = stage.rows(VERDICTS);
    let told = rows.iter().position(|row| row["syscall"] == "liveness").unwrap();
    assert_eq!(
        (&rows[told]["verdict"], &rows[told]["run_id"]),
        (&"STALLED".into(), &run_id.into())
    );
    assert_eq!(rows[told + 1]["syscall"], "supervise", "in the same write");
    stage.pass(Duration::from_mins(5)).await;
    assert_eq!(stage.verdicts("liveness"), ["STALLED"]);
}

#[actix::test]
async fn a_command_that_is_not_there_is_delayed_and_given_up() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    stage.launcher.lose_the_command();
    let _daemon = stage.start();
    stage.pass(Duration::from_mins(10)).await;
    let exits = stage.ops("a").iter().filter(|op| *op == "WORKER_EXITED").count();
    assert_eq!(exits, 5);
    assert_eq!(stage.ops("a").last().unwrap(), "WORKER_GAVE_UP");
}

#[actix::test]
async fn a_worker_that_holds_no_lease_yet_is_not_doubled() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Worker);
    let _daemon = stage.start();
    stage.pass(Duration::from_hours(1)).await;
    assert_eq!(stage.launcher.launched().len(), 1);
    assert_eq!(stage.ops("a"), ["SPAWN", "WORKER_STARTED"]);
}

#[actix::test]
async fn the_lease_of_a_worker_that_is_gone_is_scavenged_at_once() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Worker);
    let _daemon = stage.start();
    stage.pass(LONG).await;
    let run_id = stage.launcher.launched()[0].1.environment["CID_RUN_ID"].clone();
    stage.worker_acquires(&run_id);
    stage.pass(Duration::from_mins(1)).await;
    assert_eq!(stage.launcher.launched().len(), 1, "the lease is seen as our worker's");
    stage.end("a", code(1));
    stage.pass(LONG).await;
    let ops = stage.ops("a");
    let scavenged = ops.iter().position(|op| op == "SCAVENGE").unwrap();
    let again = ops.iter().rposition(|op| op == "SPAWN").unwrap();
    assert!(scavenged < again, "{ops:?}");
    assert_eq!(stage.launcher.living().len(), 1);
}

#[actix::test]
async fn a_lane_that_a_stranger_holds_is_left_alone_until_it_stalls() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let lease = r#"{"op":"ACQUIRE","seq":1,"ts":"2026-11-21T23:59:50Z","lane":"a","loop_ts":"p","lease":{"lane":"a","loop_ts":"p","tree":["a/**"],"holder":"p","host_id":"elsewhere","pid":7,"acquired_at":"2026-11-21T23:59:50Z"}}"#;
    stage.storage.put(Path::new(LANES), format!("{lease}\n").as_bytes());
    let _daemon = stage.start();
    stage.pass(Duration::from_mins(10)).await;
    assert!(stage.launcher.launched().is_empty());
    stage.pass(Duration::from_secs(400)).await;
    assert_eq!(stage.living_lanes(), ["a"]);
    assert_eq!(stage.ops("a")[..4], ["ACQUIRE", "SCAVENGE", "SPAWN", "ACQUIRE"]);
}

#[actix::test]
async fn a_foreign_release_is_acted_on_without_waiting_for_the_tick() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let held = r#"{"op":"ACQUIRE","seq":1,"ts":"2026-11-21T23:59:50Z","lane":"a","loop_ts":"p","lease":{"lane":"a","loop_ts":"p","holder":"p","tree":["a/**"],"acquired_at":"2026-11-21T23:59:50Z"}}"#;
    let freed = r#"{"op":"RELEASE","seq":2,"ts":"2026-11-22T00:00:01Z","lane":"a","loop_ts":"p"}"#;
    stage.storage.put(Path::new(LANES), format!("{held}\n").as_bytes());
    let _daemon = stage.start();
    stage.pass(Duration::from_secs(1)).await;
    stage.storage.append_foreign(Path::new(LANES), format!("{freed}\n").as_bytes());
    stage.pass(Duration::ZERO).await;
    assert_eq!(stage.living_lanes(), ["a"]);
}

#[actix::test]
async fn leases_that_the_daemon_holds_are_beaten_while_the_worker_lives() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let _daemon = stage.start();
    stage.pass(Duration::from_hours(1)).await;
    let beats = stage.ops("a").iter().filter(|op| *op == "HEARTBEAT").count();
    assert!((10..=13).contains(&beats), "{beats} beats in an hour, one in five minutes is due");
    assert_eq!(stage.launcher.launched().len(), 1);
}

#[actix::test]
async fn a_fleet_at_rest_writes_nothing() {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Supervisor);
    let _daemon = stage.start();
    stage.pass(LONG).await;
    let before = stage.storage.syncs();
    stage.pass(Duration::from_mins(4)).await;
    assert_eq!(stage.storage.syncs(), before);
}
