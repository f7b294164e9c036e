//! What waits for somebody's decision, as the journals and verdict envelopes say.
//!
//! Owns the rules by which refusals and proposed halts become one ranked list. It
//! stores nothing and settles nothing: without it no data is lost, only the view.
//!
//! Two sources are read: the lane journal (refused requests, proposed halts) and the
//! verdict envelopes of planners (`.verdict-*.json`). Soak windows, which other tools
//! keep as YAML, are no source here.

mod envelope;
mod field;
mod journal;
mod lane_name;
mod queue;
mod reason;
mod resolver;

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

pub(crate) use envelope::lane_of;
pub use envelope::{Envelope, from_envelope};
pub(crate) use field::is_set;
pub use journal::from_journal;
pub use lane_name::lane_name;
pub use queue::{Policy, queue};
pub use reason::Reasons;

/// Where a decision comes from, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// A halt was proposed: a run is stuck now, and costs.
    Liveness,
    /// A request for a lane was refused.
    ArbiterRefuse,
    /// A planned piece of work was refused before it was started.
    PreflightRefuse,
    /// A planner found nothing to do.
    Wedge,
}

impl Kind {
    /// The kind's name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Liveness => "LIVENESS",
            Self::ArbiterRefuse => "ARBITER_REFUSE",
            Self::PreflightRefuse => "PREFLIGHT_REFUSE",
            Self::Wedge => "WEDGE",
        }
    }
}

/// Who can settle a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Resolver {
    /// Nobody has to: it goes away when a lane is given back.
    Backpressure,
    /// A person.
    Human,
    /// A model that judges.
    Judge,
    /// A check of the facts.
    Oracle,
}

impl Resolver {
    /// The resolver's name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backpressure => "BACKPRESSURE",
            Self::Human => "HUMAN",
            Self::Judge => "JUDGE",
            Self::Oracle => "ORACLE",
        }
    }
}

/// One pending decision, in the shape that `dosd decisions --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Where it comes from.
    pub kind: Kind,
    /// Who can settle it.
    pub resolver_kind: Resolver,
    /// The lane it is about, or empty.
    pub lane: String,
    /// The reason's token, or empty.
    pub reason_token: String,
    /// The reason as it was written down.
    pub reason_text: String,
    /// The run it is about, or empty.
    pub run_id: String,
    /// The directory name of the run, when an envelope names one; else empty.
    pub run_ts: String,
    /// How old it is; none when its source has no time.
    pub age_seconds: Option<i64>,
    /// The file that it was read from.
    pub source_path: String,
    /// Where in that file, and what else it says.
    pub evidence: Vec<String>,
    /// The command that would stop the run, for people; empty when nobody gave one.
    pub proposed_command: String,
    /// What names the run to whoever stops it, or empty.
    pub handle: String,
    /// How many alike this one stands for.
    pub dup_count: usize,
}

#[cfg(test)]
mod tests;
