//! What an [`ExporterActor`](super::ExporterActor) is asked.

use std::time::Duration;

use actix::Message;

use super::status::ExporterStatus;

/// How it goes.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "ExporterStatus")]
pub struct GetStatus;

/// Send again, after the sink disabled the exporter. Without effect otherwise.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Resume;

/// Deliver what the journal holds now, then end. The actor stops with the answer.
///
/// The journal must still be there, so exporters are drained before it ends.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Drained")]
pub struct Drain {
    /// Give up after so long. A wait for a sink that would end later is not
    /// waited for at all.
    pub within: Duration,
}

/// How far a drain came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// How it ended.
    pub end: DrainEnd,
    /// Bytes of the journal that the cursor keeps for the next start.
    pub behind_bytes: u64,
}

/// The ways a drain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainEnd {
    /// Everything that the journal held is settled.
    CaughtUp,
    /// The time was not enough, or the exporter is disabled.
    GaveUp,
}
