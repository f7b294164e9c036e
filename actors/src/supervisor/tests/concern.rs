//! Why a worker is reaped or flagged is told once.

use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{Acquire, Heartbeat, LaneRow};
use serde_json::Value;

use super::world::{MINUTE_MS, World, field, settings};
use crate::port::Exit;
use crate::spawn::Run;
use crate::supervisor::LeaseMode;
use crate::supervisor::commits::Read;

/// A look whose verdicts reach the disk. Gives those about workers.
fn told(world: &mut World) -> Vec<Draft> {
    let decision = world.look();
    world.fleet.told();
    decision.concerns
}

fn detail<'a>(row: &'a Draft, key: &str) -> &'a Value {
    &row.fields()["detail"][key]
}

/// A fleet whose worker on `a` has taken its lane.
fn fleet() -> (World, Run) {
    let mut world = World::new(settings(LeaseMode::Worker, None));
    world.look();
    world.fleet.told();
    let run = world.processes.values().find(|run| run.lane == "a").unwrap().clone();
    world.acquire("a", &run.loop_ts, Some(&run.run_id));
    (world, run)
}

fn beat(world: &mut World, run: &Run) {
    world.write(&LaneRow::Heartbeat(Heartbeat {
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        ..Heartbeat::default()
    }));
}

#[test]
fn a_worker_with_nothing_to_show_is_told_once_until_it_has() {
    let (mut world, run) = fleet();
    assert!(told(&mut world).is_empty());
    world.pass(60 * MINUTE_MS);
    // Its commits are looked for first.
    let suspects = world.decide().suspects;
    let now = world.now;
    let questions = world.fleet.ask_commits(suspects, now).unwrap();
    let answers = questions.into_iter().map(|asked| (asked.suspect.run_id, Read::default()));
    world.fleet.learn_commits(answers.collect());

    let rows = told(&mut world);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((field(&rows[0], "syscall"), field(&rows[0], "verdict")), ("liveness", "SPINNING"));
    assert_eq!((field(&rows[0], "lane"), field(&rows[0], "run_id")), ("a", &*run.run_id));
    assert_eq!(detail(&rows[0], "root_id"), run.root_id().unwrap());
    assert_eq!(detail(&rows[0], "age_ms"), 60 * MINUTE_MS);
    assert_eq!(detail(&rows[0], "beat_age_ms"), 60 * MINUTE_MS);
    assert_eq!(detail(&rows[0], "process_alive"), true);
    assert_eq!(detail(&rows[0], "commits"), 0);
    world.pass(MINUTE_MS);
    assert!(told(&mut world).is_empty(), "it was told");

    beat(&mut world, &run);
    world.write(&LaneRow::Acquire(Acquire {
        lane: "a".to_owned(),
        loop_ts: "next".to_owned(),
        run_id: Some(run.run_id.clone()),
        ..Acquire::default()
    }));
    assert!(told(&mut world).is_empty(), "it has begun anew");
    world.pass(60 * MINUTE_MS);
    assert_eq!(told(&mut world).len(), 1);
}

#[test]
fn what_did_not_reach_the_disk_is_told_again() {
    let (mut world, run) = fleet();
    world.end(&run.run_id, Exit { code: Some(1), signal: None }, 0);
    world.tell_all();
    // The rows of this decision are not written either.
    let lost = world.decide();
    assert_eq!(lost.concerns.len(), 1);
    let rows = told(&mut world);
    assert_eq!(field(&rows[0], "verdict"), "STALLED");
    assert_eq!(field(&rows[0], "run_id"), run.run_id);
    assert_eq!(detail(&rows[0], "root_id"), run.root_id().unwrap());
    assert_eq!(detail(&rows[0], "process_alive"), false);
    assert!(told(&mut world).is_empty());
}

#[test]
fn a_stranger_is_told_as_far_as_the_journal_goes() {
    let mut world = World::new(settings(LeaseMode::Supervisor, None));
    world.acquire("a", "foreign", Some("RID-x"));
    told(&mut world);
    world.pass(60 * MINUTE_MS);
    let rows = told(&mut world);
    let row = rows.iter().find(|row| field(row, "lane") == "a").unwrap();
    assert_eq!((field(row, "verdict"), field(row, "run_id")), ("STALLED", "RID-x"));
    assert!(detail(row, "root_id").is_null() && detail(row, "process_alive").is_null());
    assert!(told(&mut world).is_empty());
}

#[test]
fn a_fleet_that_is_being_stopped_has_no_news() {
    let (mut world, run) = fleet();
    world.fleet.close();
    world.end(&run.run_id, Exit::default(), 0);
    world.tell_all();
    let decision = world.look();
    assert_eq!(decision.rows.len(), 1, "its lease is taken back");
    assert!(decision.concerns.is_empty());
}
