//! The runs that an actor has in its hands, from the order to start until their end
//! is on disk and told. It starts, ends and records nothing itself.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;

use dosd_kernel::restart::Excuse;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, oneshot};

use super::message::Run;
use super::worker::{Action, Event, Worker};
use crate::port::{GroupMember, ProcessIdentity};

/// What came of an order to stop a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopping {
    /// Nobody of its group is left, and its end is on disk and told.
    Stopped,
    /// These outlived KILL.
    Survived(Vec<GroupMember>),
    /// Its end is not on disk yet.
    Unproven,
}

/// The runs in hand, and a notice whenever one of them leaves.
#[derive(Debug, Default)]
pub(super) struct Living {
    runs: RefCell<BTreeMap<String, Held>>,
    left: Notify,
    stopping: Cell<bool>,
}

/// One run in hand.
#[derive(Debug)]
struct Held {
    run: Run,
    worker: Worker,
    news: UnboundedSender<News>,
    /// Those who wait for its end to be on disk.
    until_recorded: Vec<oneshot::Sender<()>>,
}

/// What reaches whoever sees a run through.
#[derive(Debug)]
pub(super) enum News {
    /// Something happened to it.
    Event(Event),
    /// Somebody wants it stopped, and waits for the answer.
    StopWanted(oneshot::Sender<Stopping>),
}

impl Living {
    /// Takes a run in hand, and gives the way on which its news come; `None` when it was
    /// there before.
    pub(super) fn enter(&self, run: &Run, worker: Worker) -> Option<UnboundedReceiver<News>> {
        let mut runs = self.runs.borrow_mut();
        if runs.contains_key(&run.run_id) {
            return None;
        }
        let (news, received) = unbounded_channel();
        runs.insert(
            run.run_id.clone(),
            Held { run: run.clone(), worker, news, until_recorded: Vec::new() },
        );
        Some(received)
    }

    /// Something happened to a run. It concerns nobody once the run has left.
    pub(super) fn post(&self, run_id: &str, event: Event) {
        self.send(run_id, News::Event(event));
    }

    fn send(&self, run_id: &str, news: News) {
        if let Some(held) = self.runs.borrow().get(run_id) {
            // Its receiver goes with the actor.
            let _ = held.news.send(news);
        }
    }

    /// A run moves on. Gives what is to be done.
    pub(super) fn step(&self, run_id: &str, event: Event) -> Vec<Action> {
        let mut runs = self.runs.borrow_mut();
        runs.get_mut(run_id).map(|held| held.worker.step(event)).unwrap_or_default()
    }

    /// Wants a run stopped. The answer comes also when the run ends by itself, and when
    /// the actor does.
    pub(super) async fn stop(&self, run_id: &str) -> Stopping {
        let (sender, answer) = oneshot::channel();
        self.send(run_id, News::StopWanted(sender));
        match answer.await {
            Ok(answer) => answer,
            // It has left.
            Err(_) if !self.runs.borrow().contains_key(run_id) => Stopping::Stopped,
            Err(_) => Stopping::Unproven,
        }
    }

    /// Waits until the end of a run is on disk, or the run has left.
    pub(super) fn until_recorded(&self, run_id: &str) -> impl Future<Output = ()> + use<> {
        let (recorded, waiting) = oneshot::channel();
        if let Some(held) = self.runs.borrow_mut().get_mut(run_id) {
            held.until_recorded.push(recorded);
        }
        async move {
            // One that has left has nobody who would say so.
            let _ = waiting.await;
        }
    }

    /// The end of a run is on disk, and not told yet.
    pub(super) fn recorded(&self, run_id: &str) {
        if let Some(held) = self.runs.borrow_mut().get_mut(run_id) {
            for waiting in held.until_recorded.drain(..) {
                // It may not want to know any more.
                let _ = waiting.send(());
            }
        }
    }

    /// The end of a run is on disk and told.
    pub(super) fn leave(&self, run_id: &str) {
        self.runs.borrow_mut().remove(run_id);
        self.left.notify_waiters();
    }

    /// An operator has a run in hand stopped: its end is nobody's failure.
    pub(super) fn halt(&self, run_id: &str) {
        if let Some(held) = self.runs.borrow_mut().get_mut(run_id) {
            held.worker.excuse(Excuse::Halted);
        }
    }

    pub(super) fn run(&self, run_id: &str) -> Option<Run> {
        self.runs.borrow().get(run_id).map(|held| held.run.clone())
    }

    /// All runs, with the process of those that have one.
    pub(super) fn all(&self) -> Vec<(Run, Option<ProcessIdentity>)> {
        let runs = self.runs.borrow();
        runs.values().map(|held| (held.run.clone(), held.worker.process().cloned())).collect()
    }

    /// From here on nothing is started.
    pub(super) fn begin_to_stop(&self) {
        self.stopping.set(true);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Waits until every run has left.
    pub(super) async fn all_left(&self) {
        loop {
            // Before the look, so that no notice is missed in between.
            let left = self.left.notified();
            if self.runs.borrow().is_empty() {
                return;
            }
            left.await;
        }
    }
}
