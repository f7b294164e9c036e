//! The shape of a plan, as `dosd loop --json` prints it.
//!
//! Values only; `supervise` makes them.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::roster::Evidence;

/// How the population stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// More workers are wanted than the lanes' regions admit.
    TargetUnreachable,
    /// More workers are alive than wanted.
    OverTarget,
    /// Workers are to be started.
    Filling,
    /// Nothing is to be started.
    AtTarget,
}

impl Outcome {
    /// The outcome's name in journals and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TargetUnreachable => "TARGET_UNREACHABLE",
            Self::OverTarget => "OVER_TARGET",
            Self::Filling => "FILLING",
            Self::AtTarget => "AT_TARGET",
        }
    }
}

/// What to do about a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Disposition {
    /// Start a worker.
    Spawn,
    /// Take its lease back.
    Reap,
    /// Show it to somebody.
    Flag,
    /// Ask somebody whether to stop it.
    ProposeHalt,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The lane.
    pub lane: String,
    /// What to do about it.
    pub disposition: Disposition,
    /// Why, in one sentence.
    pub reason: String,
}

/// The plan of one tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// How the population stands.
    pub verdict: Outcome,
    /// Why, in one sentence.
    pub reason: String,
    /// Workers that are alive.
    pub alive: i64,
    /// Workers that the lanes' regions admit at once.
    pub admissible: i64,
    /// Workers that are wanted.
    pub target: i64,
    /// Workers to start; a repeatable lane may appear more than once.
    pub spawn: Vec<Item>,
    /// Leases to take back.
    pub reap: Vec<Item>,
    /// Lanes to show to somebody.
    pub flag: Vec<Item>,
    /// Workers that somebody may want to stop. The supervisor never does.
    pub proposed_halt: Vec<Item>,
    /// What the plan was made from.
    pub evidence: Evidence,
}
