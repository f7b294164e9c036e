//! A JSON file as a surface: one object, entity key to value.

use std::path::{Path, PathBuf};

use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Snapshot;

use super::surface::{Surface, SurfaceError};
use crate::port::SharedStorage;

/// A JSON file that holds an object.
pub struct JsonSurface {
    name: String,
    path: PathBuf,
    accountability: Accountability,
    storage: SharedStorage,
}

impl JsonSurface {
    /// The surface `name` over the file at `path`.
    #[must_use]
    pub fn new(
        name: String,
        path: PathBuf,
        accountability: Accountability,
        storage: SharedStorage,
    ) -> Self {
        Self { name, path, accountability, storage }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Surface for JsonSurface {
    fn name(&self) -> &str {
        &self.name
    }

    fn accountability(&self) -> Accountability {
        self.accountability
    }

    fn read(&self) -> Result<Snapshot, SurfaceError> {
        let failed = |cause: String| SurfaceError {
            surface: self.name.clone(),
            cause: format!("`{}`: {cause}", self.path.display()),
        };
        let bytes = self.storage.read(&self.path).map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| failed(format!("{error}; a JSON object is wanted")))
    }
}
