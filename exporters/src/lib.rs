//! One exporter for every sink: it reads the verdict journal, hands batches to a
//! sink, and moves a durable cursor when the sink took them.
//!
//! # Theory of operation
//!
//! **The journal is the queue.** An exporter keeps no second copy: it holds at
//! most one page ([`PAGE_ROWS`] rows, [`PAGE_BYTES`]) in memory, whether it is
//! one event behind or a hundred thousand. The journal rings a doorbell and
//! never waits for anybody, so a dead sink delays neither the journal nor
//! another sink.
//!
//! **At least once, in journal order.** The cursor ([`cursor`]) is replaced on
//! disk after the sink took a batch, never before. A crash in between sends the
//! batch again, with the same event ids. What a sink refuses for good is put
//! into the dead letters ([`dead_letter`]) and synced before the cursor moves
//! over it. Events that the filter leaves out move the cursor too.
//!
//! **Decide purely, act elsewhere.** A [`Sink`] encodes purely and answers each
//! send with a [`Delivery`]. What follows from an answer is decided by
//! [`delivery::Courier`], which reads no clock and does nothing; the exporter
//! performs the actions it returns.
//!
//! **Backoff and circuit.** Up to the fifth failure in a row the waits are
//! random between nothing and a ceiling that doubles (1 s, 2 s, 4 s, 8 s): a
//! hiccup is over soon, and many exporters do not come back in step. The fifth
//! failure opens the circuit: from then on one probe, which is the waiting batch
//! itself, is sent after 1 s, 2 s, 4 s … 60 s, until the sink takes something.
//! Being throttled is no failure, because the sink answered: its own delay is
//! kept, up to 5 min, and without one the ceilings go on to 30 s.
//!
//! **One bad event.** A batch that is refused as a whole is halved and sent
//! again until the bad event stands alone; only that one becomes a dead letter.
//! Five dead letters in a row open the circuit too, so that a wrong address or
//! key does not turn a whole journal into dead letters within a minute.
//!
//! **Blocking.** File work goes to the runtime's blocking pool; the exporters may
//! share a thread.
//!
//! **Panics.** Everything runs inside the actor, so a panic in a sink drops the
//! actor and its end guard says so; a new one begins at the cursor.
//!
//! **Shutdown.** [`Drain`] delivers what the journal holds at that moment, or
//! gives up at its deadline; the cursor keeps the rest.
//!
//! What this crate never does: write a journal, read the environment, print, or
//! exit the process.

/// Rows that an exporter holds in memory at most.
pub const PAGE_ROWS: usize = 512;

/// Bytes of rows that an exporter holds in memory at most, one longer row aside.
pub const PAGE_BYTES: usize = 1024 * 1024;

mod aside;
pub mod cursor;
pub mod dead_letter;
pub mod delivery;
mod directory;
mod event;
mod exporter;
pub mod file;
mod filter;
#[cfg(feature = "http")]
mod http;
mod line_file;
mod off_thread;
mod one_shot;
#[cfg(feature = "otlp")]
pub mod otlp;
mod queue;
mod replay;
mod sink;
#[cfg(feature = "slack")]
pub mod slack;
#[cfg(feature = "statsd")]
pub mod statsd;
#[cfg(test)]
mod testing;
#[cfg(feature = "webhook")]
pub mod webhook;

pub use event::Event;
pub use exporter::{
    Drain, DrainEnd, Drained, ExporterActor, ExporterParts, ExporterStatus, Failures, GetStatus,
    Phase, Resume, StartFrom,
};
pub use filter::Filter;
pub use one_shot::{SentOnce, send_once};
pub use replay::{ReplayError, Replayed, replay};
pub use sink::{Assurance, Delivery, Limits, Refusal, Sink, Unhealthy};
