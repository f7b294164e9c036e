//! Stopping one worker because somebody said so.

use std::rc::Rc;

use dosd_kernel::lane::{Halt, LaneRow};
use tracing::info;

use super::life::Shared;
use super::living::Phase;
use super::message::{HaltRun, Halting, Run};
use super::stop::stop;

/// Finds the run that is meant, puts the intent on disk, and stops its group.
pub(super) async fn halt(shared: Rc<Shared>, order: HaltRun) -> Halting {
    let mut meant = meant(&shared, &order.handle);
    let Some(run) = meant.pop() else { return Halting::Unknown };
    if !meant.is_empty() {
        meant.push(run);
        return Halting::Ambiguous(meant.into_iter().map(|run| run.run_id).collect());
    }
    let row = LaneRow::Halt(Halt {
        handle: order.handle,
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        host_id: shared.settings.host_id.clone(),
        run_id: Some(run.run_id.clone()),
        command: order.command,
        reason: order.reason,
    });
    if !shared.append_lanes(vec![row]).await {
        return Halting::NotRecorded(run);
    }
    shared.living.halt(&run.run_id);
    info!(lane = run.lane, run = run.run_id, "worker is stopped on an operator's order");
    let is_left = stop(&shared, run.clone()).await;
    if let Some(survivors) = is_left {
        return Halting::Survived(survivors);
    }
    if shared.living.phase(&run.run_id).is_some() {
        // Its end did not reach the disk in time: nothing is proven.
        return Halting::Unproven(run);
    }
    Halting::Stopped(run)
}

/// The runs that a handle may mean: a run id or a process means one, a lane all that
/// were started for it.
fn meant(shared: &Shared, handle: &str) -> Vec<Run> {
    let of = |is_meant: &dyn Fn(&Run, &Phase) -> bool| -> Vec<Run> {
        let runs = shared.living.all().into_iter();
        runs.filter(|(run, phase)| is_meant(run, phase)).map(|(run, _)| run).collect()
    };
    let by_id = of(&|run, _| run.run_id == handle);
    if !by_id.is_empty() {
        return by_id;
    }
    let by_lane = of(&|run, _| run.lane == handle);
    if !by_lane.is_empty() {
        return by_lane;
    }
    of(&|_, phase| matches!(phase, Phase::Running(process) if process.pid.to_string() == handle))
}
