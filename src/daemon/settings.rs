//! From the checked configuration to what the actors are given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dosd_actors::port::Clock;
use dosd_actors::rotated_log::Rotation;
use dosd_actors::spawn::{Run, SpawnSettings, WorkerPolicy};
use dosd_actors::supervisor::{FleetSettings, LeaseMode};
use dosd_kernel::run_id::{self, Lineage};

use super::RunOptions;
use super::error::DaemonError;
use crate::config::{Config, LeaseKeeper, Placeholders};

/// The place of this daemon in the lineage of runs.
///
/// # Errors
/// When the clock shows a time that no run id can hold.
pub(super) fn lineage(
    options: &RunOptions,
    clock: &dyn Clock,
    random: &mut fastrand::Rng,
) -> Result<Lineage, DaemonError> {
    let environment = &options.environment;
    run_id::mint(
        clock.now_ms(),
        random.u64(..),
        "dosd",
        environment.run_id.as_deref(),
        environment.root_id.as_deref(),
    )
    .map_err(DaemonError::Clock)
}

/// The roster and the policies.
pub(super) fn fleet(config: &Config, host_id: &str, lineage: Lineage) -> FleetSettings {
    FleetSettings {
        lanes: config.lanes.clone(),
        policy: config.supervise,
        liveness: config.liveness,
        restart: config.workers.map(|worker| worker.restart),
        lease: config.workers.map(|worker| match worker.lease {
            LeaseKeeper::Worker => LeaseMode::Worker,
            LeaseKeeper::Supervisor => LeaseMode::Supervisor,
        }),
        tick: config.tick,
        host_id: host_id.to_owned(),
        pid: std::process::id(),
        lineage,
    }
}

/// Where workers are, and what they find in their environment.
pub(super) fn spawn(options: &RunOptions, socket: &Path, host_id: String) -> SpawnSettings {
    let root = options.workspace.root().to_owned();
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: PathBuf| {
        environment.insert(name.to_owned(), value.to_string_lossy().into_owned());
    };
    set("DISPATCH_WORKSPACE", root.clone());
    set("DOSD_SOCKET", socket.to_owned());
    if let Some(program) = &options.program {
        set("DOSD_BIN", program.clone());
    }
    SpawnSettings {
        workspace: root,
        environment,
        logs: options.workspace.logs_dir(),
        runs: options.workspace.runs_dir(),
        host_id,
    }
}

/// How workers are started, captured and stopped.
pub(super) fn workers(options: &RunOptions) -> WorkerPolicy {
    let workers = &options.config.workers;
    let commands = workers.map(|worker| worker.command.clone());
    let workspace = options.workspace.root().to_string_lossy().into_owned();
    WorkerPolicy {
        argv: Arc::new(move |run: &Run| {
            commands.of(&run.lane).argv(Placeholders {
                lane: &run.lane,
                run_id: &run.run_id,
                workspace: &workspace,
            })
        }),
        stop_timeout: workers.map(|worker| worker.stop_timeout),
        rotation: workers.map(|worker| Rotation {
            max_bytes: worker.log.max_bytes,
            keep: worker.log.keep as usize,
        }),
    }
}
