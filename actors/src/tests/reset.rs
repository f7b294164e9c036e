//! What forgives the tries of a lane, and what does not.

use std::time::Duration;

use super::stage::{Daemon, LANES, Stage, code};
use crate::panic_now::PanicNow;
use crate::port::testing::{Fault, Operation};
use crate::spawn::{HaltRun, Halting};
use crate::supervisor::{GetFleet, LaneReset, LeaseMode, Reset, ResetError, Slate, Which};

const LONG: Duration = Duration::from_secs(5);

/// Lets a lane's worker fail so many times, each after its delay.
async fn fail(stage: &Stage, times: usize) {
    for _ in 0..times {
        stage.pass(Duration::from_secs(30)).await;
        stage.end("a", code(1));
    }
    stage.pass(Duration::ZERO).await;
}

/// Lets a lane's worker fail so many times as soon as it is there, so that the delay
/// grows: 1, 2, 4, 8 s.
async fn fail_at_once(stage: &Stage, times: usize) {
    for _ in 0..times {
        for _ in 0..20 {
            if stage.living_lanes().is_empty() {
                stage.pass(Duration::from_millis(500)).await;
            }
        }
        stage.end("a", code(1));
    }
    stage.pass(Duration::ZERO).await;
}

/// The supervisor panics, if it has not yet, and is made again.
async fn remake(stage: &Stage, daemon: &mut Daemon) {
    assert!(daemon.supervisor.send(PanicNow).await.is_err());
    stage.remake_supervisor(daemon);
}

async fn reset(daemon: &Daemon, which: Which) -> Result<Vec<LaneReset>, ResetError> {
    daemon.supervisor.send(Reset { which }).await.unwrap()
}

fn named(lane: &str) -> Which {
    Which::Named(vec![lane.to_owned()])
}

#[actix::test]
async fn a_lane_that_was_given_up_runs_again_as_soon_as_it_is_reset() {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Supervisor);
    let daemon = stage.start();
    fail(&stage, 5).await;
    assert_eq!(stage.living_lanes(), ["b"]);
    let lanes = reset(&daemon, Which::GivenUp).await.unwrap();
    assert_eq!(lanes.len(), 1);
    assert_eq!((&*lanes[0].lane, lanes[0].was, lanes[0].failures), ("a", Slate::GaveUp, 5));
    stage.pass(Duration::ZERO).await;
    assert_eq!(stage.living_lanes(), ["a", "b"]);
    let ops = stage.ops("a");
    let tail = ["WORKER_GAVE_UP", "WORKER_RESET", "SPAWN", "ACQUIRE", "WORKER_STARTED"];
    assert_eq!(ops[ops.len() - 5..], tail);
    assert!(stage.verdicts("worker").contains(&"RESET".to_owned()));
    // The burst is counted from the beginning.
    fail(&stage, 4).await;
    stage.pass(Duration::from_secs(30)).await;
    assert_eq!(stage.living_lanes(), ["a", "b"]);
}

#[actix::test]
async fn a_reset_says_what_there_was_to_forget() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let daemon = stage.start();
    stage.pass(LONG).await;
    assert_eq!(reset(&daemon, named("a")).await.unwrap()[0].was, Slate::Clean);
    assert!(!stage.ops("a").contains(&"WORKER_RESET".to_owned()), "nothing has changed");
    fail_at_once(&stage, 3).await;
    let waiting = reset(&daemon, named("a")).await.unwrap().remove(0);
    assert_eq!((waiting.was, waiting.failures), (Slate::Waiting, 3));
    assert!(waiting.wait_ms.is_some_and(|wait_ms| (3_000..=4_000).contains(&wait_ms)));
    stage.pass(Duration::ZERO).await;
    assert_eq!(stage.living_lanes(), ["a"]);
    fail(&stage, 1).await;
    stage.pass(LONG).await;
    assert_eq!(reset(&daemon, named("a")).await.unwrap()[0].was, Slate::Counted);
}

#[actix::test]
async fn a_lane_that_is_not_there_is_refused_and_no_other_is_reset() {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Supervisor);
    let daemon = stage.start();
    fail(&stage, 5).await;
    let both = Which::Named(vec!["a".to_owned(), "z".to_owned()]);
    let refused = reset(&daemon, both).await.unwrap_err();
    let known = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(refused, ResetError::Unknown { lanes: vec!["z".to_owned()], known });
    assert_eq!(daemon.supervisor.send(GetFleet).await.unwrap().gave_up, ["a"]);
}

#[actix::test]
async fn nothing_is_forgotten_before_it_is_on_disk() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let daemon = stage.start();
    fail(&stage, 5).await;
    stage.storage.fail(Operation::Sync, 0, Fault::Error(std::io::ErrorKind::Other));
    assert_eq!(reset(&daemon, named("a")).await, Err(ResetError::NotRecorded));
    assert_eq!(daemon.supervisor.send(GetFleet).await.unwrap().gave_up, ["a"]);
}

#[actix::test]
async fn a_supervisor_that_is_made_again_leaves_a_lane_given_up() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let mut daemon = stage.start();
    fail(&stage, 5).await;
    remake(&stage, &mut daemon).await;
    stage.pass(Duration::from_hours(1)).await;
    assert_eq!(stage.launcher.launched().len(), 5);
    assert_eq!(daemon.supervisor.send(GetFleet).await.unwrap().gave_up, ["a"]);
    reset(&daemon, Which::GivenUp).await.unwrap();
    remake(&stage, &mut daemon).await;
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a"], "the reset is remembered, too");
}

#[actix::test]
async fn a_supervisor_that_is_made_again_remembers_delays_and_failures() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let mut daemon = stage.start();
    fail_at_once(&stage, 4).await;
    remake(&stage, &mut daemon).await;
    stage.pass(LONG).await;
    assert!(stage.living_lanes().is_empty(), "the fourth delay is 8 s");
    stage.pass(LONG).await;
    assert_eq!(stage.living_lanes(), ["a"]);
    stage.end("a", code(1));
    stage.pass(LONG).await;
    assert_eq!(stage.ops("a").last().unwrap(), "WORKER_GAVE_UP");
}

#[actix::test]
async fn the_last_failure_counts_also_when_no_supervisor_hears_of_it() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let mut daemon = stage.start();
    fail(&stage, 4).await;
    stage.pass(Duration::from_secs(30)).await;
    let _ = daemon.supervisor.send(PanicNow).await;
    stage.end("a", code(1));
    stage.pass(Duration::ZERO).await;
    remake(&stage, &mut daemon).await;
    stage.pass(Duration::from_mins(5)).await;
    assert_eq!(stage.ops("a").last().unwrap(), "WORKER_GAVE_UP");
    assert_eq!(stage.launcher.launched().len(), 5);
}

#[test]
fn the_next_daemon_begins_with_a_clean_slate() {
    let mut stage = actix::System::new().block_on(async {
        let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
        let _daemon = stage.start();
        fail(&stage, 5).await;
        stage.fall_asleep()
    });
    actix::System::new().block_on(async {
        stage.reawake();
        let mut next = stage.start();
        stage.pass(LONG).await;
        assert_eq!(stage.living_lanes(), ["a"]);
        fail(&stage, 4).await;
        remake(&stage, &mut next).await;
        stage.pass(Duration::from_secs(30)).await;
        assert_eq!(stage.living_lanes(), ["a"], "of nine failures four count");
    });
}

#[actix::test]
async fn an_operators_stop_is_no_failure_and_no_delay() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let mut daemon = stage.start();
    for _ in 0..6 {
        stage.pass(Duration::ZERO).await;
        assert_eq!(stage.living_lanes(), ["a"]);
        let order = HaltRun { handle: "a".to_owned(), command: None, reason: "stuck".to_owned() };
        let halted = daemon.spawner.send(order).await.unwrap();
        assert!(matches!(halted, Halting::Stopped(_)), "{halted:?}");
    }
    remake(&stage, &mut daemon).await;
    stage.pass(Duration::ZERO).await;
    assert_eq!(stage.living_lanes(), ["a"], "nor for a supervisor that is made again");
    let ends = stage.rows(LANES).into_iter().filter(|row| row["op"] == "WORKER_EXITED");
    assert!(ends.into_iter().all(|row| row["excused"] == "halted"));
}
