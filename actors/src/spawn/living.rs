//! The runs that an actor has in its hands, from the order to start until their end
//! is on disk and told. It starts, ends and records nothing itself.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::Notify;

use super::message::Run;
use crate::port::ProcessIdentity;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its baseline is being read. It has no process.
    Starting,
    /// Its group has members; at first its leader is one of them.
    Running(ProcessIdentity),
    /// Nobody of its group is left. Its end is being recorded and told.
    Ending,
}

/// The runs in hand, and a notice whenever one of them moves on.
#[derive(Debug, Default)]
pub(super) struct Living {
    runs: RefCell<BTreeMap<String, (Run, Phase)>>,
    /// Those of them that an operator has stopped.
    halted: RefCell<BTreeSet<String>>,
    moved: Notify,
    stopping: Cell<bool>,
    stop: Notify,
}

impl Living {
    /// Takes a run in hand. Says whether it was not there before.
    pub(super) fn enter(&self, run: &Run, phase: Phase) -> bool {
        let mut runs = self.runs.borrow_mut();
        let is_new = !runs.contains_key(&run.run_id);
        if is_new {
            runs.insert(run.run_id.clone(), (run.clone(), phase));
        }
        is_new
    }

    /// A run moves on.
    pub(super) fn set(&self, run_id: &str, phase: Phase) {
        if let Some((_, held)) = self.runs.borrow_mut().get_mut(run_id) {
            *held = phase;
        }
        self.moved.notify_waiters();
    }

    /// The end of a run is on disk and told.
    pub(super) fn leave(&self, run_id: &str) {
        self.runs.borrow_mut().remove(run_id);
        self.halted.borrow_mut().remove(run_id);
        self.moved.notify_waiters();
    }

    /// An operator has a run in hand stopped: its end is nobody's failure.
    pub(super) fn halt(&self, run_id: &str) {
        if self.runs.borrow().contains_key(run_id) {
            self.halted.borrow_mut().insert(run_id.to_owned());
        }
    }

    pub(super) fn is_halted(&self, run_id: &str) -> bool {
        self.halted.borrow().contains(run_id)
    }

    pub(super) fn phase(&self, run_id: &str) -> Option<Phase> {
        self.runs.borrow().get(run_id).map(|(_, phase)| phase.clone())
    }

    pub(super) fn run(&self, run_id: &str) -> Option<Run> {
        self.runs.borrow().get(run_id).map(|(run, _)| run.clone())
    }

    pub(super) fn all(&self) -> Vec<(Run, Phase)> {
        self.runs.borrow().values().cloned().collect()
    }

    /// From here on nothing is started.
    pub(super) fn begin_to_stop(&self) {
        self.stopping.set(true);
        self.stop.notify_waiters();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Resolves when stopping begins; never if it has begun already.
    pub(super) async fn stopped(&self) {
        self.stop.notified().await;
    }

    /// Waits until every run has left.
    pub(super) async fn all_left(&self) {
        loop {
            // Before the look, so that no notice is missed in between.
            let moved = self.moved.notified();
            if self.runs.borrow().is_empty() {
                return;
            }
            moved.await;
        }
    }

    /// Waits until a run has left. Says whether it did in time.
    pub(super) async fn left_within(&self, run_id: &str, patience: Duration) -> bool {
        let left = async {
            loop {
                // Before the look, so that no notice is missed in between.
                let moved = self.moved.notified();
                if self.phase(run_id).is_none() {
                    return;
                }
                moved.await;
            }
        };
        tokio::time::timeout(patience, left).await.is_ok()
    }
}
