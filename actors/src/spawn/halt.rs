//! Stopping one worker because somebody said so.

use std::rc::Rc;

use tracing::info;

use super::living::Stopping;
use super::message::{HaltRun, Halting, Run, Survivors};
use super::rows;
use super::shared::Shared;
use crate::port::ProcessIdentity;

/// Finds the run that is meant, puts the intent on disk, and stops its group.
pub(super) async fn halt(shared: Rc<Shared>, order: HaltRun) -> Halting {
    let mut meant = meant(&shared, &order.handle);
    let Some(run) = meant.pop() else { return Halting::Unknown };
    if !meant.is_empty() {
        meant.push(run);
        return Halting::Ambiguous(meant.into_iter().map(|run| run.run_id).collect());
    }
    let HaltRun { handle, command, reason } = order;
    let row = rows::halt(&run, handle, &shared.settings.host_id, command, reason);
    if !shared.append_lanes(vec![row]).await {
        return Halting::NotRecorded(run);
    }
    shared.living.halt(&run.run_id);
    info!(lane = run.lane, run = run.run_id, "worker is stopped on an operator's order");
    match shared.living.stop(&run.run_id).await {
        Stopping::Stopped => {
            info!(lane = run.lane, run = run.run_id, "worker stopped, its group is empty");
            Halting::Stopped(run)
        }
        Stopping::Survived(members) => Halting::Survived(Survivors { run, members }),
        Stopping::Unproven => Halting::Unproven(run),
    }
}

/// The runs that a handle may mean: a run id or a process means one, a lane all that
/// were started for it.
fn meant(shared: &Shared, handle: &str) -> Vec<Run> {
    let of = |is_meant: &dyn Fn(&Run, Option<&ProcessIdentity>) -> bool| -> Vec<Run> {
        let runs = shared.living.all().into_iter();
        runs.filter(|(run, process)| is_meant(run, process.as_ref())).map(|(run, _)| run).collect()
    };
    let by_id = of(&|run, _| run.run_id == handle);
    if !by_id.is_empty() {
        return by_id;
    }
    let by_lane = of(&|run, _| run.lane == handle);
    if !by_lane.is_empty() {
        return by_lane;
    }
    of(&|_, process| process.is_some_and(|process| process.pid.to_string() == handle))
}
