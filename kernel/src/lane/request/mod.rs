//! What a command asks about lanes, and what it is told.
//!
//! Owns the requests and their rulings; a request holds everything that its ruling
//! needs beside the journal, so it can be sent to whoever is the journal's writer.
//! Never takes a lock, reads a clock or writes a row.

mod acquire;
mod keep;
mod note;

use alloc::string::String;

use serde::{Deserialize, Serialize};

pub use acquire::{AcquireLane, Acquired};
pub use keep::{BeatLane, Beaten, ReleaseLane, Released};
pub use note::{Halted, NoteHalt, NoteSpawn, Spawned};

use super::rule::{Docket, Matter, Ruling};

/// A request about lanes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum LaneRequest {
    /// Give me a lane.
    Acquire(AcquireLane),
    /// Take my lease back.
    Release(ReleaseLane),
    /// The holder of this lease lives.
    Heartbeat(BeatLane),
    /// Somebody is about to take a lane.
    Spawn(NoteSpawn),
    /// Somebody is to be stopped.
    Halt(NoteHalt),
}

/// The answer to a request, as its command prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneReply {
    /// Of an [`AcquireLane`].
    Acquire(Acquired),
    /// Of a [`ReleaseLane`].
    Release(Released),
    /// Of a [`BeatLane`].
    Heartbeat(Beaten),
    /// Of a [`NoteSpawn`].
    Spawn(Spawned),
    /// Of a [`NoteHalt`].
    Halt(Halted),
}

impl LaneReply {
    /// Whether what was asked for was done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self {
            Self::Acquire(answer) => answer.journaled,
            Self::Release(answer) => answer.released,
            Self::Heartbeat(answer) => answer.beat,
            Self::Spawn(answer) => answer.recorded,
            Self::Halt(answer) => answer.recorded,
        }
    }
}

impl Matter for LaneRequest {
    type Answer = LaneReply;

    fn rule(self, docket: &Docket<'_>) -> Ruling<LaneReply> {
        match self {
            Self::Acquire(request) => request.rule(docket).map(LaneReply::Acquire),
            Self::Release(request) => request.rule(docket).map(LaneReply::Release),
            Self::Heartbeat(request) => request.rule(docket).map(LaneReply::Heartbeat),
            Self::Spawn(request) => request.rule(docket).map(LaneReply::Spawn),
            Self::Halt(request) => request.rule(docket).map(LaneReply::Halt),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// The name that stands in leases as their holder.
    pub owner: String,
    /// The host of the command.
    pub host_id: String,
    /// Its process; none for somebody behind a network, whose processes nobody here can look at.
    pub pid: Option<u32>,
}

#[cfg(test)]
mod tests;
