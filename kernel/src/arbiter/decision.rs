//! The answer of the arbiter, in the shape that `dosd arbitrate` prints.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Whether a worker may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It may, on the lane that the decision names.
    Acquire,
    /// It may not.
    Refuse,
}

impl Outcome {
    /// The name in journals and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acquire => "acquire",
            Self::Refuse => "refuse",
        }
    }
}

/// What the arbiter answers to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether the worker may start.
    pub outcome: Outcome,
    /// The lane to lease: not always the one that was asked for. Empty when refused.
    pub lane: String,
    /// The kind to lease it as. Empty when refused.
    pub lane_kind: String,
    /// The path globs to lease. Empty when refused, or when nobody named any.
    pub tree: Vec<String>,
    /// Whether the lane was chosen by the arbiter.
    pub auto_picked: bool,
    /// Why, in one sentence. It begins with a word in capitals where programs look
    /// for one: `UNKNOWN_LANE`, `CLASS_BUDGET_EXHAUSTED`.
    pub reason: String,
    /// When refused, lanes without a lease that a request without a wish could get.
    pub free_clusters: Vec<String>,
    /// How much work waits on the lane. Nobody here counts it: always none.
    pub pick_count: Option<u64>,
}

impl Decision {
    pub(super) fn acquire(lane: String, kind: &str, tree: Vec<String>, reason: String) -> Self {
        Self {
            outcome: Outcome::Acquire,
            lane,
            lane_kind: kind.into(),
            tree,
            auto_picked: false,
            reason,
            free_clusters: Vec::new(),
            pick_count: None,
        }
    }

    pub(super) fn refuse(reason: String, free_clusters: Vec<String>) -> Self {
        Self {
            outcome: Outcome::Refuse,
            lane: String::new(),
            lane_kind: String::new(),
            tree: Vec::new(),
            auto_picked: false,
            reason,
            free_clusters,
            pick_count: None,
        }
    }
}
