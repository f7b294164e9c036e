//! The roster as a plan sees it, and which of its lanes stand in each other's way. It touches no file.

use super::{LaneKind, Overlap, RosterLane};
use dosd_kernel::population::Lanes;
use dosd_kernel::region::{self, Region};

/// The lanes in the order of the plan: concurrent ones, then exclusive ones, each once.
pub(super) fn roster(lanes: &Lanes) -> Vec<RosterLane> {
    let concurrent = lanes.concurrent.iter().map(|lane| (lane, LaneKind::Concurrent));
    let exclusive = lanes.exclusive.iter().map(|lane| (lane, LaneKind::Exclusive));
    concurrent
        .chain(exclusive)
        .map(|(lane, kind)| RosterLane {
            lane: lane.clone(),
            kind,
            tree: lanes.trees.get(lane).cloned().unwrap_or_default(),
        })
        .collect()
}

/// Every pair of concurrent lanes that both have a tree, and whose trees collide.
pub(super) fn overlaps(roster: &[RosterLane]) -> Vec<Overlap> {
    let concurrent: Vec<(&RosterLane, Region)> = roster
        .iter()
        .filter(|lane| lane.kind == LaneKind::Concurrent)
        .map(|lane| (lane, Region::new(&lane.tree)))
        .collect();
    let mut overlaps = Vec::new();
    for (index, (one, region)) in concurrent.iter().enumerate() {
        for (two, other) in &concurrent[index + 1..] {
            if region.is_disjoint(other) {
                continue;
            }
            // An unknown extent has no globs to show, and its own warning.
            if let Some(globs) = first_collision(&one.tree, &two.tree) {
                overlaps.push(Overlap { lanes: [one.lane.clone(), two.lane.clone()], globs });
            }
        }
    }
    overlaps
}

fn first_collision(one: &[String], two: &[String]) -> Option<[String; 2]> {
    let pairs = one.iter().flat_map(|a| two.iter().map(move |b| (a, b)));
    pairs
        .filter(|(a, b)| !a.trim().is_empty() && !b.trim().is_empty())
        .find(|(a, b)| !region::disjoint(&[a], &[b]))
        .map(|(a, b)| [a.clone(), b.clone()])
}
