//! Forgetting the tries of lanes because an operator says so. Pure: what there is to
//! forget, the rows that say so, and the forgetting itself once they are on disk.

use std::collections::BTreeSet;

use dosd_kernel::draft::Draft;

use super::fleet::Fleet;
use super::message::{LaneReset, ResetError, Slate, Which};
use super::moment::Moment;
use super::rows;

/// What a reset would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Resetting {
    /// Rows for the lane journal.
    pub rows: Vec<Draft>,
    /// Rows for the verdict journal.
    pub verdicts: Vec<Draft>,
    /// The lanes that are meant, each once, with what there is to forget.
    pub lanes: Vec<LaneReset>,
}

impl Fleet {
    /// Looks up what there is to forget. Changes nothing: [`Fleet::reset`] does, once
    /// the rows are on disk.
    ///
    /// # Errors
    /// [`ResetError::Unknown`] when one of the lanes is not there; then none is reset.
    pub fn resetting(&self, which: &Which, now: Moment) -> Result<Resetting, ResetError> {
        let names: Vec<&str> = match which {
            Which::GivenUp => self.table.tries.given_up().collect(),
            Which::Named(names) => {
                let mut seen = BTreeSet::new();
                names.iter().map(String::as_str).filter(|name| seen.insert(*name)).collect()
            }
        };
        let known = self.known_lanes();
        let unknown: Vec<String> =
            names.iter().filter(|name| !known.contains(*name)).map(ToString::to_string).collect();
        if !unknown.is_empty() {
            let known = known.into_iter().map(str::to_owned).collect();
            return Err(ResetError::Unknown { lanes: unknown, known });
        }
        let restart = &self.settings.restart;
        let slate = |name| self.table.tries.slate(name, restart.of(name), now);
        let lanes: Vec<LaneReset> = names.into_iter().map(slate).collect();
        let (rows, verdicts) = lanes
            .iter()
            .filter(|lane| lane.was != Slate::Clean)
            .map(|lane| rows::reset(lane, now.wall_ms))
            .unzip();
        Ok(Resetting { rows, verdicts, lanes })
    }

    /// Forgets the tries of lanes whose rows are on disk.
    pub fn reset(&mut self, lanes: &[LaneReset]) {
        for lane in lanes {
            self.table.tries.forget(&lane.lane);
        }
    }

    /// The lanes of the configuration, and those that were tried or have workers.
    fn known_lanes(&self) -> BTreeSet<&str> {
        let lanes = &self.settings.lanes;
        let declared = lanes.concurrent.iter().chain(&lanes.exclusive).map(String::as_str);
        let live = self.table.live().map(|live| live.run.lane.as_str());
        let tries = &self.table.tries;
        declared.chain(live).chain(tries.lanes()).chain(tries.given_up()).collect()
    }
}
