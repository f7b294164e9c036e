//! What is fixed for the surfaces of a daemon.

use std::path::PathBuf;
use std::time::Duration;

use dosd_kernel::population::ByLane;
use dosd_kernel::state_diff::Pointer;

use super::entities::Limits;
use super::surface::Source;

/// A source, and how it is asked.
#[derive(Clone)]
pub struct Witnessed {
    /// The source.
    pub source: Source,
    /// How much of it is read at most.
    pub limits: Limits,
    /// For so long an effect that is not there yet is looked for again.
    pub settle: Duration,
    /// Parts of values that are no state.
    pub ignore: Vec<Pointer>,
    /// Everything in its configuration that decides what is read: a baseline of another
    /// definition is no baseline.
    pub definition: String,
}

impl Witnessed {
    /// A source with the usual limits, which is asked once.
    #[must_use]
    pub fn plain(source: Source) -> Self {
        let definition = format!("{} {}", source.kind(), source.name());
        Self {
            source,
            limits: Limits::default(),
            settle: Duration::ZERO,
            ignore: Vec::new(),
            definition,
        }
    }

    /// Whether another one is asked in the same way and gives the same map.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.limits, it.settle, it.ignore.clone(), it.definition.clone());
        self.source.name() == other.source.name()
            && self.source.accountability() == other.source.accountability()
            && key(self) == key(other)
    }
}

/// The surfaces, and where what is known of runs is kept.
#[derive(Clone)]
pub struct WitnessSettings {
    /// Every surface, with distinct names.
    pub surfaces: Vec<Witnessed>,
    /// The surfaces of lanes that name theirs; the others have all of them.
    pub lanes: ByLane<Option<Vec<String>>>,
    /// The folder that holds a folder for each open run.
    pub runs: PathBuf,
    /// A folder for files that live as long as a read.
    pub scratch: PathBuf,
}

impl WitnessSettings {
    /// Whether a surface is one of a lane's.
    #[must_use]
    pub fn is_of(&self, surface: &str, lane: &str) -> bool {
        self.lanes.of(lane).as_ref().is_none_or(|names| names.iter().any(|name| name == surface))
    }
}
