//! The walk over the roster that makes a plan.
//!
//! Owns the rules. It never reaps a live worker: spinners and excess workers are
//! flagged, and a halt is only ever proposed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::occupancy::{Ground, Occupancy};
use super::plan::{Disposition, Item, Outcome, Plan};
use super::roster::{Evidence, LaneEvidence, Policy};
use crate::invalid::InvalidArgument;
use crate::liveness::Liveness;
use crate::region::Region;

/// The largest `max_concurrency`: a plan lists every worker that it starts, and must fit
/// in memory.
pub const MOST_WORKERS: i64 = 100_000;

/// Plans one tick.
///
/// # Errors
///
/// When a lane has no name or is both repeatable and exclusive, when a target or
/// `spin_halt_after_ms` is negative, or when `max_concurrency` is below 1 or above
/// 100,000.
pub fn supervise(evidence: &Evidence, policy: &Policy) -> Result<Plan, InvalidArgument> {
    check(evidence, policy)?;
    let regions: Vec<Region> = evidence.lanes.iter().map(|lane| Region::new(&lane.tree)).collect();
    let ground = Ground::of(&regions);
    let mut walk = Walk::over(&ground);
    for (lane, region) in evidence.lanes.iter().zip(0..) {
        walk.visit(lane, region, policy);
    }
    let admissible = admissible(evidence, &ground, policy);
    let target = evidence.target;
    let wanted = target.min(admissible).saturating_sub(walk.alive).max(0);
    let alive = walk.alive;
    let spawn = walk.choose(wanted, |lane| Item {
        lane: lane.lane.clone(),
        disposition: Disposition::Spawn,
        reason: format!("{} is free, {alive} of {target} are alive", kind(lane)),
    });
    let verdict = if target > admissible {
        Outcome::TargetUnreachable
    } else if alive > target {
        walk.flag_excess(evidence, alive - target);
        Outcome::OverTarget
    } else if spawn.is_empty() {
        Outcome::AtTarget
    } else {
        Outcome::Filling
    };
    Ok(Plan {
        verdict,
        reason: explain(verdict, alive, target, admissible, spawn.len()),
        alive,
        admissible,
        target,
        spawn,
        reap: walk.reap,
        flag: walk.flag,
        proposed_halt: walk.proposed_halt,
        evidence: evidence.clone(),
    })
}

fn check(evidence: &Evidence, policy: &Policy) -> Result<(), InvalidArgument> {
    for (name, value, least) in [
        ("target", evidence.target, 0),
        ("target", policy.target, 0),
        ("spin_halt_after_ms", policy.spin_halt_after_ms.unwrap_or(0), 0),
        ("max_concurrency", policy.max_concurrency.unwrap_or(1), 1),
    ] {
        if value < least {
            let message = format!("`{name}` is `{value}`: pass {least} or more");
            return Err(InvalidArgument(message));
        }
    }
    if let Some(most) = policy.max_concurrency.filter(|most| *most > MOST_WORKERS) {
        let message = format!("`max_concurrency` is `{most}`: pass {MOST_WORKERS} or less");
        return Err(InvalidArgument(message));
    }
    for lane in &evidence.lanes {
        if lane.lane.is_empty() {
            return Err(InvalidArgument::new("a lane has an empty name: name every lane"));
        }
        if lane.repeatable && lane.is_exclusive {
            let message = format!(
                "lane `{}` is both repeatable and exclusive: drop one of the two",
                lane.lane
            );
            return Err(InvalidArgument(message));
        }
    }
    Ok(())
}

/// What the walk over the roster has found so far. A lane's region goes by the
/// lane's place in the roster.
struct Walk<'a> {
    alive: i64,
    held: Occupancy<'a>,
    candidates: Vec<(&'a LaneEvidence, usize)>,
    reap: Vec<Item>,
    flag: Vec<Item>,
    proposed_halt: Vec<Item>,
}

impl<'a> Walk<'a> {
    fn over(ground: &'a Ground) -> Self {
        Self {
            alive: 0,
            held: Occupancy::new(ground),
            candidates: Vec::new(),
            reap: Vec::new(),
            flag: Vec::new(),
            proposed_halt: Vec::new(),
        }
    }

    fn visit(&mut self, lane: &'a LaneEvidence, region: usize, policy: &Policy) {
        match lane.liveness {
            _ if lane.pending => self.hold(region),
            None => self.candidates.push((lane, region)),
            Some(Liveness::Advancing) if lane.repeatable => {
                self.alive += 1;
                self.candidates.push((lane, region));
            }
            Some(Liveness::Advancing) => self.hold(region),
            Some(Liveness::Spinning) => self.visit_spinning(lane, region, policy),
            Some(Liveness::Stalled) if policy.reap_stalled => {
                let reason = "it has stalled: its lease is taken back and the lane is free again";
                self.reap.push(item(lane, Disposition::Reap, reason.into()));
                self.candidates.push((lane, region));
            }
            Some(Liveness::Stalled) => {}
        }
    }

    fn hold(&mut self, region: usize) {
        self.alive += 1;
        self.held.take(region);
    }

    fn visit_spinning(&mut self, lane: &'a LaneEvidence, region: usize, policy: &Policy) {
        let reason = "it is alive and has nothing to show: somebody should look";
        self.flag.push(item(lane, Disposition::Flag, reason.into()));
        if let (Some(age_ms), Some(limit_ms)) = (lane.spinning_age_ms, policy.spin_halt_after_ms)
            && age_ms >= limit_ms
        {
            let reason = format!(
                "it has been spinning for {age_ms} ms, and {limit_ms} ms are allowed: `dosd halt` stops it"
            );
            self.proposed_halt.push(item(lane, Disposition::ProposeHalt, reason));
        }
        if policy.count_spinning_as_alive {
            self.hold(region);
        }
    }

    /// Chooses up to `wanted` spawns: fixed lanes first, then repeatable ones, then
    /// exclusive ones, each in roster order.
    fn choose(&mut self, wanted: i64, spawn: impl Fn(&LaneEvidence) -> Item) -> Vec<Item> {
        let mut candidates = core::mem::take(&mut self.candidates);
        candidates.sort_by_key(|(lane, _)| (lane.is_exclusive, lane.repeatable));
        let wanted = usize::try_from(wanted).unwrap_or(0);
        let mut chosen = Vec::new();
        for (lane, region) in candidates {
            if chosen.len() >= wanted {
                break;
            }
            if lane.repeatable {
                chosen.resize_with(wanted, || spawn(lane));
            } else if self.held.try_take(region) {
                chosen.push(spawn(lane));
            }
        }
        chosen
    }

    /// Flags healthy workers beyond the target, from the end of the roster.
    fn flag_excess(&mut self, evidence: &Evidence, excess: i64) {
        let advancing = evidence
            .lanes
            .iter()
            .rev()
            .filter(|lane| !lane.pending && lane.liveness == Some(Liveness::Advancing));
        for lane in advancing.take(usize::try_from(excess).unwrap_or(usize::MAX)) {
            let reason = "it is healthy and one more than wanted: somebody may retire it";
            self.flag.push(item(lane, Disposition::Flag, reason.into()));
        }
    }
}

fn item(lane: &LaneEvidence, disposition: Disposition, reason: String) -> Item {
    Item { lane: lane.lane.clone(), disposition, reason }
}

fn kind(lane: &LaneEvidence) -> &'static str {
    if lane.repeatable { "a repeatable lane" } else { "the lane" }
}

/// How many workers the lanes admit at once: the concurrent lanes that fit beside
/// each other, taken greedily in roster order; with none of those, one exclusive.
fn admissible(evidence: &Evidence, ground: &Ground, policy: &Policy) -> i64 {
    let mut admitted = Occupancy::new(ground);
    let mut count = 0;
    for (lane, region) in evidence.lanes.iter().zip(0..) {
        if !lane.is_exclusive && admitted.try_take(region) {
            count += 1;
        }
    }
    if count == 0 {
        return i64::from(!evidence.lanes.is_empty());
    }
    match policy.max_concurrency {
        Some(most) if evidence.lanes.iter().any(|lane| lane.repeatable) => most.max(count),
        Some(_) | None => count,
    }
}

fn explain(verdict: Outcome, alive: i64, target: i64, admissible: i64, spawns: usize) -> String {
    match verdict {
        Outcome::TargetUnreachable => format!(
            "{target} wanted, but the lanes admit {admissible} at once: declare more lanes with disjoint trees"
        ),
        Outcome::OverTarget => {
            format!("{alive} alive, {target} wanted: the excess is flagged and left alone")
        }
        Outcome::Filling => format!("{alive} alive, {target} wanted: starting {spawns}"),
        Outcome::AtTarget => {
            format!("{alive} alive, {target} wanted, {admissible} admitted: nothing to start")
        }
    }
}
