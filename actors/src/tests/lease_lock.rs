//! The daemon's own decisions and the mutex that others hold.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::stage::{LANES, Stage, code};
use crate::port::Storage as _;
use crate::supervisor::LeaseMode;

const LONG: Duration = Duration::from_secs(20);

fn lock() -> PathBuf {
    Path::new(LANES).with_file_name(".lane-lease.lock")
}

/// A Python program that has the mutex, and had it a moment ago, whenever that is.
const THEIRS: &[u8] = b"owner: py\nacquired_at: 2030-01-01T00:00:00Z\npid: 7\n";

#[actix::test]
async fn w_42_a_daemon_leaves_the_lock_of_another_alone_and_waits_for_it() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    stage.storage.put(&lock(), THEIRS);
    let _daemon = stage.start();
    stage.pass(LONG).await;
    assert_eq!(stage.storage.bytes(&lock()), THEIRS);
    assert!(stage.launcher.launched().is_empty() && stage.rows(LANES).is_empty());
    stage.storage.remove(&lock()).unwrap();
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a"]);
    assert_eq!(stage.ops("a")[..3], ["SPAWN", "ACQUIRE", "WORKER_STARTED"]);
    assert!(!stage.storage.paths().contains(&lock()), "and gives its own back");
}

#[actix::test]
async fn beats_go_on_while_somebody_keeps_the_lock() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let _daemon = stage.start();
    stage.pass(LONG).await;
    stage.storage.put(&lock(), THEIRS);
    stage.pass(Duration::from_hours(1)).await;
    let beats = stage.ops("a").iter().filter(|op| *op == "HEARTBEAT").count();
    assert!((10..=13).contains(&beats), "{beats} beats in an hour, one in five minutes is due");
}

#[actix::test]
async fn the_end_of_a_worker_is_recorded_while_somebody_keeps_the_lock_and_its_lease_goes_after() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let _daemon = stage.start();
    stage.pass(LONG).await;
    stage.storage.put(&lock(), THEIRS);
    stage.end("a", code(1));
    stage.pass(LONG).await;
    assert_eq!(stage.ops("a").last().unwrap(), "WORKER_EXITED");
    stage.storage.remove(&lock()).unwrap();
    stage.pass(LONG).await;
    let ops = stage.ops("a");
    assert_eq!(ops[4..8], ["SCAVENGE", "SPAWN", "ACQUIRE", "WORKER_STARTED"], "{ops:?}");
    assert_eq!(stage.launcher.living().len(), 1);
}

#[actix::test]
async fn a_lane_that_was_taken_between_the_look_and_the_write_is_not_taken_again() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    stage.storage.put(&lock(), THEIRS);
    let _daemon = stage.start();
    stage.pass(Duration::from_millis(500)).await;
    // The daemon has decided and waits; the one who has the mutex takes the lane.
    let lease = r#"{"op":"ACQUIRE","seq":1,"ts":"2026-11-22T00:00:00Z","lane":"a","loop_ts":"p","lease":{"lane":"a","loop_ts":"p","tree":["a/**"],"holder":"py","acquired_at":"2026-11-22T00:00:00Z"}}"#;
    stage.storage.append_foreign(Path::new(LANES), format!("{lease}\n").as_bytes());
    stage.storage.remove(&lock()).unwrap();
    stage.pass(LONG).await;
    assert_eq!(stage.ops("a"), ["ACQUIRE"], "one holder");
    assert!(stage.launcher.launched().is_empty());
}
