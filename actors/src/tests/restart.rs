//! A daemon that ended, orderly or not, and the next one.

use std::time::Duration;

use super::stage::{LANES, Stage, code};
use crate::spawn::StopAll;
use crate::supervisor::{LeaseMode, Shutdown};

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

#[actix::test]
async fn stopping_ends_every_group_and_records_it() {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Supervisor);
    let daemon = stage.start();
    stage.pass(LONG).await;
    daemon.supervisor.send(Shutdown).await.unwrap();
    let survivors = daemon.spawner.send(StopAll).await.unwrap();
    assert!(survivors.is_empty());
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
