//! Claims are judged by what the world shows.

use std::path::Path;
use std::time::Duration;

use dosd_kernel::effect_witness::EffectVerdict;

use super::stage::{Daemon, STORE, Stage, VERDICTS};
use crate::supervisor::LeaseMode;
use crate::witness::{Claim, Judged};

async fn fleet() -> (Stage, Daemon, String) {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    let daemon = stage.start();
    stage.pass(Duration::from_secs(1)).await;
    let run_id = stage.launcher.launched()[0].1.environment["CID_RUN_ID"].clone();
    (stage, daemon, run_id)
}

async fn claim(daemon: &Daemon, run_id: &str, key: &str) -> Judged {
    let claim = Claim {
        run_id: run_id.to_owned(),
        lane: "a".to_owned(),
        key: key.to_owned(),
        narrated: "done, all tests green".to_owned(),
    };
    daemon.witness.send(claim).await.unwrap().unwrap()
}

#[actix::test]
async fn what_the_world_shows_is_confirmed_and_what_it_does_not_is_refuted() {
    let (stage, daemon, run_id) = fleet().await;
    stage.storage.put(Path::new(STORE), br#"{"42": {"amount": 7}}"#);
    assert_eq!(claim(&daemon, &run_id, "42").await.report.verdict, EffectVerdict::Confirmed);
    assert_eq!(claim(&daemon, &run_id, "orders:42").await.report.verdict, EffectVerdict::Confirmed);
    assert_eq!(claim(&daemon, &run_id, "43").await.report.verdict, EffectVerdict::Refuted);
    assert_eq!(stage.verdicts("effect_witness"), ["CONFIRMED", "CONFIRMED", "REFUTED"]);
    let text = String::from_utf8(stage.storage.bytes(Path::new(VERDICTS))).unwrap();
    assert!(!text.contains("all tests green"), "the worker's words are not evidence");
}

#[actix::test]
async fn what_was_there_before_the_run_is_no_effect_of_it() {
    let stage = Stage::with_lanes(&["a"], LeaseMode::Supervisor);
    stage.storage.put(Path::new(STORE), br#"{"old": 1}"#);
    let daemon = stage.start();
    stage.pass(Duration::from_secs(1)).await;
    let run_id = stage.launcher.launched()[0].1.environment["CID_RUN_ID"].clone();
    assert_eq!(claim(&daemon, &run_id, "old").await.report.verdict, EffectVerdict::Refuted);
}

#[actix::test]
async fn a_snapshot_that_cannot_be_read_is_never_an_empty_one() {
    let (stage, daemon, run_id) = fleet().await;
    stage.storage.put(Path::new(STORE), b"{\"42\": ");
    let judged = claim(&daemon, &run_id, "42").await;
    assert_eq!(judged.report.verdict, EffectVerdict::Unwitnessed);
    assert!(judged.report.reason.contains(STORE), "{}", judged.report.reason);
}

#[actix::test]
async fn a_run_that_is_not_known_has_no_baseline() {
    let (_stage, daemon, _) = fleet().await;
    let judged = claim(&daemon, "RID-000000000000000", "42").await;
    assert_eq!(judged.report.verdict, EffectVerdict::Unwitnessed);
    assert!(judged.report.reason.contains("no baseline"), "{}", judged.report.reason);
}
