//! What an earlier configuration left behind: workers on lanes that are gone, or whose
//! region is another by now. Pure. Nobody is started on their ground before they end.

use std::collections::{BTreeMap, BTreeSet};

use dosd_kernel::population::Lanes;

use super::run_table::RunTable;

/// The leftovers of every change of the configuration since the supervisor was made.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// Lanes that left the configuration.
    retired: BTreeSet<String>,
    grounds: BTreeMap<String, Ground>,
}

/// The region of a lane as workers know it that live on it.
#[derive(Debug)]
pub(super) struct Ground {
    /// The globs; none is an unknown extent.
    pub(super) tree: Vec<String>,
    pub(super) is_exclusive: bool,
    runs: BTreeSet<String>,
}

impl Leftovers {
    /// The configuration changes from one roster to another.
    pub(super) fn change(&mut self, old: &Lanes, new: &Lanes, table: &RunTable) {
        self.retired.extend(declared(old).cloned());
        for lane in declared(new) {
            self.retired.remove(lane);
        }
        for live in table.live() {
            let (run, is_exclusive) = (&live.run, old.is_exclusive(&live.run.lane));
            let is_same = declared(new).any(|lane| *lane == run.lane)
                && old.tree(&run.lane) == new.tree(&run.lane)
                && is_exclusive == new.is_exclusive(&run.lane);
            let was_declared = declared(old).any(|lane| *lane == run.lane);
            if is_same || !was_declared {
                continue;
            }
            let tree = old.tree(&run.lane);
            self.grounds
                .entry(run.lane.clone())
                .and_modify(|ground| ground.tree = joined(&ground.tree, tree))
                .or_insert_with(|| Ground {
                    tree: tree.to_vec(),
                    is_exclusive,
                    runs: BTreeSet::new(),
                })
                .runs
                .insert(run.run_id.clone());
        }
    }

    /// A run is over.
    pub(super) fn ended(&mut self, run_id: &str) {
        self.grounds.retain(|_, ground| {
            ground.runs.remove(run_id);
            !ground.runs.is_empty()
        });
    }

    /// Whether a lane left the configuration.
    pub(super) fn is_retired(&self, lane: &str) -> bool {
        self.retired.contains(lane)
    }

    /// Every lane that left the configuration.
    pub(super) fn retired(&self) -> impl Iterator<Item = &str> {
        self.retired.iter().map(String::as_str)
    }

    /// The ground of a lane as its older workers know it, while they live.
    pub(super) fn ground(&self, lane: &str) -> Option<&Ground> {
        self.grounds.get(lane)
    }
}

impl Ground {
    /// The globs of a lane's own tree and of this ground.
    pub(super) fn with(&self, tree: &[String]) -> Vec<String> {
        joined(&self.tree, tree)
    }
}

/// Both trees; one of unknown extent makes the whole unknown.
fn joined(one: &[String], other: &[String]) -> Vec<String> {
    if one.is_empty() || other.is_empty() {
        return Vec::new();
    }
    let added = other.iter().filter(|glob| !one.contains(glob));
    one.iter().chain(added).cloned().collect()
}

fn declared(lanes: &Lanes) -> impl Iterator<Item = &String> {
    lanes.concurrent.iter().chain(&lanes.exclusive)
}
