//! The configuration changes under a fleet that runs.

use super::world::{MINUTE_MS, World, settings};
use crate::port::Exit;
use crate::supervisor::{FleetSettings, LeaseMode};

const FAILED: Exit = Exit { code: Some(1), signal: None };

/// Lanes `a` and `b` alone, each with its tree.
fn two_lanes(lease: LeaseMode, max_concurrency: Option<i64>) -> FleetSettings {
    let mut settings = settings(lease, max_concurrency);
    settings.lanes.concurrent.retain(|lane| lane != "m");
    settings.lanes.exclusive.clear();
    settings.lanes.autopick.clear();
    settings.policy.target = 2;
    settings
}

/// A fleet at its target that goes on with other settings.
fn changed(
    lease: LeaseMode,
    max_concurrency: Option<i64>,
    change: impl FnOnce(&mut FleetSettings),
) -> World {
    let mut settings = two_lanes(lease, max_concurrency);
    let mut world = World::new(settings.clone());
    world.look();
    assert_eq!(world.lanes_with_processes(), ["a", "b"]);
    change(&mut settings);
    world.fleet.reconfigure(settings);
    world.look();
    world
}

fn replace_lane(settings: &mut FleetSettings, old: &str, new: &str, tree: &str) {
    settings.lanes.concurrent.retain(|lane| lane != old);
    settings.lanes.concurrent.push(new.to_owned());
    settings.lanes.trees.remove(old);
    settings.lanes.trees.insert(new.to_owned(), vec![tree.to_owned()]);
}

fn end(world: &mut World, lane: &str) {
    let run = world.processes.values().find(|run| run.lane == lane).unwrap().clone();
    world.end(&run.run_id, FAILED, 0);
    world.tell_all();
    world.pass(MINUTE_MS);
    world.look();
}

const EVERY_WAY: [(LeaseMode, Option<i64>); 4] = [
    (LeaseMode::Supervisor, None),
    (LeaseMode::Supervisor, Some(2)),
    (LeaseMode::Worker, None),
    (LeaseMode::Worker, Some(2)),
];

#[test]
fn a_lane_that_is_added_gets_a_worker() {
    for (lease, most) in EVERY_WAY {
        let world = changed(lease, most, |settings| {
            replace_lane(settings, "", "c", "c/**");
            settings.policy.target = 3;
        });
        assert_eq!(world.lanes_with_processes(), ["a", "b", "c"], "{lease:?} {most:?}");
    }
}

#[test]
fn a_lane_that_is_removed_keeps_its_worker_and_gets_no_other() {
    for (lease, most) in EVERY_WAY {
        let mut world = changed(lease, most, |settings| {
            settings.lanes.concurrent.retain(|lane| lane != "a");
            settings.policy.target = 1;
        });
        assert_eq!(world.lanes_with_processes(), ["a", "b"], "{lease:?} {most:?}");
        end(&mut world, "a");
        world.pass(60 * MINUTE_MS);
        world.look();
        assert_eq!(world.lanes_with_processes(), ["b"], "{lease:?} {most:?}");
    }
}

#[test]
fn a_lease_that_a_worker_of_a_removed_lane_left_behind_brings_no_other() {
    let mut world = changed(LeaseMode::Worker, Some(2), |settings| {
        settings.lanes.concurrent.retain(|lane| lane != "a");
    });
    let run = world.processes.values().find(|run| run.lane == "a").unwrap().clone();
    world.acquire("a", "w", Some(&run.run_id));
    end(&mut world, "a");
    world.look();
    assert!(!world.lanes_with_processes().contains(&"a"));
}

#[test]
fn a_lane_under_another_name_waits_for_the_worker_on_its_ground() {
    for lease in [LeaseMode::Supervisor, LeaseMode::Worker] {
        let mut world =
            changed(lease, None, |settings| replace_lane(settings, "a", "c", "a/deep/**"));
        assert_eq!(world.lanes_with_processes(), ["a", "b"], "{lease:?}");
        world.fleet.reconfigure({
            let mut raised = world.fleet.settings().clone();
            raised.policy.target = 3;
            raised
        });
        world.look();
        assert_eq!(world.lanes_with_processes(), ["a", "b"], "{lease:?}, with room for more");
        end(&mut world, "a");
        assert_eq!(world.lanes_with_processes(), ["b", "c"], "{lease:?}");
    }
}

#[test]
fn a_tree_that_moved_is_free_when_the_worker_on_it_has_ended() {
    let mut world = changed(LeaseMode::Supervisor, None, |settings| {
        settings.lanes.trees.insert("a".to_owned(), vec!["elsewhere/**".to_owned()]);
        replace_lane(settings, "", "c", "a/**");
        settings.policy.target = 3;
    });
    assert_eq!(world.lanes_with_processes(), ["a", "b"]);
    end(&mut world, "a");
    assert_eq!(world.lanes_with_processes(), ["a", "b", "c"]);
}

#[test]
fn a_lane_that_comes_back_is_an_ordinary_one() {
    let mut world = changed(LeaseMode::Supervisor, None, |settings| {
        settings.lanes.concurrent.retain(|lane| lane != "a");
    });
    world.fleet.reconfigure(two_lanes(LeaseMode::Supervisor, None));
    world.look();
    assert_eq!(world.lanes_with_processes(), ["a", "b"]);
    end(&mut world, "a");
    assert_eq!(world.lanes_with_processes(), ["a", "b"]);
}

#[test]
fn lanes_have_restart_rules_and_leases_of_their_own() {
    let mut world = changed(LeaseMode::Supervisor, None, |settings| {
        let once = dosd_kernel::restart::Policy { burst: 1, ..settings.restart.usual };
        settings.restart.lanes.insert("a".to_owned(), once);
        settings.lease.lanes.insert("b".to_owned(), LeaseMode::Worker);
    });
    end(&mut world, "a");
    end(&mut world, "b");
    assert_eq!(world.fleet.gave_up(), ["a"]);
    let [run] = world.processes.values().collect::<Vec<_>>()[..] else { panic!("one worker") };
    assert_eq!((run.lane.as_str(), run.leased), ("b", false));
}

#[test]
fn a_fleet_that_is_closed_stays_so() {
    let mut world = World::new(two_lanes(LeaseMode::Supervisor, None));
    world.fleet.close();
    world.fleet.reconfigure(two_lanes(LeaseMode::Supervisor, None));
    world.look();
    assert!(world.lanes_with_processes().is_empty());
}
