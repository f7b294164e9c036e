//! What must hold, each under a name, for every decision and every state.

use std::collections::BTreeSet;

use dosd_kernel::invariant::{self, Row};

use super::world::{World, field};
use crate::supervisor::Decision;
use crate::supervisor::rows::HOLDER;

pub(super) type Check = Result<(), String>;

/// All that holds for a decision that is about to be carried out.
pub(super) fn of_decision(world: &World, decision: &Decision) -> Check {
    no_launch_without_an_intent(decision)?;
    scavenged_before_it_is_used_again(decision)?;
    no_launch_on_a_lane_that_gave_up_or_waits(world, decision)?;
    no_stamp_twice(world, decision)?;
    no_run_id_twice(world, decision)?;
    no_lease_of_a_living_process_is_scavenged(world, decision)
}

/// What holds of the journal of a whole history: no later row makes it good.
pub(super) fn of_history(world: &World) -> Check {
    let rows = world.rows.iter().zip(1..);
    let rows = rows.map(|(row, line)| Row { line, offset: 0, fields: row.fields().clone() });
    let rows: Vec<Row> = rows.collect();
    let violations = invariant::one_worker(&rows, HOLDER, |lane| !world.fleet.repeats(lane));
    violations.first().map_or(Ok(()), |violation| Err(violation.to_string()))
}

/// Holds after every step.
pub(super) fn the_restart_rule_was_kept(world: &World) -> Check {
    world.complaint.clone().map_or(Ok(()), Err)?;
    let accounts = world.ledger.accounts.iter().filter(|(_, account)| account.gave_up);
    let expected: Vec<String> = accounts.map(|(lane, _)| lane.clone()).collect();
    let given_up = world.fleet.gave_up();
    (given_up == expected).then_some(()).ok_or(format!("{given_up:?} instead of {expected:?}"))
}

fn no_launch_without_an_intent(decision: &Decision) -> Check {
    let intents: BTreeSet<_> = decision
        .rows
        .iter()
        .filter(|row| field(row, "op") == "SPAWN")
        .map(|row| (field(row, "run_id"), field(row, "lane"), field(row, "loop_ts")))
        .collect();
    let launches: BTreeSet<_> = decision
        .launches
        .iter()
        .map(|run| (run.run_id.as_str(), run.lane.as_str(), run.loop_ts.as_str()))
        .collect();
    (intents == launches).then_some(()).ok_or(format!("intents {intents:?} of {launches:?}"))
}

fn scavenged_before_it_is_used_again(decision: &Decision) -> Check {
    let mut used = BTreeSet::new();
    for row in &decision.rows {
        let lane = field(row, "lane");
        match field(row, "op") {
            "SPAWN" | "ACQUIRE" => {
                used.insert(lane);
            }
            "SCAVENGE" if used.contains(lane) => return Err(format!("`{lane}` used before")),
            _ => {}
        }
    }
    Ok(())
}

fn no_launch_on_a_lane_that_gave_up_or_waits(world: &World, decision: &Decision) -> Check {
    for run in &decision.launches {
        let account = world.ledger.accounts.get(&run.lane);
        let is_barred =
            account.is_some_and(|it| it.gave_up || world.now.monotonic_ms < it.floor_ms);
        if is_barred {
            return Err(format!("`{}` is launched: {account:?}", run.lane));
        }
    }
    Ok(())
}

fn no_stamp_twice(world: &World, decision: &Decision) -> Check {
    let mut given = world.stamps.clone();
    let open = world.fold.open_runs().map(|open| open.loop_ts.clone());
    given.extend(open);
    given.extend(world.fold.leases().map(|lease| lease.loop_ts().to_owned()));
    let twice = decision.launches.iter().find(|run| !given.insert(run.loop_ts.clone()));
    twice.map_or(Ok(()), |run| Err(format!("stamp {} of `{}`", run.loop_ts, run.lane)))
}

fn no_run_id_twice(world: &World, decision: &Decision) -> Check {
    let mut known: BTreeSet<_> = world.processes.keys().collect();
    let twice = decision.launches.iter().find(|run| !known.insert(&run.run_id));
    twice.map_or(Ok(()), |run| Err(format!("run {}", run.run_id)))
}

fn no_lease_of_a_living_process_is_scavenged(world: &World, decision: &Decision) -> Check {
    for row in decision.rows.iter().filter(|row| field(row, "op") == "SCAVENGE") {
        let identity = (field(row, "lane"), field(row, "loop_ts"));
        let named = world.fold.leases().any(|lease| {
            (lease.lane(), lease.loop_ts()) == identity
                && world
                    .processes
                    .values()
                    .any(|run| run.run_id == lease.run_id() || run.loop_ts == lease.loop_ts())
        });
        if named {
            return Err(format!("the holder of {identity:?} lives"));
        }
    }
    Ok(())
}

/// With nothing changed, a fleet comes to rest: no rows, no launches, no wish to
/// look again at once.
pub(super) fn comes_to_rest(world: &mut World) -> Check {
    for _ in 0..4 {
        let decision = world.decide();
        of_decision(world, &decision)?;
        world.carry_out(&decision);
        the_restart_rule_was_kept(world)?;
        let is_silent = decision.beats.is_empty() && decision.rows.is_empty();
        if is_silent && decision.launches.is_empty() {
            let calm = decision.again_ms != Some(0);
            return calm.then_some(()).ok_or("it wants to look again at once".to_owned());
        }
    }
    Err("it does not come to rest".to_owned())
}

/// Every worker that lives is in the plan, once, when nobody else is.
pub(super) fn every_worker_counts_once(world: &World, decision: &Decision) -> Check {
    let ours = |run_id: &str, loop_ts: &str| {
        let known = world.processes.values();
        known.into_iter().any(|run| run.run_id == run_id || run.loop_ts == loop_ts)
    };
    if !world.fold.leases().all(|lease| ours(lease.run_id(), lease.loop_ts())) {
        return Ok(());
    }
    // What is launched by the decision is not in its plan yet.
    let living = world.processes.len() - decision.launches.len();
    let alive = usize::try_from(decision.plan.alive).unwrap_or_default();
    (alive == living).then_some(()).ok_or(format!("{alive} counted, {living} live"))
}

/// Left in peace, the population reaches what is wanted and possible.
pub(super) fn fills_up(world: &mut World) -> Check {
    for _ in 0..12 {
        world.look();
        the_restart_rule_was_kept(world)?;
        world.tell_all();
        // Leases from before a clock was set back take as long again to stall.
        world.pass(60 * super::world::MINUTE_MS);
    }
    let decision = world.look();
    let plan = &decision.plan;
    every_worker_counts_once(world, &decision)?;
    let wanted = plan.target.min(plan.admissible);
    (plan.alive >= wanted && decision.launches.is_empty())
        .then_some(())
        .ok_or(format!("{} of {wanted}: {:?}", plan.alive, plan.evidence))
}

/// A lane that was reset may be tried at once.
pub(super) fn has_a_clean_slate(world: &World, lane: &str) -> Check {
    let tries = &world.fleet.table.tries;
    let is_barred = tries.gave_up(lane) || tries.wait_ms(lane, world.now).is_some();
    (!is_barred).then_some(()).ok_or(format!("`{lane}` was reset and is barred"))
}
