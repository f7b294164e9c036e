//! What broke once, or nearly did, each under the name of the damage.

use dosd_kernel::lane::LaneRow;
use dosd_kernel::population::Outcome;

use super::world::{MINUTE_MS, World, field, settings};
use crate::port::Exit;
use crate::spawn::Run;
use crate::supervisor::{Decision, Hold, LeaseMode};

const FAILED: Exit = Exit { code: Some(1), signal: None };
const DONE: Exit = Exit { code: Some(0), signal: None };

fn workers(capped: Option<i64>) -> World {
    World::new(settings(LeaseMode::Worker, capped))
}

fn programs() -> World {
    World::new(settings(LeaseMode::Supervisor, None))
}

fn run_on(world: &World, lane: &str) -> Run {
    world.processes.values().find(|run| run.lane == lane).unwrap().clone()
}

fn ops<'a>(decision: &'a Decision, op: &str) -> Vec<&'a str> {
    let rows = decision.beats.iter().chain(&decision.rows).filter(|row| field(row, "op") == op);
    rows.map(|row| field(row, "lane")).collect()
}

/// Ends the worker of a lane, tells, and waits out the delay.
fn replace(world: &mut World, lane: &str, exit: Exit) {
    let run = run_on(world, lane);
    world.end(&run.run_id, exit, 0);
    world.tell_all();
    world.pass(MINUTE_MS);
    world.look();
}

#[test]
fn the_late_release_of_a_run_does_not_free_the_lane_of_the_next_one() {
    let mut world = programs();
    world.look();
    let old = run_on(&world, "a");
    world.end(&old.run_id, DONE, 0);
    world.tell_all();
    // Monotonic time goes on, the wall shows the same moment again.
    let then_ms = world.now.wall_ms;
    world.pass(2000);
    world.now.wall_ms = then_ms;
    world.look();
    let new = run_on(&world, "a");
    world.write(&LaneRow::Release(dosd_kernel::lane::Release {
        lane: old.lane,
        loop_ts: old.loop_ts,
        ..dosd_kernel::lane::Release::default()
    }));
    assert!(world.fold.leases().any(|lease| lease.run_id() == new.run_id));
}

#[test]
fn workers_without_leases_on_a_repeatable_lane_are_not_doubled_through_the_free_handle() {
    let mut world = workers(Some(4));
    for lane in ["a", "b", "x"] {
        world.acquire(lane, "foreign", None);
    }
    world.scavenge("x", "foreign");
    world.look();
    world.look();
    assert_eq!(world.lanes_with_processes(), ["m"], "two are there, three are wanted");
}

#[test]
fn many_workers_on_a_repeatable_lane_are_as_many_as_wanted() {
    let mut world = workers(Some(9));
    let mut settings = world.fleet.settings().clone();
    settings.policy.target = 7;
    world.fleet = crate::supervisor::Fleet::new(settings);
    for _ in 0..5 {
        world.look();
    }
    assert_eq!(world.lanes_with_processes(), ["a", "b", "m", "m", "m", "m", "m"]);
    assert_eq!(world.look().plan.alive, 7);
}

#[test]
fn a_worker_that_took_a_lane_outside_the_roster_is_not_doubled() {
    let mut world = workers(None);
    world.look();
    let run = run_on(&world, "m");
    world.acquire("elsewhere", "w", Some(&run.run_id));
    for _ in 0..5 {
        world.pass(5 * MINUTE_MS);
        world.look();
    }
    assert_eq!(world.lanes_with_processes(), ["a", "b", "m"]);
}

#[test]
fn a_silent_worker_keeps_the_lease_that_it_took_on_another_lane() {
    let mut world = workers(Some(5));
    world.look();
    let run = run_on(&world, "m");
    world.acquire("elsewhere", "w", Some(&run.run_id));
    world.pass(60 * MINUTE_MS);
    assert!(ops(&world.look(), "SCAVENGE").is_empty());
    world.end(&run.run_id, DONE, 0);
    world.tell_all();
    assert_eq!(ops(&world.look(), "SCAVENGE"), ["elsewhere"], "and loses it with its life");
}

#[test]
fn a_worker_that_names_its_lease_by_stamp_alone_is_not_doubled_when_it_is_silent() {
    let mut world = workers(None);
    world.look();
    let run = run_on(&world, "a");
    world.acquire("a", &run.loop_ts, None);
    world.pass(60 * MINUTE_MS);
    assert!(ops(&world.look(), "SCAVENGE").is_empty());
    world.end(&run.run_id, DONE, 0);
    world.tell_all();
    assert_eq!(ops(&world.look(), "SCAVENGE"), ["a"]);
}

#[test]
fn a_lane_whose_lease_is_a_strangers_gets_no_second_worker_beside_ours() {
    let mut world = workers(None);
    world.look();
    world.acquire("a", "foreign", None);
    world.pass(60 * MINUTE_MS);
    world.look();
    assert_eq!(world.lanes_with_processes(), ["a", "b", "m"]);
}

#[test]
fn a_lease_that_still_beats_beside_a_stalled_one_keeps_the_lane() {
    let mut world = programs();
    world.acquire("a", "old", None);
    world.pass(1000);
    world.acquire("a", "new", None);
    world.pass(60 * MINUTE_MS);
    let old = world.fold.leases().find(|lease| lease.loop_ts() == "old").unwrap().clone();
    world.write(&LaneRow::heartbeat(&old));
    let decision = world.look();
    let scavenged: Vec<_> =
        decision.rows.iter().filter(|row| field(row, "op") == "SCAVENGE").collect();
    assert_eq!(scavenged.len(), 1);
    assert_eq!(field(scavenged[0], "loop_ts"), "new");
    assert_eq!(decision.again_ms, Some(0), "the lane is judged again without its dead lease");
    world.look();
    assert!(!world.lanes_with_processes().contains(&"a"));
}

#[test]
fn a_lane_that_gave_up_still_holds_its_region_for_a_stranger() {
    let mut world = programs();
    world.look();
    for _ in 0..5 {
        if world.lanes_with_processes().contains(&"a") {
            replace(&mut world, "a", FAILED);
        }
    }
    assert_eq!(world.fleet.gave_up(), ["a"]);
    assert_eq!(world.look().plan.verdict, Outcome::TargetUnreachable);
    world.acquire("a", "foreign", None);
    let decision = world.look();
    assert_eq!((decision.plan.alive, decision.plan.verdict), (3, Outcome::AtTarget));
    world.pass(60 * MINUTE_MS);
    assert_eq!(ops(&world.look(), "SCAVENGE"), ["a"], "it is left free");
    world.look();
    assert_eq!(world.lanes_with_processes(), ["b", "m"]);
}

#[test]
fn the_dead_workers_lease_of_a_lane_that_gave_up_is_taken_back() {
    let mut world = workers(None);
    world.look();
    for _ in 0..5 {
        let run = run_on(&world, "a");
        world.acquire("a", &run.loop_ts, Some(&run.run_id));
        world.end(&run.run_id, FAILED, 0);
        world.tell_all();
        world.look();
        world.pass(2 * MINUTE_MS - 1);
        world.look();
    }
    assert_eq!(world.fleet.gave_up(), ["a"]);
    assert!(world.fold.leases().all(|lease| lease.lane() != "a"));
}

#[test]
fn rows_that_arrived_without_an_answer_leave_no_lane_without_worker() {
    let mut world = programs();
    let decision = world.decide();
    world.lose(&decision, true);
    assert_eq!(world.fold.leases().count(), 3);
    world.reconcile();
    world.tell_all();
    world.look();
    assert_eq!(world.lanes_with_processes(), ["a", "b", "m"]);
    assert_eq!(world.fold.open_runs().count(), 3);
}

#[test]
fn a_verdict_that_did_not_reach_the_disk_is_told_again() {
    let mut world = programs();
    assert!(world.look().verdict.is_some());
    assert!(world.look().verdict.is_some(), "nothing said that it is on disk");
    world.fleet.told();
    assert!(world.look().verdict.is_none());
}

#[test]
fn an_adopted_run_beats_at_once() {
    let mut world = programs();
    world.look();
    world.pass(14 * MINUTE_MS);
    world.remake();
    assert_eq!(ops(&world.look(), "HEARTBEAT"), ["a", "b", "m"]);
    assert!(world.look().rows.is_empty());
}

#[test]
fn beats_do_not_wait_for_a_tick_that_is_longer_than_a_lease_lives() {
    let mut world = programs();
    let mut settings = world.fleet.settings().clone();
    settings.tick = std::time::Duration::from_hours(2);
    world.fleet = crate::supervisor::Fleet::new(settings);
    world.look();
    let again_ms = world.look().again_ms.unwrap();
    assert_eq!(again_ms, 5 * MINUTE_MS);
    world.pass(again_ms);
    assert_eq!(ops(&world.look(), "HEARTBEAT").len(), 3);
}

#[test]
fn a_lease_that_was_taken_back_while_no_daemon_ran_is_taken_again() {
    let mut world = programs();
    world.look();
    let run = run_on(&world, "a");
    world.scavenge("a", &run.loop_ts);
    world.remake();
    assert_eq!(ops(&world.look(), "ACQUIRE"), ["a"]);
    assert!(world.fold.leases().any(|lease| lease.run_id() == run.run_id));
    assert!(world.look().rows.is_empty());
}

#[test]
fn a_lease_that_was_taken_over_while_no_daemon_ran_is_left_to_its_new_holder() {
    let mut world = programs();
    world.look();
    let run = run_on(&world, "a");
    world.scavenge("a", &run.loop_ts);
    world.acquire("a", "foreign", None);
    world.fleet = crate::supervisor::Fleet::new(world.fleet.settings().clone());
    world.fleet.adopt(run, Hold::Lost);
    let decision = world.look();
    assert!(ops(&decision, "ACQUIRE").iter().all(|lane| *lane != "a"));
    assert!(ops(&decision, "HEARTBEAT").is_empty());
}

#[test]
fn the_end_of_a_run_of_an_earlier_supervisor_frees_its_lease_at_once() {
    let mut world = workers(None);
    world.look();
    let run = run_on(&world, "a");
    world.acquire("a", "w", Some(&run.run_id));
    world.processes.remove(&run.run_id);
    world.remake();
    world.tell_all();
    let decision = world.look();
    assert_eq!(ops(&decision, "SCAVENGE"), ["a"]);
    assert_eq!(ops(&decision, "SPAWN"), ["a"]);
}

#[test]
fn an_id_that_is_drawn_twice_is_drawn_again() {
    let world = programs();
    let mut fold = dosd_kernel::lane::LaneFold::default();
    let observation = fold.observe(world.now.wall_ms);
    let mut drawn = 0;
    let draw = || {
        drawn += 1;
        drawn / 4
    };
    let decision = world.fleet.decide(&observation, world.now, draw).unwrap();
    let ids: std::collections::BTreeSet<_> =
        decision.launches.iter().map(|run| (&run.run_id, &run.loop_ts)).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_plain_program_is_never_started_for_the_handle_of_an_undeclared_lane() {
    let mut world = World::new(settings(LeaseMode::Supervisor, Some(9)));
    let mut settings = world.fleet.settings().clone();
    settings.policy.target = 9;
    world.fleet = crate::supervisor::Fleet::new(settings);
    for _ in 0..3 {
        world.look();
    }
    assert_eq!(world.lanes_with_processes(), ["a", "b", "m"]);
}

#[test]
fn a_worker_that_is_stopped_with_the_daemon_has_not_failed() {
    let mut world = programs();
    world.look();
    world.fleet.close();
    let killed = Exit { code: None, signal: Some(15) };
    for _ in 0..5 {
        let run = run_on(&world, "a");
        let ops_before = world.rows.len();
        world.end(&run.run_id, killed, 0);
        world.tell_all();
        assert_eq!(world.rows.len() - ops_before, 2, "its exit and its release, no more");
        world.processes.insert(run.run_id.clone(), run.clone());
        world.fleet.adopt(run, Hold::Kept);
    }
    assert!(world.fleet.gave_up().is_empty());
}
