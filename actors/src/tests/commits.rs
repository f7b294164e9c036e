//! What a worker commits is progress, as far as it touches the worker's lane.

use std::path::Path;
use std::time::Duration;

use dosd_kernel::population::Item;

use super::stage::{Daemon, LANES, Stage};
use crate::supervisor::{GetFleet, LeaseMode};

const MINUTE: Duration = Duration::from_mins(1);
/// By then a run with nothing to show is spinning, and that was looked up and planned on.
const GRACE: Duration = Duration::from_mins(31);

/// Lanes `a` and `b`, each with a worker that beats and does nothing else.
fn stage() -> Stage {
    let stage = Stage::with_lanes(&["a", "b"], LeaseMode::Supervisor);
    stage.repository.commit(&["a/old", "b/old"]);
    stage
}

/// The lanes that the last plan flags.
async fn flagged(daemon: &Daemon) -> Vec<String> {
    let plan = daemon.supervisor.send(GetFleet).await.unwrap().plan.unwrap();
    plan.flag.into_iter().map(|Item { lane, .. }| lane).collect()
}

#[actix::test]
async fn a_start_names_the_commit_that_the_workspace_stood_on() {
    let stage = stage();
    let _daemon = stage.start();
    stage.pass(MINUTE).await;
    let rows = stage.rows(LANES);
    let started: Vec<_> = rows.iter().filter(|row| row["op"] == "WORKER_STARTED").collect();
    assert_eq!(started.len(), 2);
    assert!(started.iter().all(|row| row["start_sha"] == "c1"), "{started:?}");
}

#[actix::test]
async fn a_worker_that_commits_on_its_lane_advances_and_one_that_does_not_spins() {
    let stage = stage();
    let daemon = stage.start();
    stage.pass(MINUTE).await;
    stage.repository.commit(&["a/new", "README"]);
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, ["b"]);
    // One range for both; who was seen to have committed is not asked about again.
    assert_eq!(stage.repository.ranges_asked(), [("c1".into(), "c2".into())]);
    stage.repository.commit(&["b/new"]);
    stage.pass(MINUTE).await;
    assert_eq!(flagged(&daemon).await, [""; 0]);
    assert_eq!(stage.repository.ranges_asked()[1..], [("c2".into(), "c3".into())]);
    let heads = stage.repository.heads_asked();
    stage.pass(MINUTE * 30).await;
    assert_eq!(stage.repository.heads_asked(), heads, "nobody is suspected any more");
}

#[actix::test]
async fn a_fleet_in_its_grace_asks_nothing() {
    let stage = stage();
    let _daemon = stage.start();
    stage.pass(MINUTE).await;
    let heads = stage.repository.heads_asked();
    stage.pass(MINUTE * 20).await;
    assert_eq!((stage.repository.heads_asked(), heads), (2, 2), "at the starts and never again");
}

#[actix::test]
async fn however_often_is_looked_a_spinner_costs_a_question_now_and_then() {
    let stage = stage();
    let daemon = stage.start();
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, ["a", "b"]);
    let heads = stage.repository.heads_asked();
    // Rows of others make looks; none of them asks before its time.
    for seq in 0..300 {
        let row = format!(r#"{{"op":"ATTEMPT","seq":{seq},"lane":"z","loop_ts":"z"}}"#);
        stage.storage.append_foreign(Path::new(LANES), format!("{row}\n").as_bytes());
        stage.pass(Duration::from_secs(2)).await;
    }
    let more = stage.repository.heads_asked() - heads;
    assert!((20..=40).contains(&more), "{more} questions in ten minutes of 30 s ticks");
    assert!(stage.repository.ranges_asked().is_empty(), "it still stands where it stood");
}

#[actix::test]
async fn a_lane_is_not_called_spinning_before_its_commits_are_known() {
    let mut stage = stage();
    stage.settings.policy.count_spinning_as_alive = false;
    let daemon = stage.start();
    stage.pass(MINUTE).await;
    stage.repository.commit(&["a/new"]);
    stage.repository.commit(&["b/new"]);
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, [""; 0]);
    let told = stage.verdicts("supervise");
    assert_eq!(told.last().map(String::as_str), Some("AT_TARGET"), "{told:?}");
    assert_eq!(told.iter().filter(|verdict| *verdict == "FILLING").count(), 1, "{told:?}");
}

#[actix::test]
async fn a_history_that_was_written_anew_counts_from_there() {
    let stage = stage();
    let daemon = stage.start();
    stage.pass(MINUTE).await;
    stage.repository.commit(&["a/new"]);
    stage.repository.rewrite();
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, ["a", "b"], "what came before is not known");
    stage.repository.commit(&["b/new"]);
    stage.pass(MINUTE).await;
    assert_eq!(flagged(&daemon).await, ["a"]);
}

#[actix::test]
async fn a_look_at_what_was_written_anew_goes_back_to_the_start() {
    let stage = stage();
    let daemon = stage.start();
    stage.pass(MINUTE).await;
    stage.repository.commit(&["README"]);
    stage.pass(GRACE).await;
    stage.repository.amend(&["README", "a/new"]);
    stage.pass(MINUTE).await;
    assert_eq!(flagged(&daemon).await, ["b"]);
}

#[actix::test]
async fn a_history_that_cannot_be_read_proves_nothing_until_it_can() {
    let stage = stage();
    let daemon = stage.start();
    stage.pass(MINUTE).await;
    stage.repository.commit(&["a/new"]);
    stage.repository.fail(Some("the disk is away"));
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, ["a", "b"]);
    stage.repository.fail(None);
    stage.pass(MINUTE).await;
    assert_eq!(flagged(&daemon).await, ["b"]);
}

#[actix::test]
async fn a_supervisor_that_is_made_again_knows_where_its_runs_started() {
    let stage = stage();
    let mut daemon = stage.start();
    stage.pass(MINUTE).await;
    stage.repository.commit(&["b/new"]);
    stage.remake_supervisor(&mut daemon);
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, ["a"]);
}

#[actix::test]
async fn a_run_whose_start_is_not_known_gets_credit_from_the_first_look_on() {
    let stage = stage();
    stage.repository.fail(Some("the disk is away"));
    let daemon = stage.start();
    stage.pass(MINUTE).await;
    stage.repository.fail(None);
    stage.repository.commit(&["a/early"]);
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, ["a", "b"]);
    stage.repository.commit(&["b/late"]);
    stage.pass(MINUTE).await;
    assert_eq!(flagged(&daemon).await, ["a"]);
}

#[actix::test]
async fn a_worker_does_not_wait_long_for_a_history_that_is_silent() {
    let stage = stage();
    stage.repository.hang();
    let _daemon = stage.start();
    stage.pass(Duration::from_secs(10)).await;
    assert_eq!(stage.living_lanes(), ["a", "b"]);
    let rows = stage.rows(LANES);
    let started: Vec<_> = rows.iter().filter(|row| row["op"] == "WORKER_STARTED").collect();
    assert_eq!(started.len(), 2);
    assert!(started.iter().all(|row| row.get("start_sha").is_none()), "{started:?}");
}

#[actix::test]
async fn without_a_repository_a_worker_spins_as_before() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let daemon = stage.start();
    stage.pass(GRACE).await;
    assert_eq!(flagged(&daemon).await, ["a"]);
}
