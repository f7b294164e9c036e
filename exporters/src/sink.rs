//! What a sink is: the one trait that every destination implements. It knows no
//! journal, no cursor and no retry.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use dosd_actors::supervisor::FleetView;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::{PAGE_BYTES, PAGE_ROWS};

/// A destination for verdict events.
///
/// Dropping the future of [`Sink::send`] abandons that try: at shutdown, or when
/// [`Limits::timeout`] is over. The events are then sent again later, so a sink
/// may have taken them twice but never loses them.
pub trait Sink: 'static {
    /// What [`Sink::encode`] makes and [`Sink::send`] takes.
    type Batch: 'static;

    /// The kind, as it is written in the configuration: `file`, `webhook`.
    fn kind(&self) -> &'static str;

    /// How much it takes at once. Asked again before each batch.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// What [`Delivery::Accepted`] of this sink means.
    fn assurance(&self) -> Assurance {
        Assurance::Acknowledged
    }

    /// Turns events into what is sent. Pure: no clock, no I/O, and the same
    /// events make the same bytes. Never asked for zero events.
    fn encode(&self, events: &[Event]) -> Self::Batch;

    /// Sends one batch and says what became of it.
    fn send(&mut self, batch: &Self::Batch) -> impl Future<Output = Delivery>;

    /// Whether the destination can be reached, without sending an event.
    fn check(&mut self) -> impl Future<Output = Result<(), Unhealthy>>;

    /// How often it wants to [`Sink::show`] how the fleet stands; never, when it shows
    /// events only.
    fn show_every(&self) -> Option<Duration> {
        None
    }

    /// Shows how the fleet stands, as of `now_ms` (epoch ms). A state is not an event: what
    /// could not be shown is not tried again, the next state will be.
    fn show(
        &mut self,
        _fleet: &FleetView,
        _now_ms: i64,
    ) -> impl Future<Output = Result<(), Unhealthy>> {
        std::future::ready(Ok(()))
    }
}

/// How much a sink takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events in a batch, at least 1.
    pub events: usize,
    /// Bytes of rows in a batch, as they stand in the journal; one event is
    /// always sent, however long.
    pub bytes: usize,
    /// How long a send may take before it counts as failed.
    pub timeout: Duration,
    /// How long events may gather after the journal rang, before they are read.
    /// Not kept while the exporter is behind or drains.
    pub gather: Duration,
}

impl Limits {
    /// The events at the front that go into one batch, `window` at most: as many as fit, and
    /// one if there is one.
    pub(crate) fn batch<'a>(&self, waiting: &'a [Event], window: usize) -> &'a [Event] {
        let mut bytes = 0;
        let fitting = waiting.iter().take(window.min(self.events)).take_while(|event| {
            bytes += event.row().len() + 1;
            bytes <= self.bytes
        });
        waiting.get(..fitting.count().max(1)).unwrap_or(waiting)
    }
}

impl Default for Limits {
    /// A whole page, one minute, no gathering.
    fn default() -> Self {
        Self {
            events: PAGE_ROWS,
            bytes: PAGE_BYTES,
            timeout: Duration::from_mins(1),
            gather: Duration::ZERO,
        }
    }
}

/// What it means that a sink accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// The receiver said that it has the events.
    Acknowledged,
    /// They stand in the receiver's queue on this host; whether it reads them nobody knows
    /// (Unix datagrams).
    Queued,
    /// They left this host; whether they arrived nobody knows (UDP).
    LeftThisHost,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The sink has all of it.
    Accepted,
    /// The sink has all of it but these, which it will never take.
    PartlyAccepted {
        /// The events that were refused. A sink that only knows how many were
        /// refused names the whole batch, and says so in the reason.
        refused: Vec<Refusal>,
    },
    /// The sink is there and wants to be left alone for a while.
    Throttled {
        /// For how long, when it said so.
        delay: Option<Duration>,
        /// Its words, or the status.
        reason: String,
    },
    /// It did not work, and may work later.
    Retry {
        /// What happened.
        reason: String,
    },
    /// The sink takes events one by one. It has the first `taken` of the batch, and
    /// `next` became of the one after them; those behind it were not sent.
    Stopped {
        /// How many it has.
        taken: usize,
        /// What became of the next one, never [`Delivery::Stopped`].
        next: Box<Delivery>,
    },
    /// The sink will never take this batch.
    Refused {
        /// Why.
        reason: String,
    },
    /// The destination is gone for good: nothing is sent, and nothing is lost,
    /// until somebody resumes the exporter.
    Disabled {
        /// Why.
        reason: String,
    },
}

/// An event that the sink will never take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its index in the batch, from 0.
    pub index: usize,
    /// Why.
    pub reason: String,
}

/// Why a sink cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhealthy(pub String);

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unhealthy {}
