//! What was read before a run started, in the run's directory, so that it outlives the
//! daemon: one file of digests for each surface, and one file that says so, written last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entities::Walk;
use super::surface::{SurfaceError, Unreadable};
use crate::port::Storage;

/// The folder inside a run's directory.
const FOLDER: &str = "baseline";

/// The file that makes the others a baseline.
const INDEX: &str = "baseline.json";

/// The keys that were claimed while the run was open, one JSON array `[surface, key]` a
/// line; the surface is null for a key that names none.
pub(super) const CLAIMED: &str = "claimed.jsonl";

/// The verdicts of the run's claims, one JSON string a line.
pub(super) const JUDGED: &str = "judged.jsonl";

/// A baseline, as its index tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The lane of the run.
    pub lane: String,
    /// The run at the root of its lineage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_id: Option<String>,
    /// What was read, by the name of the surface.
    pub surfaces: BTreeMap<String, Taken>,
}

/// What was read of one surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// Its digests are kept.
    Read {
        /// In this file of the folder.
        digests: String,
        /// Read by this definition; by another one it would be another map.
        definition: String,
    },
    /// It could not be read, for this cause.
    Failed(String),
}

impl Baseline {
    /// Where the baseline of a run is, given the run's directory.
    #[must_use]
    pub fn folder(run_directory: &Path) -> PathBuf {
        run_directory.join(FOLDER)
    }

    /// The baseline in a folder, if one was taken.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub fn load(storage: &dyn Storage, folder: &Path) -> Result<Option<Self>, Unreadable> {
        let path = folder.join(INDEX);
        let failed = |cause: &dyn std::fmt::Display| {
            Unreadable::new(format!("the baseline `{}`: {cause}", path.display()))
        };
        if storage.stat(&path).map_err(|cause| failed(&cause))?.is_none() {
            return Ok(None);
        }
        let bytes = storage.read(&path).map_err(|cause| failed(&cause))?;
        serde_json::from_slice(&bytes).map(Some).map_err(|cause| failed(&cause))
    }

    /// Makes what was put into a folder before a baseline.
    pub(super) fn store(&self, storage: &dyn Storage, folder: &Path) -> Result<(), Unreadable> {
        let path = folder.join(INDEX);
        let failed = |cause: &dyn std::fmt::Display| {
            Unreadable::new(format!("the baseline `{}`: {cause}", path.display()))
        };
        let bytes = serde_json::to_vec(self).map_err(|cause| failed(&cause))?;
        storage.create_new(&path, &bytes).map_err(|cause| failed(&cause))
    }

    /// Walks over what was read of a surface, as it is defined now.
    ///
    /// # Errors
    /// Why there is nothing to compare with: it was not read, or not like this.
    pub fn walk(
        &self,
        storage: &dyn Storage,
        folder: &Path,
        surface: &str,
        definition: &str,
    ) -> Result<Walk<'static>, Unreadable> {
        match self.surfaces.get(surface) {
            None => Err(Unreadable::new(format!(
                "no baseline: `{surface}` was not among the surfaces of this run when it started"
            ))),
            Some(Taken::Failed(cause)) => {
                let error = SurfaceError { surface: surface.to_owned(), cause: cause.clone() };
                Err(Unreadable::new(format!("at the run's start, {error}")))
            }
            Some(Taken::Read { definition: then, .. }) if then != definition => {
                Err(Unreadable::new(format!(
                    "no baseline: the definition of `{surface}` has changed since the run started"
                )))
            }
            Some(Taken::Read { digests, .. }) => Walk::file(storage, &folder.join(digests)),
        }
    }
}
