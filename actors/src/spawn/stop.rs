//! Stopping process groups, and proving that they are empty.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use tracing::{info, warn};

use super::life::Shared;
use super::message::{Run, Survivors};
use crate::port::{ProcessIdentity, Signal};

/// How long a killed group may take to vanish before its members are reported.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// Stops all groups at once: TERM and CONT, a while, KILL, then a look until
/// nobody is left.
pub(super) async fn stop_all(shared: Rc<Shared>) -> Vec<Survivors> {
    shared.stopping.set(true);
    let living: Vec<_> = shared.living.borrow().values().cloned().collect();
    let stopped = living.into_iter().map(|(run, identity)| stop(&shared, run, identity));
    join_all(stopped).await.into_iter().flatten().collect()
}

async fn stop(shared: &Shared, run: Run, identity: ProcessIdentity) -> Option<Survivors> {
    let pgid = identity.pgid;
    for (signal, patience) in
        [(Signal::Terminate, shared.settings.stop_timeout), (Signal::Kill, AFTER_KILL)]
    {
        if let Err(error) = shared.launcher.signal_group(pgid, signal) {
            warn!(lane = run.lane, pgid, "the group could not be signalled: {error}");
        }
        if is_empty_within(shared, pgid, patience).await {
            info!(lane = run.lane, run = run.run_id, "worker stopped, its group is empty");
            return None;
        }
        if signal == Signal::Terminate {
            warn!(lane = run.lane, run = run.run_id, "worker ignores TERM, sending KILL");
        }
    }
    let members = shared.launcher.group_members(pgid);
    for member in &members {
        warn!(lane = run.lane, pid = member.pid, command = member.command, "survived KILL");
    }
    Some(Survivors { run, members })
}

/// Looks until the group has no living member. There is no notice for this: a
/// group can outlive its leader, and only the leader is ours to wait for.
async fn is_empty_within(shared: &Shared, pgid: u32, patience: Duration) -> bool {
    let deadline = shared.clock.monotonic() + patience;
    loop {
        if shared.launcher.group_members(pgid).is_empty() {
            return true;
        }
        if shared.clock.monotonic() >= deadline {
            return false;
        }
        tokio::time::sleep(shared.launcher.look_interval()).await;
    }
}
