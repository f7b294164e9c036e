//! Stopping process groups, and proving that they are empty.

use std::collections::BTreeSet;
use std::rc::Rc;

use futures_util::future::join_all;
use tracing::{info, warn};

use super::living::Stopping;
use super::message::{Run, Survivors};
use super::perform::AFTER_KILL;
use super::rows;
use super::shared::Shared;
use crate::port::{Signal, Stray};

/// Stops all groups at once: TERM and CONT, a while, KILL. Ends when nobody is left
/// and every end is on disk and told, or when that takes too long.
pub(super) async fn stop_all(shared: Rc<Shared>) -> Vec<Survivors> {
    shared.living.begin_to_stop();
    let runs = shared.living.all();
    // What is about to be done is on disk first. If that fails, it is done all the
    // same: a daemon whose disk is gone must not leave its workers behind.
    let halts = runs.iter().filter_map(|(run, process)| {
        let handle = process.as_ref()?.pgid.to_string();
        let reason = "the daemon stops".to_owned();
        Some(rows::halt(run, handle, &shared.settings.host_id, None, reason))
    });
    shared.append_lanes(halts.collect()).await;
    let stopped = runs.into_iter().map(|(run, _)| stop(&shared, run));
    let survivors = join_all(stopped).await.into_iter().flatten().collect();
    end_strays(&shared).await;
    survivors
}

/// Stops one group. Gives those that outlived it.
async fn stop(shared: &Shared, run: Run) -> Option<Survivors> {
    match shared.living.stop(&run.run_id).await {
        Stopping::Survived(members) => Some(Survivors { run, members }),
        Stopping::Stopped => {
            info!(lane = run.lane, run = run.run_id, "worker stopped, its group is empty");
            None
        }
        Stopping::Unproven => None,
    }
}

/// Stops what left the group of a run, of those also that were over before.
async fn end_strays(shared: &Shared) {
    let escalation = [(Signal::Terminate, shared.terms.longest_stop()), (Signal::Kill, AFTER_KILL)];
    for (signal, patience) in escalation {
        let mut told = BTreeSet::new();
        let gone = async {
            loop {
                let strays = shared.launcher.strays();
                if strays.is_empty() {
                    return;
                }
                // The children of one that has ended come here in its place.
                for Stray { process, run_id } in strays {
                    if told.insert(process.pid)
                        && let Err(error) = shared.launcher.signal_stray(process.pid, signal)
                    {
                        warn!(run_id, pid = process.pid, "could not be signalled: {error}");
                    }
                }
                tokio::time::sleep(shared.launcher.look_interval()).await;
            }
        };
        if tokio::time::timeout(patience, gone).await.is_ok() {
            return;
        }
    }
    for Stray { process, run_id } in shared.launcher.strays() {
        warn!(run_id, pid = process.pid, command = process.command, "survived KILL");
    }
}
