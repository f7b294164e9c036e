//! What one look of the watchdog found, in the shape that `dosd watch --json` prints.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::watch::Judgement;
use crate::liveness::Liveness;

/// One look at all watched runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many runs are watched.
    pub watched: usize,
    /// How each run is doing.
    pub verdicts: BTreeMap<String, Liveness>,
    /// Runs whose halt was proposed by this look.
    pub proposed_halts: Vec<String>,
    /// Runs that advance.
    pub advancing: Vec<String>,
    /// Runs that spin.
    pub spinning: Vec<String>,
    /// Runs that have stalled and still have time.
    pub stalled_within_budget: Vec<String>,
    /// What cannot be judged: its id does not say when it began.
    pub skipped: Vec<String>,
}

impl Report {
    /// A look at so many runs that has seen none of them yet.
    #[must_use]
    pub fn of(watched: usize) -> Self {
        Self { watched, ..Self::default() }
    }

    /// Notes one run. A proposal is noted apart, when it was written down.
    pub fn note(&mut self, run_id: &str, verdict: Liveness, judgement: Judgement) {
        self.verdicts.insert(run_id.into(), verdict);
        match verdict {
            Liveness::Advancing => self.advancing.push(run_id.into()),
            Liveness::Spinning => self.spinning.push(run_id.into()),
            Liveness::Stalled => {}
        }
        if judgement == Judgement::WithinBudget {
            self.stalled_within_budget.push(run_id.into());
        }
    }
}
