//! Writing a proposal down: one HALT row, on disk before it counts. It decides nothing, and stops
//! nothing.

use super::super::Failure;
use crate::workspace::Workspace;
use dosd_actors::journal::Log;
use dosd_actors::port::{Disk, SharedStorage};
use dosd_kernel::lane::{Halt, LaneFold, LaneRow};
use std::path::PathBuf;
use std::sync::Arc;

/// Where proposals go.
pub(super) struct Proposer {
    pub(super) workspace: Workspace,
    pub(super) journal: PathBuf,
}

impl Proposer {
    /// Appends the row. The journal is only held for this one row: others write it too.
    pub(super) fn record(&self, halt: Halt, now_ms: i64) -> Result<(), Failure> {
        if self.journal.starts_with(self.workspace.state_dir()) {
            self.workspace.ensure_state_dir().map_err(|cause| {
                Failure::Failed(format!(
                    "cannot make `{}`: {cause}\n  help: let this user write into the workspace",
                    self.workspace.state_dir().display()
                ))
            })?;
        }
        let storage: SharedStorage = Arc::new(Disk);
        let mut log = Log::<LaneFold>::open(storage, &self.journal)?;
        log.append(&[LaneRow::Halt(halt).draft(now_ms)])?;
        Ok(())
    }
}
