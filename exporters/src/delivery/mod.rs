//! What follows from a sink's answer. Pure: an answer, the time and a random
//! number go in, actions come out in the order in which to perform them.
//!
//! How backoff and circuit fit together is told in the crate's documentation.

#[cfg(test)]
pub(crate) mod model;
mod policy;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::PAGE_ROWS;
use crate::sink::{Delivery, Refusal};

pub use policy::Policy;

/// What an exporter does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Put these of the events that wait into the dead letters, durably. They are
    /// counted from the first that is not settled.
    DeadLetter(Vec<Refusal>),
    /// So many events are settled: move the cursor over them, durably.
    MoveCursor(usize),
    /// Tell people that the circuit changed.
    Announce(Change),
    /// Wait before anything else is sent.
    WaitFor(Duration),
    /// As [`Action::WaitFor`], and what is sent then is the one probe of an open
    /// circuit.
    Probe(Duration),
    /// Send nothing until somebody resumes the exporter.
    Disable(String),
}

/// A change of the circuit, worth one line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Too many failures in a row.
    Opened {
        /// The last of them.
        reason: String,
    },
    /// The sink took something again.
    Closed {
        /// How long the circuit was open, in milliseconds.
        open_ms: i64,
    },
}

/// Whether a sink is thought to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Circuit {
    /// It is.
    Closed,
    /// It is not: only probes are sent.
    Open {
        /// Since when, epoch ms.
        since_ms: i64,
        /// Probes that failed so far.
        failed_probes: u32,
    },
}

/// The state between the sends of one exporter.
#[derive(Debug, Clone)]
pub struct Courier {
    policy: Policy,
    circuit: Circuit,
    /// Failures since the sink last took something.
    failures: u32,
    /// Answers in a row that asked to come again later.
    tries: u32,
    /// How many events the next batch may have; `None` when nothing has been
    /// refused lately.
    window: Option<usize>,
}

impl Courier {
    /// A courier that has sent nothing yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, circuit: Circuit::Closed, failures: 0, tries: 0, window: None }
    }

    /// At most so many events may go into the next batch, given what the sink
    /// itself allows.
    #[must_use]
    pub fn window(&self, allowed: usize) -> usize {
        self.window.unwrap_or(allowed).clamp(1, allowed.max(1))
    }

    /// Whether the sink is thought to work.
    #[must_use]
    pub fn circuit(&self) -> Circuit {
        self.circuit
    }

    /// Decides what follows from the answer to a batch of `events` events.
    /// `jitter` is uniformly random.
    pub fn answered(
        &mut self,
        delivery: Delivery,
        events: usize,
        now_ms: i64,
        jitter: u64,
    ) -> Vec<Action> {
        match delivery {
            Delivery::Accepted => self.accepted(events, now_ms, None),
            Delivery::PartlyAccepted { refused } => {
                let dead = (!refused.is_empty()).then_some(Action::DeadLetter(refused));
                self.accepted(events, now_ms, dead)
            }
            Delivery::Stopped { taken: 0, next } => self.answered(*next, 1, now_ms, jitter),
            Delivery::Stopped { taken, next } => {
                let mut actions = self.accepted(taken, now_ms, None);
                actions.extend(self.answered(*next, 1, now_ms, jitter));
                actions
            }
            Delivery::Throttled { delay, .. } => vec![self.throttled(delay, jitter)],
            Delivery::Retry { reason } => self.failed(reason, now_ms, jitter),
            // A batch that is refused as a whole holds a bad event: half of it is
            // sent at once, until that event stands alone.
            Delivery::Refused { .. } if events > 1 => {
                self.window = Some(events / 2);
                Vec::new()
            }
            Delivery::Refused { reason } => self.refused(reason, now_ms),
            Delivery::Disabled { reason } => vec![Action::Disable(reason)],
        }
    }

    fn accepted(&mut self, events: usize, now_ms: i64, dead: Option<Action>) -> Vec<Action> {
        self.failures = 0;
        self.tries = 0;
        // Past a whole page there is nothing left to be careful about.
        self.window =
            self.window.map(|window| window.saturating_mul(2)).filter(|window| *window < PAGE_ROWS);
        let closed = match std::mem::replace(&mut self.circuit, Circuit::Closed) {
            Circuit::Open { since_ms, .. } => Some(Action::Announce(Change::Closed {
                open_ms: now_ms.saturating_sub(since_ms).max(0),
            })),
            Circuit::Closed => None,
        };
        closed.into_iter().chain(dead).chain([Action::MoveCursor(events)]).collect()
    }

    /// The sink answered, so this is no failure and leaves the circuit alone.
    fn throttled(&mut self, delay: Option<Duration>, jitter: u64) -> Action {
        self.tries = self.tries.saturating_add(1);
        Action::WaitFor(match delay {
            Some(named) => self.policy.named_delay(named),
            None => self.policy.backoff(self.tries, jitter),
        })
    }

    fn failed(&mut self, reason: String, now_ms: i64, jitter: u64) -> Vec<Action> {
        self.tries = self.tries.saturating_add(1);
        let mut actions = self.count_failure(reason, now_ms);
        if self.circuit == Circuit::Closed {
            actions.push(Action::WaitFor(self.policy.backoff(self.tries, jitter)));
        }
        actions
    }

    /// One event alone, refused: it is the bad one.
    fn refused(&mut self, reason: String, now_ms: i64) -> Vec<Action> {
        let refusal = Refusal { index: 0, reason: reason.clone() };
        // Its neighbour may be as bad: go on one by one until one is taken.
        self.window = Some(1);
        let mut actions = vec![Action::DeadLetter(vec![refusal]), Action::MoveCursor(1)];
        actions.extend(self.count_failure(reason, now_ms));
        actions
    }

    /// Opens the circuit when it is time, and asks for a probe while it is open.
    fn count_failure(&mut self, reason: String, now_ms: i64) -> Vec<Action> {
        self.failures = self.failures.saturating_add(1);
        match &mut self.circuit {
            Circuit::Open { failed_probes, .. } => {
                *failed_probes = failed_probes.saturating_add(1);
                vec![Action::Probe(self.policy.probe_delay(*failed_probes))]
            }
            Circuit::Closed if self.failures >= self.policy.failures_to_open => {
                self.circuit = Circuit::Open { since_ms: now_ms, failed_probes: 0 };
                let opened = Action::Announce(Change::Opened { reason });
                vec![opened, Action::Probe(self.policy.probe_delay(0))]
            }
            Circuit::Closed => Vec::new(),
        }
    }
}
