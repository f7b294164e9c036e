//! Whether the commands of workers can be started, the usual one and those of single lanes.

use super::{Finding, WorkerCheck, program, shown};
use crate::config::model::{Config, LeaseKeeper, Worker};
use crate::config::{Placeholders, Weight};
use crate::env::Environment;
use crate::workspace::Workspace;
use std::collections::BTreeMap;

/// Looks for the program of one command.
pub(super) fn check(
    worker: &Worker,
    workspace: &Workspace,
    environment: &Environment,
) -> WorkerCheck {
    let command = &worker.command;
    let found = if command.program_varies() {
        Ok(None)
    } else {
        let root = workspace.root();
        let values = Placeholders { lane: "", run_id: "", workspace: &shown(root) };
        let argv = command.argv(values);
        let program = argv.first().map_or("", String::as_str);
        program::find(program, root, environment.search_path.as_deref()).map(Some)
    };
    WorkerCheck {
        command: command.words().to_vec(),
        program: found.as_ref().ok().and_then(|path| path.as_deref().map(shown)),
        lease: match worker.lease {
            LeaseKeeper::Worker => "worker",
            LeaseKeeper::Supervisor => "supervisor",
        },
        problem: found.err(),
    }
}

/// Whether a worker may be started by the usual command: it is no lack that nobody notices.
pub(super) fn usual_is_used(config: &Config) -> bool {
    let lanes = config.lanes.concurrent.iter().chain(&config.lanes.exclusive);
    let uses = |lane: &str| config.worker(lane).command == config.workers.usual.command;
    // Without a lane there is nobody else to try it on.
    let mut lanes = lanes.peekable();
    lanes.peek().is_none()
        || lanes.any(|lane| uses(lane))
        || (config.supervise.max_concurrency.is_some() && uses("auto"))
}

/// What keeps workers from being started, once for each command.
pub(super) fn findings(
    usual: &WorkerCheck,
    usual_is_used: bool,
    lanes: &BTreeMap<String, WorkerCheck>,
) -> Vec<Finding> {
    let finding = |subject: String, check: &WorkerCheck, section: &str| {
        check.problem.clone().map(|what| Finding {
            weight: Weight::Error,
            subject,
            what,
            help: format!("correct `command` of `{section}`, or install the program"),
        })
    };
    let first = usual_is_used
        .then(|| finding("worker command".to_owned(), usual, "[dosd.worker]"))
        .flatten();
    let own = lanes.iter().filter(|(_, check)| check.command != usual.command);
    let others = own.filter_map(|(lane, check)| {
        let section = format!("[dosd.worker.lanes.{lane}]");
        finding(format!("worker command of lane {lane}"), check, &section)
    });
    first.into_iter().chain(others).collect()
}
