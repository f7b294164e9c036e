//! A sink that is in some mood, and remembers what it was given.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dosd_exporters::{Delivery, Event, Limits, Refusal, Sink, Unhealthy};
use dosd_kernel::invariant::Exported;
use tokio::time::sleep;

use super::life::Life;
use crate::trace::Trace;

/// How a sink behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes everything.
    Good,
    /// It takes everything, and takes its time.
    Slow(Duration),
    /// It fails.
    Failing,
    /// It takes everything and says that it failed.
    Forgetful,
    /// It wants to be left alone.
    Throttling(Option<Duration>),
    /// It refuses some events, with all that come with them.
    Refusing,
    /// It refuses some events by name.
    Partly,
    /// It takes one at a time, then fails.
    OneByOne,
    /// It never answers.
    Hanging,
    /// It is gone for good.
    Gone,
    /// It panics once, and is good then.
    Panicking,
}

/// What a sink has in hand. Clones share it; it outlives the daemon.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) name: &'static str,
    state: Arc<Mutex<State>>,
    trace: Trace,
}

struct State {
    mood: Mood,
    given: Vec<Exported>,
}

impl Receiver {
    pub(crate) fn new(name: &'static str, trace: Trace) -> Self {
        let state = State { mood: Mood::Good, given: Vec::new() };
        Self { name, state: Arc::new(Mutex::new(state)), trace }
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// Whether it panics when it is next asked for something.
    pub(crate) fn is_panicking(&self) -> bool {
        self.state().mood == Mood::Panicking
    }

    /// Everything that it took, or refused for good, in the order in which it came.
    pub(crate) fn given(&self) -> Vec<Exported> {
        self.state().given.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, events: &[Exported]) {
        self.trace.note(format_args!("sink {} has {} events", self.name, events.len()));
        self.state().given.extend_from_slice(events);
    }
}

/// The sink of one daemon.
pub(crate) struct MoodySink {
    pub(crate) receiver: Receiver,
    pub(crate) life: Life,
}

impl MoodySink {
    async fn answer(&self, batch: &[Exported]) -> Delivery {
        let mood = self.receiver.state().mood;
        let reason = || format!("{mood:?}");
        let bad: Vec<usize> = (0..batch.len()).filter(|at| is_bad(&batch[*at])).collect();
        match mood {
            Mood::Slow(long) => {
                sleep(long).await;
                if self.life.is_dead() {
                    return std::future::pending().await;
                }
            }
            Mood::Hanging => return std::future::pending().await,
            Mood::Failing => return Delivery::Retry { reason: reason() },
            Mood::Throttling(delay) => return Delivery::Throttled { delay, reason: reason() },
            Mood::Gone => return Delivery::Disabled { reason: reason() },
            Mood::Panicking => {
                self.receiver.be(Mood::Good);
                panic!("{PANIC}");
            }
            Mood::Forgetful => {
                self.receiver.take(batch);
                self.receiver.be(Mood::Good);
                return Delivery::Retry { reason: reason() };
            }
            Mood::Refusing if !bad.is_empty() => {
                if batch.len() == 1 {
                    self.receiver.take(batch);
                }
                return Delivery::Refused { reason: reason() };
            }
            Mood::Partly => {
                self.receiver.take(batch);
                let refused = bad.into_iter().map(|index| Refusal { index, reason: reason() });
                return Delivery::PartlyAccepted { refused: refused.collect() };
            }
            Mood::OneByOne if batch.len() > 1 => {
                self.receiver.take(&batch[..1]);
                let next = Box::new(Delivery::Retry { reason: reason() });
                return Delivery::Stopped { taken: 1, next };
            }
            Mood::Good | Mood::Refusing | Mood::OneByOne => {}
        }
        self.receiver.take(batch);
        Delivery::Accepted
    }
}

/// What a sink says when it panics as planned.
pub(crate) const PANIC: &str = "the sink panics as planned";

/// Whether an event is one of those that a choosy sink refuses.
fn is_bad(event: &Exported) -> bool {
    event.row.len().is_multiple_of(5)
}

impl Sink for MoodySink {
    type Batch = Vec<Exported>;

    fn kind(&self) -> &'static str {
        "moody"
    }

    fn limits(&self) -> Limits {
        Limits { events: 7, timeout: Duration::from_secs(20), ..Limits::default() }
    }

    fn encode(&self, events: &[Event]) -> Self::Batch {
        let exported =
            |event: &Event| Exported { id: event.id().to_string(), row: event.row().to_owned() };
        events.iter().map(exported).collect()
    }

    async fn send(&mut self, batch: &Self::Batch) -> Delivery {
        if self.life.is_dead() {
            return std::future::pending().await;
        }
        self.answer(batch).await
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        Ok(())
    }
}
