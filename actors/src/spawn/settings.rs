//! What is fixed for every worker of a daemon.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::message::Run;
use crate::port::{Keep, LaunchSpec};
use crate::rotated_log::Rotation;

/// Makes the program and arguments of a run; no shell is ever involved.
pub type Argv = Arc<dyn Fn(&Run) -> Vec<String> + Send + Sync>;

/// How workers are started, captured and stopped.
#[derive(Clone)]
pub struct SpawnSettings {
    /// Program and arguments for a run.
    pub argv: Argv,
    /// The workspace: the workers' directory.
    pub workspace: PathBuf,
    /// Variables for every worker, beside those of its run.
    pub environment: BTreeMap<String, String>,
    /// From TERM to KILL.
    pub stop_timeout: Duration,
    /// Where output goes.
    pub logs: LogPolicy,
    /// The folder that holds a folder for each open run.
    pub runs: PathBuf,
    /// This machine's name in journal rows.
    pub host_id: String,
}

/// Captured output: one folder a lane, one file a run.
#[derive(Debug, Clone)]
pub struct LogPolicy {
    /// The folder that holds a folder for each lane.
    pub directory: PathBuf,
    /// How much is kept for a lane.
    pub rotation: Rotation,
}

impl SpawnSettings {
    /// What to launch for a run.
    pub(super) fn spec(&self, run: &Run) -> LaunchSpec {
        let mut environment = self.environment.clone();
        environment
            .extend(run.lineage.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        environment.insert("DISPATCH_LOOP_TS".to_owned(), run.loop_ts.clone());
        environment.insert("DOS_LANE".to_owned(), run.lane.clone());
        let keep = Keep {
            run_directory: self.run_directory(run),
            log: self.log_path(run),
            rotation: self.logs.rotation,
        };
        LaunchSpec { argv: (self.argv)(run), directory: self.workspace.clone(), environment, keep }
    }

    /// The directory of a run, for as long as it is open.
    #[must_use]
    pub fn run_directory(&self, run: &Run) -> PathBuf {
        self.runs.join(&run.run_id)
    }

    /// The file that a run's output goes to.
    #[must_use]
    pub fn log_path(&self, run: &Run) -> PathBuf {
        self.logs.directory.join(&run.lane).join(format!("{}.log", run.run_id))
    }
}
