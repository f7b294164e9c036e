//! How a worker ended, kept for a daemon that was not there to see it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::port::Exit;

/// The end of a worker as its helper saw it: `exit.json` in the run's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// Exit code, when it exited.
    pub code: Option<i32>,
    /// Signal number, when a signal ended it.
    pub signal: Option<i32>,
    /// How long it lived, ms.
    pub ran_ms: i64,
}

impl ExitRecord {
    /// How the process ended.
    #[must_use]
    pub fn exit(self) -> Exit {
        Exit { code: self.code, signal: self.signal }
    }

    /// The record as a file's content.
    ///
    /// # Errors
    /// None in practice: numbers are always JSON.
    pub fn to_bytes(self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self)
    }

    /// The record in a file's content; `None` when it holds none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The file of a run's exit record.
#[must_use]
pub fn exit_record_path(run_directory: &Path) -> PathBuf {
    run_directory.join("exit.json")
}
