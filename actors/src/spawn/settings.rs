//! What every worker of a daemon is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dosd_kernel::population::ByLane;

use super::message::Run;
use super::terms::Terms;
use crate::port::{Keep, LaunchSpec};
use crate::rotated_log::Rotation;

/// Makes the program and arguments of a run; no shell is ever involved.
pub type Argv = Arc<dyn Fn(&Run) -> Vec<String> + Send + Sync>;

/// What is the same for all workers, as long as the daemon lives.
#[derive(Clone)]
pub struct SpawnSettings {
    /// The workspace: the workers' directory.
    pub workspace: PathBuf,
    /// Variables for every worker, beside those of its run.
    pub environment: BTreeMap<String, String>,
    /// The folder that holds a folder with captured output for each lane.
    pub logs: PathBuf,
    /// The folder that holds a folder for each open run.
    pub runs: PathBuf,
    /// This machine's name in journal rows.
    pub host_id: String,
}

/// How workers are started, captured and stopped. It differs between lanes, and may
/// change while workers run: each keeps the terms that it was started on.
#[derive(Clone)]
pub struct WorkerPolicy {
    /// Program and arguments for a run.
    pub argv: Argv,
    /// From TERM to KILL.
    pub stop_timeout: ByLane<Duration>,
    /// How much captured output is kept for a lane.
    pub rotation: ByLane<Rotation>,
}

impl SpawnSettings {
    /// What to launch for a run.
    pub(super) fn spec(&self, run: &Run, terms: Terms) -> LaunchSpec {
        let mut environment = self.environment.clone();
        environment
            .extend(run.lineage.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        environment.insert("DISPATCH_LOOP_TS".to_owned(), run.loop_ts.clone());
        environment.insert("DOS_LANE".to_owned(), run.lane.clone());
        let keep = Keep {
            run_directory: self.run_directory(run),
            log: self.log_path(run),
            rotation: terms.rotation,
        };
        LaunchSpec { argv: terms.argv, directory: self.workspace.clone(), environment, keep }
    }

    /// The directory of a run, for as long as it is open.
    #[must_use]
    pub fn run_directory(&self, run: &Run) -> PathBuf {
        self.runs.join(&run.run_id)
    }

    /// The file that a run's output goes to.
    #[must_use]
    pub fn log_path(&self, run: &Run) -> PathBuf {
        self.logs.join(&run.lane).join(format!("{}.log", run.run_id))
    }
}
