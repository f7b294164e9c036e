//! A sink that answers as a test says and remembers what it was sent.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::LONG_ENOUGH;
use crate::event::Event;
use crate::sink::{Delivery, Limits, Sink, Unhealthy};

/// What the sink does with the next batch.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Say(Delivery),
    /// It takes the batch and never says so.
    Hang,
    Panic,
}

/// One send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// When, since the script was made.
    pub(crate) at: Duration,
    /// Ids of the events.
    pub(crate) ids: Vec<String>,
}

/// The handle of a scripted sink. Clones share it, over restarts of the exporter.
#[derive(Clone)]
pub(crate) struct Script {
    state: Arc<Mutex<State>>,
    sends: Arc<watch::Sender<usize>>,
    origin: Instant,
}

struct State {
    answers: VecDeque<Answer>,
    /// When the script is over.
    otherwise: Delivery,
    poison: BTreeSet<String>,
    sent: Vec<Sent>,
    limits: Limits,
    unhealthy: Option<String>,
}

impl Script {
    pub(crate) fn new() -> Self {
        let state = State {
            answers: VecDeque::new(),
            otherwise: Delivery::Accepted,
            poison: BTreeSet::new(),
            sent: Vec::new(),
            limits: Limits::default(),
            unhealthy: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            sends: Arc::new(watch::Sender::new(0)),
            origin: Instant::now(),
        }
    }

    pub(crate) fn sink(&self) -> ScriptedSink {
        ScriptedSink(self.clone())
    }

    /// The next answers.
    pub(crate) fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state().answers.extend(answers);
    }

    /// The answer to everything after the script.
    pub(crate) fn otherwise(&self, delivery: Delivery) {
        self.state().otherwise = delivery;
    }

    /// Any batch with this event is refused.
    pub(crate) fn poison(&self, id: String) {
        self.state().poison.insert(id);
    }

    pub(crate) fn set_limits(&self, limits: Limits) {
        self.state().limits = limits;
    }

    pub(crate) fn set_unhealthy(&self, why: &str) {
        self.state().unhealthy = Some(why.to_owned());
    }

    /// Every send so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// The ids of all sends so far, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.state().sent.iter().flat_map(|sent| sent.ids.clone()).collect()
    }

    /// Waits until so many sends were made, and gives their times in ms.
    pub(crate) async fn sends(&self, count: usize) -> Vec<u128> {
        let mut sends = self.sends.subscribe();
        let made = sends.wait_for(|made| *made >= count);
        timeout(LONG_ENOUGH, made).await.expect("so many sends were never made").unwrap();
        self.sent().iter().map(|sent| sent.at.as_millis()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a send and decides on it.
    fn decide(&self, ids: &[String]) -> Answer {
        let mut state = self.state();
        state.sent.push(Sent { at: self.origin.elapsed(), ids: ids.to_vec() });
        let poisoned = ids.iter().any(|id| state.poison.contains(id));
        let answer = if poisoned {
            Answer::Say(Delivery::Refused { reason: "poison".to_owned() })
        } else {
            let otherwise = Answer::Say(state.otherwise.clone());
            state.answers.pop_front().unwrap_or(otherwise)
        };
        drop(state);
        self.sends.send_modify(|made| *made += 1);
        answer
    }
}

/// The sink of a [`Script`]. A batch is the ids of its events.
pub(crate) struct ScriptedSink(Script);

impl Sink for ScriptedSink {
    type Batch = Vec<String>;

    fn kind(&self) -> &'static str {
        "scripted"
    }

    fn limits(&self) -> Limits {
        self.0.state().limits
    }

    fn encode(&self, events: &[Event]) -> Self::Batch {
        events.iter().map(|event| event.id().to_string()).collect()
    }

    async fn send(&mut self, batch: &Self::Batch) -> Delivery {
        match self.0.decide(batch) {
            Answer::Say(delivery) => delivery,
            Answer::Hang => std::future::pending().await,
            Answer::Panic => panic!("the script says so"),
        }
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        self.0.state().unhealthy.clone().map_or(Ok(()), |why| Err(Unhealthy(why)))
    }
}
