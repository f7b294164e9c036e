//! What follows from a watched run's liveness.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::track::TrackedRun;
use crate::liveness::Liveness;

/// When a run is proposed for a halt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// A stalled run younger than this is left alone for now; none, and no run is.
    pub budget_ms: Option<i64>,
    /// How long one run is not proposed again.
    pub repropose_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { budget_ms: None, repropose_ms: 30 * 60_000 }
    }
}

/// What is to be done about a run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing: it advances.
    Healthy,
    /// Nothing yet: it has stalled within its budget.
    WithinBudget,
    /// Nothing again: its halt was proposed a moment ago.
    AlreadyProposed,
    /// Its halt is to be proposed, for this reason.
    Propose(&'static str),
}

/// The watchdog's memory: which halts were proposed, and when.
#[derive(Debug, Clone, Default)]
pub struct Watchdog {
    policy: Policy,
    proposed_ms: BTreeMap<String, i64>,
}

impl Watchdog {
    /// A watchdog that has proposed nothing.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, proposed_ms: BTreeMap::new() }
    }

    /// Judges a run. One that advances again is forgotten, so that it is proposed
    /// at once when it gets stuck the next time.
    pub fn judge(&mut self, run: &TrackedRun, verdict: Liveness, now_ms: i64) -> Judgement {
        let reason = match verdict {
            Liveness::Advancing => {
                self.proposed_ms.remove(&run.run_id);
                return Judgement::Healthy;
            }
            Liveness::Spinning => "watchdog: SPINNING, it is alive and has nothing to show",
            Liveness::Stalled if self.within_budget(run, now_ms) => {
                return Judgement::WithinBudget;
            }
            Liveness::Stalled => "watchdog: STALLED, there is no sign of life in its time",
        };
        let proposed_ms = self.proposed_ms.get(&run.run_id);
        if proposed_ms.is_some_and(|then| now_ms.saturating_sub(*then) < self.policy.repropose_ms) {
            return Judgement::AlreadyProposed;
        }
        Judgement::Propose(reason)
    }

    /// Notes that a halt was proposed, where it can be seen. One that could not be
    /// written down is not noted, and is proposed again at the next look.
    pub fn proposed(&mut self, run: &TrackedRun, now_ms: i64) {
        self.proposed_ms.insert(run.run_id.clone(), now_ms);
    }

    fn within_budget(&self, run: &TrackedRun, now_ms: i64) -> bool {
        let age_ms = run.started_ms().map(|started_ms| now_ms.saturating_sub(started_ms).max(0));
        match (self.policy.budget_ms, age_ms) {
            (Some(budget_ms), Some(age_ms)) => age_ms < budget_ms,
            (None, _) | (_, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Judgement, Policy, Watchdog};
    use crate::liveness::Liveness::{Advancing, Spinning, Stalled};
    use crate::run_id;
    use crate::watchdog::TrackedRun;

    const STARTED_MS: i64 = 1_795_348_800_000;

    fn run() -> TrackedRun {
        let run_id = run_id::mint(STARTED_MS, 1, "w", None, None).unwrap().run_id.into();
        TrackedRun { run_id, ..TrackedRun::default() }
    }

    fn proposes(judgement: Judgement) -> bool {
        matches!(judgement, Judgement::Propose(_))
    }

    #[test]
    fn a_spinner_is_proposed_once_in_a_while() {
        let policy = Policy { budget_ms: Some(i64::MAX), repropose_ms: 100 };
        let (mut watchdog, run) = (Watchdog::new(policy), run());
        assert!(proposes(watchdog.judge(&run, Spinning, 0)));
        // It was not written down: again.
        assert!(proposes(watchdog.judge(&run, Spinning, 1)));
        watchdog.proposed(&run, 1);
        assert_eq!(watchdog.judge(&run, Spinning, 100), Judgement::AlreadyProposed);
        assert!(proposes(watchdog.judge(&run, Spinning, 101)));
    }

    #[test]
    fn a_recovery_is_forgiven() {
        let (mut watchdog, run) = (Watchdog::new(Policy::default()), run());
        watchdog.proposed(&run, 0);
        assert_eq!(watchdog.judge(&run, Advancing, 1), Judgement::Healthy);
        assert!(proposes(watchdog.judge(&run, Stalled, 2)));
    }

    #[test]
    fn a_stalled_run_has_its_budget() {
        let policy = Policy { budget_ms: Some(1000), ..Policy::default() };
        let (mut watchdog, run) = (Watchdog::new(policy), run());
        let mut judge = |age_ms| watchdog.judge(&run, Stalled, STARTED_MS + age_ms);
        assert_eq!(judge(-5), Judgement::WithinBudget);
        assert_eq!(judge(999), Judgement::WithinBudget);
        assert!(proposes(judge(1000)));
        let mut without = Watchdog::new(Policy::default());
        assert!(proposes(without.judge(&run, Stalled, STARTED_MS)));
    }
}
