//! What is said over the control socket. Adding a key is compatible; a request
//! that is not known is refused with its name.

use dosd_actors::journal::Compacted;
use dosd_kernel::effect_witness::EffectReport;
use serde::{Deserialize, Serialize};

/// What a command line asks of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Judge a worker's claim.
    Claim {
        /// The run that claims.
        run_id: String,
        /// Its lane.
        lane: String,
        /// The effect's key.
        key: String,
        /// The worker's words.
        narrated: String,
    },
    /// Compact the lane journal.
    Compact,
}

/// What the daemon answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The verdict on a claim.
    Claim {
        /// The verdict with its reason.
        report: Box<EffectReport>,
        /// The number of its row in the verdict journal.
        seq: u64,
    },
    /// What a compaction did.
    Compact(Compacted),
    /// The request was not carried out.
    Error(Refusal),
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of reason.
    pub kind: ErrorKind,
    /// The reason, for people.
    pub message: String,
}

/// The kinds of reasons, by what the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The line is not a request: mend the caller.
    InvalidRequest,
    /// Somebody else holds what is needed: try again.
    Busy,
    /// The daemon could not do it: look at its log.
    Failed,
}
