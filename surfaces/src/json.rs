//! A JSON file: one object, entity key to value.

use std::path::PathBuf;

use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Snapshot;

use crate::Identity;

/// A file that holds one JSON object.
#[derive(Debug, Clone)]
pub struct Json {
    /// Its name and rung.
    pub identity: Identity,
    /// The file.
    pub path: PathBuf,
}

impl Surface for Json {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "json"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let failed = |cause: String| Unreadable::new(format!("`{}`: {cause}", self.path.display()));
        let bytes = std::fs::read(&self.path).map_err(|cause| failed(cause.to_string()))?;
        let snapshot: Snapshot = serde_json::from_slice(&bytes)
            .map_err(|cause| failed(format!("{cause}; a JSON object is wanted")))?;
        for (key, value) in snapshot {
            into.entity(&key, value)?;
        }
        Ok(())
    }
}
