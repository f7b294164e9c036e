//! Stopping process groups, and proving that they are empty.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use dosd_kernel::lane::{Halt, LaneRow};
use futures_util::future::join_all;
use tracing::{info, warn};

use super::life::Shared;
use super::living::Phase;
use super::message::{Run, Survivors};
use crate::port::{GroupMember, Signal, Stray};

/// How long a killed group may take to vanish before its members are reported, and
/// a recorded end to reach the disk.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// Stops all groups at once: TERM and CONT, a while, KILL. Ends when nobody is left
/// and every end is on disk and told, or when that takes too long.
pub(super) async fn stop_all(shared: Rc<Shared>) -> Vec<Survivors> {
    shared.living.begin_to_stop();
    let runs = shared.living.all();
    // What is about to be done is on disk first. If that fails, it is done all the
    // same: a daemon whose disk is gone must not leave its workers behind.
    let halts = runs.iter().filter_map(|(run, phase)| halt(&shared, run, phase)).collect();
    shared.append_lanes(halts).await;
    let stopped = runs.into_iter().map(|(run, _)| stop(&shared, run));
    let survivors = join_all(stopped).await.into_iter().flatten().collect();
    end_strays(&shared).await;
    survivors
}

fn halt(shared: &Shared, run: &Run, phase: &Phase) -> Option<LaneRow> {
    let Phase::Running(process) = phase else { return None };
    Some(LaneRow::Halt(Halt {
        handle: process.pgid.to_string(),
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        host_id: shared.settings.host_id.clone(),
        run_id: Some(run.run_id.clone()),
        command: None,
        reason: "the daemon stops".to_owned(),
    }))
}

/// Stops one group. Gives those that outlived it.
pub(super) async fn stop(shared: &Shared, run: Run) -> Option<Survivors> {
    let members = stop_group(shared, &run).await;
    for member in &members {
        warn!(lane = run.lane, pid = member.pid, command = member.command, "survived KILL");
    }
    (!members.is_empty()).then_some(Survivors { run, members })
}

/// TERM and CONT, a while, KILL, a while.
fn escalation(stop_timeout: Duration) -> [(Signal, Duration); 2] {
    [(Signal::Terminate, stop_timeout), (Signal::Kill, AFTER_KILL)]
}

/// Stops the group of a run; gives who is left of it.
async fn stop_group(shared: &Shared, run: &Run) -> Vec<GroupMember> {
    for (signal, patience) in escalation(shared.terms.of(run).stop_timeout) {
        // Only a group that has members is signalled: the number of an empty one
        // may be somebody else's by now.
        if let Some(Phase::Running(process)) = shared.living.phase(&run.run_id) {
            if signal == Signal::Kill {
                warn!(lane = run.lane, run = run.run_id, "worker ignores TERM, sending KILL");
            }
            if let Err(error) = shared.launcher.signal_group(process.pgid, signal) {
                let pgid = process.pgid;
                warn!(lane = run.lane, pgid, "the group could not be signalled: {error}");
            }
        }
        if shared.living.left_within(&run.run_id, patience).await {
            info!(lane = run.lane, run = run.run_id, "worker stopped, its group is empty");
            return Vec::new();
        }
    }
    let members = match shared.living.phase(&run.run_id) {
        Some(Phase::Running(process)) => shared.launcher.group_members(process.pgid),
        Some(Phase::Starting | Phase::Ending) | None => Vec::new(),
    };
    if members.is_empty() {
        warn!(lane = run.lane, run = run.run_id, "the end of this run is not recorded in time");
    }
    members
}

/// Stops what left the group of a run, of those also that were over before.
async fn end_strays(shared: &Shared) {
    for (signal, patience) in escalation(shared.terms.longest_stop()) {
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
