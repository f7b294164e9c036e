//! Seeded orders of whatever can happen, thousands of them.

use dosd_kernel::lane::LaneRow;
use proptest::prelude::*;
use proptest::sample::Index;

use super::invariants::{self, Check};
use super::world::{MINUTE_MS, World, settings};
use crate::port::Exit;
use crate::supervisor::{LeaseMode, Which};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A look, the memory of the supervisor included.
    Look,
    /// Looks until there is nothing to do.
    Rest,
    /// A look whose rows did or did not reach the disk; the supervisor cannot tell.
    LookInVain(bool),
    Started(Index),
    End(Index, Ending, i64),
    /// The supervisor hears of the oldest end that it was not told of.
    Tell,
    /// It hears again of an end of long ago.
    TellAgain(Index),
    Remake,
    /// An operator stops a worker.
    Halt(Index),
    /// An operator resets a lane.
    Reset(Index),
    Pass(i64),
    /// The wall clock alone.
    Jump(i64),
    ForeignAcquire(Index, bool),
    ForeignRelease(Index),
    /// Somebody takes a lease back, whoever holds it.
    Scavenge(Index),
    Beat(Index),
    /// A worker takes a lane: which, where, and whether it says its run id.
    WorkerAcquire(Index, Index, bool),
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    Success,
    Failure,
    Signal,
}

const LANES: [&str; 5] = ["a", "b", "m", "x", "zz"];

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    let ending = prop_oneof![Just(Ending::Success), Just(Ending::Failure), Just(Ending::Signal)];
    let ran_ms = prop_oneof![Just(0_i64), Just(500), Just(30 * MINUTE_MS)];
    let time_ms = prop_oneof![Just(1_i64), 2..2_000_i64, Just(20 * MINUTE_MS), 0..MINUTE_MS];
    let jump_ms = prop_oneof![Just(-60 * MINUTE_MS), Just(24 * 60 * MINUTE_MS), -999..999_i64];
    prop_oneof![
        6 => Just(Step::Look),
        2 => Just(Step::Rest),
        1 => any::<bool>().prop_map(Step::LookInVain),
        2 => index().prop_map(Step::Started),
        5 => (index(), ending, ran_ms).prop_map(|(at, how, ms)| Step::End(at, how, ms)),
        5 => Just(Step::Tell),
        1 => index().prop_map(Step::TellAgain),
        1 => Just(Step::Remake),
        1 => index().prop_map(Step::Halt),
        1 => index().prop_map(Step::Reset),
        5 => time_ms.prop_map(Step::Pass),
        1 => jump_ms.prop_map(Step::Jump),
        2 => (index(), any::<bool>()).prop_map(|(at, is_dead)| Step::ForeignAcquire(at, is_dead)),
        1 => index().prop_map(Step::ForeignRelease),
        1 => index().prop_map(Step::Scavenge),
        1 => index().prop_map(Step::Beat),
        3 => (index(), index(), any::<bool>())
            .prop_map(|(run, lane, named)| Step::WorkerAcquire(run, lane, named)),
    ]
}

fn take(world: &mut World, at: usize, step: &Step) -> Check {
    let run_at = |world: &World, index: &Index| {
        let runs: Vec<_> = world.processes.values().cloned().collect();
        (!runs.is_empty()).then(|| index.get(&runs).clone())
    };
    let lease_at = |world: &World, index: &Index| {
        let leases: Vec<_> = world.fold.leases().cloned().collect();
        (!leases.is_empty()).then(|| index.get(&leases).clone())
    };
    let looks = matches!(step, Step::Look | Step::Rest | Step::LookInVain(_));
    if looks && !world.reconciled {
        world.reconcile();
    }
    match step {
        Step::Look => {
            let decision = world.decide();
            invariants::of_decision(world, &decision)?;
            world.carry_out(&decision);
        }
        Step::Rest => invariants::comes_to_rest(world)?,
        Step::LookInVain(rows_arrive) => {
            let decision = world.decide();
            invariants::of_decision(world, &decision)?;
            world.lose(&decision, *rows_arrive);
        }
        Step::Started(index) => {
            if let Some(run) = run_at(world, index) {
                world.started(&run);
            }
        }
        Step::End(index, how, ran_ms) => {
            let (code, signal) = match how {
                Ending::Success => (Some(0), None),
                Ending::Failure => (Some(1), None),
                Ending::Signal => (None, Some(9)),
            };
            if let Some(run) = run_at(world, index) {
                world.end(&run.run_id, Exit { code, signal }, *ran_ms);
            }
        }
        Step::Tell => {
            if let Some(end) = world.untold.pop_front() {
                world.tell(&end);
            }
        }
        Step::TellAgain(index) => {
            if !world.ends.is_empty() && world.untold.is_empty() {
                let end = index.get(&world.ends).clone();
                world.tell(&end);
            }
        }
        Step::Remake => world.remake(),
        Step::Pass(ms) => world.pass(*ms),
        Step::Halt(index) => {
            if let Some(run) = run_at(world, index) {
                world.halt(&run.run_id);
            }
        }
        Step::Reset(lane) => reset(world, lane_at(*lane))?,
        Step::Jump(ms) => world.now.wall_ms += ms,
        Step::ForeignAcquire(lane, beats) => {
            let lane = lane_at(*lane);
            world.acquire(lane, &format!("foreign-{at}"), beats.then_some("RID-foreign"));
        }
        Step::ForeignRelease(index) => {
            if let Some(lease) = lease_at(world, index)
                && lease.loop_ts().starts_with("foreign")
            {
                world.scavenge(lease.lane(), lease.loop_ts());
            }
        }
        Step::Scavenge(index) => {
            if let Some(lease) = lease_at(world, index) {
                world.scavenge(lease.lane(), lease.loop_ts());
            }
        }
        Step::Beat(index) => {
            if let Some(lease) = lease_at(world, index) {
                world.write(&LaneRow::heartbeat(&lease));
            }
        }
        Step::WorkerAcquire(index, lane, named) => {
            let worker = run_at(world, index).filter(|run| !run.leased);
            if let Some(run) = worker {
                let lane = match lane_at(*lane) {
                    "b" | "x" => run.lane.clone(),
                    other => other.to_owned(),
                };
                let bears = |id: &str, stamp: &str| id == run.run_id || stamp == run.loop_ts;
                let held = world.fold.leases().any(|lease| bears(lease.run_id(), lease.loop_ts()));
                if !held {
                    world.acquire(&lane, &run.loop_ts, named.then_some(run.run_id.as_str()));
                }
            }
        }
    }
    invariants::the_restart_rule_was_kept(world)
}

fn reset(world: &mut World, lane: &str) -> Check {
    // One that is not in the roster is refused.
    if lane == "zz" {
        return Ok(());
    }
    world.reset(&Which::Named(vec![lane.to_owned()]));
    invariants::has_a_clean_slate(world, lane)
}

fn lane_at(index: Index) -> &'static str {
    LANES[index.index(LANES.len())]
}

/// Strangers leave, the exclusive lane is free, all news arrives.
fn make_peace(world: &mut World) {
    let foreign: Vec<_> = world.fold.leases().cloned().collect();
    for lease in foreign.iter().filter(|lease| lease.loop_ts().starts_with("foreign")) {
        world.scavenge(lease.lane(), lease.loop_ts());
    }
    // So does one on an undeclared lane, whose region nobody knows.
    let runs_alone = |lane: &str| lane == "x" || lane == "zz";
    let alone: Vec<_> =
        world.processes.values().filter(|run| runs_alone(&run.lane)).cloned().collect();
    for run in alone {
        world.end(&run.run_id, Exit { code: Some(0), signal: None }, 60 * MINUTE_MS);
    }
    if !world.reconciled {
        world.reconcile();
    }
    world.tell_all();
}

/// A small `burst` lets lanes be given up within a few steps.
fn play(
    lease: LeaseMode,
    capped: Option<i64>,
    burst: u32,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let mut settings = settings(lease, capped);
    settings.restart.usual.burst = burst;
    let mut world = World::new(settings);
    for (at, step) in steps.iter().enumerate() {
        take(&mut world, at, step)
            .map_err(|broken| TestCaseError::fail(format!("step {at} {step:?}: {broken}")))?;
    }
    make_peace(&mut world);
    // With no lane given up any more, the population is what the configuration admits.
    world.reset(&Which::GivenUp);
    invariants::fills_up(&mut world).map_err(TestCaseError::fail)?;
    invariants::of_history(&world).map_err(TestCaseError::fail)?;
    prop_assert!(world.fleet.gave_up().is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fleet_of_plain_programs_holds_in_every_order(
        steps in prop::collection::vec(step(), 1..60),
        capped in prop::option::of(1_i64..5),
        burst in 1_u32..5,
    ) {
        play(LeaseMode::Supervisor, capped, burst, &steps)?;
    }

    #[test]
    fn a_fleet_of_workers_with_leases_of_their_own_holds_in_every_order(
        steps in prop::collection::vec(step(), 1..60),
        capped in prop::option::of(1_i64..5),
        burst in 1_u32..5,
    ) {
        play(LeaseMode::Worker, capped, burst, &steps)?;
    }
}
