//! From the checked configuration to what the actors are given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dosd_actors::port::Clock;
use dosd_actors::rotated_log::Rotation;
use dosd_actors::spawn::{LogPolicy, Run, SpawnSettings};
use dosd_actors::supervisor::{FleetSettings, LeaseMode};
use dosd_kernel::run_id;

use super::RunOptions;
use super::error::DaemonError;
use crate::config::{LeaseKeeper, Placeholders};

/// The roster and the policies.
///
/// # Errors
/// When the clock shows a time that no run id can hold.
pub(super) fn fleet(
    options: &RunOptions,
    clock: &dyn Clock,
    host_id: &str,
    random: &mut fastrand::Rng,
) -> Result<FleetSettings, DaemonError> {
    let config = &options.config;
    let environment = &options.environment;
    let lineage = run_id::mint(
        clock.now_ms(),
        random.u64(..),
        "dosd",
        environment.run_id.as_deref(),
        environment.root_id.as_deref(),
    )
    .map_err(DaemonError::Clock)?;
    Ok(FleetSettings {
        lanes: config.lanes.clone(),
        policy: config.supervise,
        liveness: config.liveness,
        restart: config.worker.restart,
        lease: match config.worker.lease {
            LeaseKeeper::Worker => LeaseMode::Worker,
            LeaseKeeper::Supervisor => LeaseMode::Supervisor,
        },
        tick: config.tick,
        host_id: host_id.to_owned(),
        pid: std::process::id(),
        lineage,
    })
}

/// How workers are started, and what they find in their environment.
pub(super) fn spawn(options: &RunOptions, socket: &Path, host_id: String) -> SpawnSettings {
    let worker = &options.config.worker;
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
    let command = worker.command.clone();
    let workspace = root.to_string_lossy().into_owned();
    SpawnSettings {
        argv: Arc::new(move |run: &Run| {
            command.argv(Placeholders {
                lane: &run.lane,
                run_id: &run.run_id,
                workspace: &workspace,
            })
        }),
        workspace: root,
        environment,
        stop_timeout: worker.stop_timeout,
        logs: LogPolicy {
            directory: options.workspace.logs_dir(),
            rotation: Rotation { max_bytes: worker.log.max_bytes, keep: worker.log.keep as usize },
        },
        runs: options.workspace.runs_dir(),
        host_id,
    }
}
