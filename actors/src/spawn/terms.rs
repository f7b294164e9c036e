//! On which terms each run was begun. A run keeps them to its end, whatever the
//! configuration says by then.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::message::Run;
use super::settings::WorkerPolicy;
use crate::rotated_log::Rotation;

/// The terms of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    /// The program and its arguments.
    pub(super) argv: Vec<String>,
    /// From TERM to KILL.
    pub(super) stop_timeout: Duration,
    /// How much captured output is kept for its lane.
    pub(super) rotation: Rotation,
}

/// The terms of the runs in hand, and what those to come are begun on.
pub(super) struct TermBook {
    policy: RefCell<WorkerPolicy>,
    runs: RefCell<BTreeMap<String, Terms>>,
}

impl TermBook {
    pub(super) fn new(policy: WorkerPolicy) -> Self {
        Self { policy: RefCell::new(policy), runs: RefCell::default() }
    }

    /// From here on runs are begun on this.
    pub(super) fn replace(&self, policy: WorkerPolicy) {
        self.policy.replace(policy);
    }

    /// Fixes the terms of a run that begins, or is found alive, now.
    pub(super) fn begin(&self, run: &Run) {
        let policy = self.policy.borrow();
        self.runs.borrow_mut().entry(run.run_id.clone()).or_insert_with(|| policy.terms(run));
    }

    /// The terms of a run: its own while it is in hand.
    pub(super) fn of(&self, run: &Run) -> Terms {
        let known = self.runs.borrow().get(&run.run_id).cloned();
        known.unwrap_or_else(|| self.policy.borrow().terms(run))
    }

    /// A run is over.
    pub(super) fn end(&self, run_id: &str) {
        self.runs.borrow_mut().remove(run_id);
    }

    /// From TERM to KILL for processes whose run, and so whose lane, may be over: what
    /// the most patient lane asks for.
    pub(super) fn longest_stop(&self) -> Duration {
        let policy = self.policy.borrow();
        let timeouts = policy.stop_timeout.lanes.values().copied();
        timeouts.fold(policy.stop_timeout.usual, Duration::max)
    }
}

impl WorkerPolicy {
    fn terms(&self, run: &Run) -> Terms {
        Terms {
            argv: (self.argv)(run),
            stop_timeout: *self.stop_timeout.of(&run.lane),
            rotation: *self.rotation.of(&run.lane),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn policy(word: &'static str, secs: u64) -> WorkerPolicy {
        let mut stop_timeout = dosd_kernel::population::ByLane::from(Duration::from_secs(secs));
        stop_timeout.lanes.insert("slow".to_owned(), Duration::from_secs(10 * secs));
        WorkerPolicy {
            argv: Arc::new(move |run| vec![word.to_owned(), run.lane.clone()]),
            stop_timeout,
            rotation: Rotation { max_bytes: 1, keep: 1 }.into(),
        }
    }

    fn run(run_id: &str, lane: &str) -> Run {
        Run {
            run_id: run_id.to_owned(),
            lane: lane.to_owned(),
            loop_ts: String::new(),
            lineage: Vec::new(),
            leased: false,
        }
    }

    #[test]
    fn a_run_keeps_the_terms_that_it_began_on() {
        let book = TermBook::new(policy("old", 1));
        let (early, late) = (run("1", "slow"), run("2", "a"));
        book.begin(&early);
        book.replace(policy("new", 2));
        book.begin(&early);
        book.begin(&late);
        let shown = |run| {
            let terms = book.of(run);
            (terms.argv.join(" "), terms.stop_timeout.as_secs())
        };
        assert_eq!(shown(&early), ("old slow".to_owned(), 10));
        assert_eq!(shown(&late), ("new a".to_owned(), 2));
        assert_eq!(book.longest_stop(), Duration::from_secs(20));
        book.end("1");
        assert_eq!(shown(&early), ("new slow".to_owned(), 20));
    }
}
