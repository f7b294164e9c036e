//! One moment of a fleet, as `dosd top` shows it: who holds which lane and how that
//! goes, what planners decided last, and what was committed.
//!
//! Owns the shape and the rules by which journal rows become a lane's mark. It asks
//! nobody: whether a pick has shipped, and what was committed, comes in.

mod fold;
mod lane_state;
mod verdict_row;

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

pub use fold::{FrameFold, SpawnIntent};
pub use lane_state::{Chip, LaneState, SPAWN_TTL_MS, lane_states};
pub use verdict_row::{Trust, VerdictRow};

/// One moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frame {
    /// The workspace's path.
    pub workspace: String,
    /// The moment, in UTC.
    pub now: String,
    /// Whether the workspace has a configuration of its own.
    pub initialized: bool,
    /// The declared lanes, then others that somebody holds or is about to hold.
    pub lanes: Vec<LaneState>,
    /// What planners decided, newest first.
    pub verdicts: Vec<VerdictRow>,
    /// The newest commits, newest first.
    pub activity: Vec<Activity>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Its short id.
    pub sha: String,
    /// Its subject.
    pub subject: String,
}

#[cfg(test)]
mod tests;
