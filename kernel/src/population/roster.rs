//! What a plan is made from: the declared lanes, the policy, the evidence.
//!
//! Values only; nothing here decides.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::liveness::Liveness;

/// The lanes that a workspace declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    /// Lanes that run side by side as far as their regions are disjoint.
    #[serde(default)]
    pub concurrent: Vec<String>,
    /// Lanes that run alone.
    #[serde(default)]
    pub exclusive: Vec<String>,
    /// Lanes that a request without a name walks through, in order. More than one
    /// worker may be started for such a lane.
    #[serde(default)]
    pub autopick: Vec<String>,
    /// The path globs of each lane.
    #[serde(default)]
    pub trees: BTreeMap<String, Vec<String>>,
    /// Other names: alias to lane.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
}

impl Lanes {
    /// Whether a lane runs alone.
    #[must_use]
    pub fn is_exclusive(&self, lane: &str) -> bool {
        self.exclusive.iter().any(|name| name == lane)
    }

    /// The path globs of a lane; none for one that is not declared.
    #[must_use]
    pub fn tree(&self, lane: &str) -> &[String] {
        self.trees.get(lane).map_or(&[], Vec::as_slice)
    }
}

/// The taxonomy of a workspace that declares nothing: one lane over the whole
/// tree, and one that runs alone.
impl Default for Lanes {
    fn default() -> Self {
        let lane = |name: &str| Vec::from([String::from(name)]);
        Self {
            concurrent: lane("main"),
            exclusive: lane("global"),
            autopick: lane("main"),
            trees: ["main", "global"].map(|name| (name.into(), lane("**/*"))).into(),
            aliases: BTreeMap::new(),
        }
    }
}

/// How the population is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// How many workers to keep alive.
    pub target: i64,
    /// Whether a spinning worker counts as one of them.
    pub count_spinning_as_alive: bool,
    /// Whether the lease of a stalled worker is taken back.
    pub reap_stalled: bool,
    /// A worker that spins this long is proposed for a halt; none never proposes.
    pub spin_halt_after_ms: Option<i64>,
    /// With repeatable lanes, as many workers may run at once; none leaves it to
    /// the regions.
    pub max_concurrency: Option<i64>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            target: 1,
            count_spinning_as_alive: true,
            reap_stalled: true,
            spin_halt_after_ms: None,
            max_concurrency: None,
        }
    }
}

/// What is known about one lane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneEvidence {
    /// Its name.
    pub lane: String,
    /// How its run is doing; none if the lane is free.
    #[serde(default)]
    pub liveness: Option<Liveness>,
    /// Its path globs.
    #[serde(default)]
    pub tree: Vec<String>,
    /// Whether it runs alone.
    #[serde(default)]
    pub is_exclusive: bool,
    /// Whether a worker is on its way that holds no lease yet.
    #[serde(default)]
    pub pending: bool,
    /// For how long it has been spinning; none if it is not.
    #[serde(default)]
    pub spinning_age_ms: Option<i64>,
    /// Whether several workers may be started for it.
    #[serde(default)]
    pub repeatable: bool,
}

/// What is known about a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The lanes, in roster order.
    #[serde(default)]
    pub lanes: Vec<LaneEvidence>,
    /// How many workers are wanted.
    #[serde(default = "one")]
    pub target: i64,
}

fn one() -> i64 {
    1
}
