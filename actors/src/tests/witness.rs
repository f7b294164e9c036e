//! Claims are judged by what the world shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use dosd_kernel::effect_witness::EffectVerdict;
use dosd_kernel::population::ByLane;

use super::probe::{Gated, Notes, SlowJournal};
use super::stage::{Daemon, STORE, Stage, VERDICTS, code};
use crate::port::testing::{MemoryStorage, TestClock};
use crate::reach::Reach;
use crate::supervisor::LeaseMode;
use crate::witness::{
    Claim, Judged, Source, TakeBaseline, WitnessActor, WitnessPorts, WitnessSettings, Witnessed,
};

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
        expect: None,
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
async fn the_end_of_a_run_counts_its_claims() {
    let (stage, daemon, run_id) = fleet().await;
    stage.storage.put(Path::new(STORE), br#"{"42": {"amount": 7}}"#);
    for key in ["42", "orders:42", "43", " "] {
        claim(&daemon, &run_id, key).await;
    }
    claim(&daemon, "RID-000000000000000", "42").await;
    stage.storage.put(Path::new(STORE), b"{");
    claim(&daemon, &run_id, "44").await;
    stage.end("a", code(0));
    stage.pass(Duration::from_secs(30)).await;
    stage.end("a", code(0));
    stage.pass(Duration::from_millis(500)).await;
    let rows = stage.rows(VERDICTS);
    let ends: Vec<_> = rows.iter().filter(|row| row["verdict"] == "EXITED").collect();
    let counts = ["confirmed", "refuted", "unwitnessed"].map(|key| &ends[0]["detail"][key]);
    assert_eq!(counts, [2, 1, 1]);
    assert!(ends[1]["detail"]["confirmed"].is_null(), "no claims, no counts");
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

#[actix::test]
async fn a_claim_is_filed_under_the_lane_of_its_run_whatever_it_says() {
    let (stage, daemon, run_id) = fleet().await;
    let lie = Claim {
        run_id,
        lane: "b".to_owned(),
        key: "42".to_owned(),
        narrated: String::new(),
        expect: None,
    };
    daemon.witness.send(lie).await.unwrap().unwrap();
    let rows = stage.rows(VERDICTS);
    let claimed = rows.iter().find(|row| row["syscall"] == "effect_witness").unwrap();
    assert_eq!(claimed["lane"], "a");
}

#[actix::test]
async fn a_claim_after_the_end_of_its_run_has_no_baseline() {
    let (stage, daemon, run_id) = fleet().await;
    stage.storage.put(Path::new(STORE), br#"{"42": 1}"#);
    stage.end("a", code(0));
    stage.pass(Duration::from_millis(500)).await;
    let judged = claim(&daemon, &run_id, "42").await;
    assert_eq!(judged.report.verdict, EffectVerdict::Unwitnessed);
    assert!(judged.report.reason.contains("is over"), "{}", judged.report.reason);
}

#[actix::test]
async fn a_key_that_is_blank_after_its_surface_claims_nothing() {
    let (_stage, daemon, run_id) = fleet().await;
    for key in ["", "  ", "orders:", "orders:  "] {
        let judged = claim(&daemon, &run_id, key).await;
        assert_eq!(judged.report.verdict, EffectVerdict::NoClaim, "`{key}`");
    }
}

#[actix::test]
async fn colons_in_an_entity_key_are_its_own() {
    let (stage, daemon, run_id) = fleet().await;
    stage.storage.put(Path::new(STORE), br#"{"urn:isbn:42": 1, "4:2": 1}"#);
    for key in ["urn:isbn:42", "orders:urn:isbn:42", "orders:4:2", " orders: 4:2 "] {
        let judged = claim(&daemon, &run_id, key).await;
        assert_eq!(judged.report.verdict, EffectVerdict::Confirmed, "`{key}`");
    }
}

#[actix::test]
async fn the_same_claim_twice_gets_the_same_verdict_in_rows_of_their_own() {
    let (stage, daemon, run_id) = fleet().await;
    stage.storage.put(Path::new(STORE), br#"{"42": 1}"#);
    let first = claim(&daemon, &run_id, "42").await;
    let second = claim(&daemon, &run_id, "42").await;
    assert_eq!(first.report, second.report);
    assert_eq!(second.seq, first.seq + 1);
}

/// A witness over surfaces in memory, with one run, `RID-1`, whose baseline is taken.
async fn witness(surfaces: &[&Gated]) -> Addr<WitnessActor> {
    let journal = SlowJournal { name: "verdict", takes: Duration::ZERO, notes: Notes::default() };
    let ports = WitnessPorts {
        clock: Arc::new(TestClock::at(0)),
        storage: Arc::new(MemoryStorage::default()),
        verdicts: Reach::to("verdict", journal.start().recipient()),
    };
    let surfaces = surfaces.iter().map(|it| Source::State(Arc::new((*it).clone())));
    let settings = WitnessSettings {
        surfaces: surfaces.map(Witnessed::plain).collect(),
        lanes: ByLane::default(),
        runs: PathBuf::from("/w/runs"),
        scratch: PathBuf::from("/w/scratch"),
    };
    let witness = WitnessActor::new(settings, ports, None).start();
    take_baseline(&witness, "RID-1").await;
    witness
}

async fn take_baseline(witness: &Addr<WitnessActor>, run_id: &str) {
    let take = TakeBaseline { run_id: run_id.to_owned(), root_id: None, lane: "a".to_owned() };
    witness.send(take).await.unwrap();
}

async fn verdict(witness: &Addr<WitnessActor>, run_id: &str, key: &str) -> EffectVerdict {
    let claim = Claim {
        run_id: run_id.to_owned(),
        lane: "a".to_owned(),
        key: key.to_owned(),
        narrated: String::new(),
        expect: None,
    };
    witness.send(claim).await.unwrap().unwrap().report.verdict
}

#[actix::test]
async fn a_bare_key_is_not_refuted_by_the_surfaces_that_do_not_hold_it() {
    let (orders, users) = (Gated::named("orders"), Gated::named("users"));
    let witness = witness(&[&orders, &users]).await;
    orders.put("42");
    assert_eq!(verdict(&witness, "RID-1", "42").await, EffectVerdict::Confirmed);
    assert_eq!(verdict(&witness, "RID-1", "users:42").await, EffectVerdict::Refuted);
    assert_eq!(verdict(&witness, "RID-1", "43").await, EffectVerdict::Refuted);
    users.break_down();
    assert_eq!(verdict(&witness, "RID-1", "43").await, EffectVerdict::Unwitnessed);
    assert_eq!(verdict(&witness, "RID-1", "42").await, EffectVerdict::Confirmed);
}

#[actix::test]
async fn a_claim_that_comes_while_its_baseline_is_taken_is_not_confirmed() {
    let orders = Gated::named("orders");
    let witness = witness(&[&orders]).await;
    let held = orders.hold();
    let taking = take_baseline(&witness, "RID-2");
    let claiming = async {
        orders.wait_for_reader().await;
        orders.put("42");
        let claiming = verdict(&witness, "RID-2", "42");
        drop(held);
        claiming.await
    };
    let ((), early) = futures_util::future::join(taking, claiming).await;
    assert_eq!(early, EffectVerdict::Unwitnessed);
}

#[actix::test]
async fn runs_that_start_together_share_a_read_that_began_after_they_asked() {
    let orders = Gated::named("orders");
    let witness = witness(&[&orders]).await;
    let before = orders.reads();
    let held = orders.hold();
    let first = take_baseline(&witness, "RID-2");
    let others = async {
        orders.wait_for_reader().await;
        let others = (0..100).map(|at| {
            witness.send(TakeBaseline {
                run_id: format!("RID-many-{at}"),
                root_id: None,
                lane: "a".to_owned(),
            })
        });
        let others = futures_util::future::join_all(others);
        drop(held);
        others.await
    };
    futures_util::future::join(first, others).await;
    // Two, or three when the first ends before the last has asked.
    let reads = orders.reads() - before;
    assert!((2..=3).contains(&reads), "{reads} reads");
}
