//! What the handlers of an exporter and its delivering task share: orders one
//! way, the observable state the other, and the waits that orders cut short.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use super::message::{DrainEnd, Drained};
use super::status::{ExporterStatus, Phase};
use crate::delivery::Policy;

/// Something that goes on until the exporter is drained.
pub(super) type Step<T> = Result<T, DrainEnd>;

/// Shared between the actor's handlers and its task, on one thread.
pub(super) struct Shared {
    /// Wakes the task out of a wait, to look at what was ordered.
    wake: Notify,
    /// Wakes whoever watches the deadline of a drain.
    drain_ordered: Notify,
    rang: Cell<bool>,
    resume: Cell<bool>,
    drain_by: Cell<Option<Instant>>,
    waiting: RefCell<Vec<oneshot::Sender<Drained>>>,
    ended: Cell<Option<Drained>>,
    status: RefCell<ExporterStatus>,
    oldest_ms: Cell<Option<i64>>,
}

impl Shared {
    pub(super) fn new(status: ExporterStatus) -> Self {
        Self {
            wake: Notify::new(),
            drain_ordered: Notify::new(),
            rang: Cell::default(),
            resume: Cell::default(),
            drain_by: Cell::default(),
            waiting: RefCell::default(),
            ended: Cell::default(),
            status: RefCell::new(status),
            oldest_ms: Cell::default(),
        }
    }

    // What the handlers do.

    pub(super) fn ring(&self) {
        self.rang.set(true);
        self.wake.notify_one();
    }

    /// Without effect unless the exporter is disabled.
    pub(super) fn order_resume(&self) {
        let disabled = matches!(self.status.borrow().phase, Phase::Disabled { .. });
        self.resume.set(disabled);
        self.wake.notify_one();
    }

    /// Orders the task to end. A later order cannot extend an earlier one.
    pub(super) fn order_drain(&self, within: Duration) -> impl Future<Output = Drained> + use<> {
        let by = Instant::now() + within;
        self.drain_by.set(Some(self.drain_by.get().map_or(by, |earlier| earlier.min(by))));
        self.wake.notify_one();
        self.drain_ordered.notify_one();
        let (sender, receiver) = oneshot::channel();
        match self.ended.get() {
            // The receiver is there: it is below.
            Some(drained) => drop(sender.send(drained)),
            None => self.waiting.borrow_mut().push(sender),
        }
        let behind_bytes = self.status.borrow().behind_bytes;
        async move { receiver.await.unwrap_or(Drained { end: DrainEnd::GaveUp, behind_bytes }) }
    }

    pub(super) fn status(&self, now_ms: i64) -> ExporterStatus {
        let lag_ms = self.oldest_ms.get().map_or(0, |oldest| now_ms.saturating_sub(oldest).max(0));
        ExporterStatus { lag_ms, ..self.status.borrow().clone() }
    }

    // What the task does.

    /// Changes the observable state.
    pub(super) fn update(&self, change: impl FnOnce(&mut ExporterStatus)) {
        change(&mut self.status.borrow_mut());
    }

    /// When the oldest event that waits was written, epoch ms.
    pub(super) fn set_oldest_ms(&self, oldest_ms: Option<i64>) {
        self.oldest_ms.set(oldest_ms);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.drain_by.get().is_some()
    }

    /// Forgets the rings up to now: what they told of is about to be read.
    pub(super) fn hush(&self) {
        self.rang.set(false);
    }

    /// Waits for the doorbell, a drain, or the end of `at_most`.
    pub(super) async fn rest(&self, at_most: Duration) {
        let until = Instant::now() + at_most;
        while !self.rang.get() && !self.is_draining() {
            if timeout_at(until, self.wake.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Lets events gather, unless there is a drain.
    pub(super) async fn gather(&self, long: Duration) {
        let until = Instant::now() + long;
        while !self.is_draining() && timeout_at(until, self.wake.notified()).await.is_ok() {}
    }

    /// Waits that long; not at all when a drain would be over before.
    pub(super) async fn wait(&self, long: Duration) -> Step<()> {
        let until = Instant::now() + long;
        loop {
            if self.drain_by.get().is_some_and(|by| by < until) {
                return Err(DrainEnd::GaveUp);
            }
            if timeout_at(until, self.wake.notified()).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Waits for a resume; says whether one came within `at_most`.
    pub(super) async fn wait_for_resume(&self, at_most: Duration) -> Step<bool> {
        let until = Instant::now() + at_most;
        while !self.resume.take() {
            if self.is_draining() {
                return Err(DrainEnd::GaveUp);
            }
            if timeout_at(until, self.wake.notified()).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Resolves when a drain was ordered and its time is over.
    pub(super) async fn deadline(&self) {
        loop {
            let ordered = self.drain_ordered.notified();
            match self.drain_by.get() {
                None => ordered.await,
                Some(by) if timeout_at(by, ordered).await.is_err() => return,
                // A second order, with less time.
                Some(_) => {}
            }
        }
    }

    /// Does `attempt` until it works: 1 s later, 2 s, … 30 s. `what` names what
    /// it works on, and stands in the log and in the status meanwhile.
    pub(super) async fn persist<T, E: Display>(
        &self,
        what: &str,
        mut attempt: impl AsyncFnMut() -> Result<T, E>,
    ) -> Step<T> {
        let policy = Policy::default();
        let mut failures = 0;
        loop {
            match attempt().await {
                Ok(done) => {
                    if failures > 0 {
                        info!(exporter = %self.name(), "{what}: works again");
                        self.update(|status| status.problem = None);
                    }
                    return Ok(done);
                }
                Err(error) => self.report(format!("{what}: {error}; nothing is sent meanwhile")),
            }
            self.wait(policy.probe_delay(failures).min(policy.max_backoff)).await?;
            failures += 1;
        }
    }

    /// Tells of a problem, once while it stays the same.
    fn report(&self, problem: String) {
        let known = self.status.borrow().problem.as_ref() == Some(&problem);
        if !known {
            warn!(exporter = %self.name(), "{problem}");
            self.update(|status| status.problem = Some(problem));
        }
    }

    pub(super) fn name(&self) -> String {
        self.status.borrow().name.clone()
    }

    /// The task is over: answers everybody who ordered a drain.
    pub(super) fn end(&self, end: DrainEnd) {
        self.update(|status| status.phase = Phase::Ended);
        let drained = Drained { end, behind_bytes: self.status.borrow().behind_bytes };
        self.ended.set(Some(drained));
        for sender in self.waiting.borrow_mut().drain(..) {
            // Whoever asked may have given up.
            let _ = sender.send(drained);
        }
    }
}
