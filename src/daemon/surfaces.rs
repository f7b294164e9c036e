//! From the checked configuration to the surfaces that the witness reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use dosd_actors::witness::{Limits, Source, WitnessSettings, Witnessed};
use dosd_surfaces::{Identity, Json};

use super::RunOptions;
use crate::config::{Surface, Witness};
use crate::workspace::Workspace;

/// The surfaces of a workspace.
pub(super) fn witness(options: &RunOptions) -> WitnessSettings {
    let workspace = &options.workspace;
    WitnessSettings {
        surfaces: options.config.witnesses.iter().map(|it| witnessed(workspace, it)).collect(),
        lanes: BTreeMap::new(),
        runs: workspace.runs_dir(),
        scratch: workspace.state_dir().join("scratch"),
    }
}

fn witnessed(workspace: &Workspace, witness: &Witness) -> Witnessed {
    let identity = Identity { name: witness.name.clone(), accountability: witness.rung };
    let Surface::Json { path } = &witness.surface;
    let surface = Json { identity, path: workspace.resolve_path(path), key: None };
    Witnessed {
        source: Source::State(Arc::new(surface)),
        limits: Limits::default(),
        settle: std::time::Duration::ZERO,
        ignore: Vec::new(),
        definition: format!("{:?}", witness.surface),
    }
}
