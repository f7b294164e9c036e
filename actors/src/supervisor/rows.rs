//! The rows that a decision becomes. Pure; chooses nothing.

use dosd_kernel::Map;
use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{Acquire, Heartbeat, LaneRow, Spawn, WorkerGaveUp, WorkerReset};
use dosd_kernel::population::{Item, Outcome, Plan};
use dosd_kernel::verdict::VerdictEvent;

use super::message::{LaneReset, Slate};
use super::settings::FleetSettings;
use crate::spawn::Run;

/// The holder that stands in the rows of leases and intents made by a daemon.
pub const HOLDER: &str = "dosd";

/// The rows that stand on disk before the process exists.
pub(super) fn intent(settings: &FleetSettings, run: &Run, now_ms: i64) -> Vec<Draft> {
    let spawn = LaneRow::Spawn(Spawn {
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        holder: HOLDER.to_owned(),
        host_id: settings.host_id.clone(),
        pid: Some(i64::from(settings.pid)),
        run_id: Some(run.run_id.clone()),
        root_id: run.root_id().map(str::to_owned),
        reason: "lane is free and the target is not met".to_owned(),
    });
    let mut rows = vec![spawn.draft(now_ms)];
    if run.leased {
        rows.push(lease(settings, run, now_ms));
    }
    rows
}

/// The row by which the daemon takes a lane for a run.
pub(super) fn lease(settings: &FleetSettings, run: &Run, now_ms: i64) -> Draft {
    let lanes = &settings.lanes;
    let exclusive = lanes.is_exclusive(&run.lane);
    let row = LaneRow::Acquire(Acquire {
        lane: run.lane.clone(),
        lane_kind: if exclusive { run.lane.to_lowercase() } else { "cluster".to_owned() },
        tree: lanes.tree(&run.lane).to_vec(),
        loop_ts: run.loop_ts.clone(),
        host_id: settings.host_id.clone(),
        pid: Some(i64::from(settings.pid)),
        holder: HOLDER.to_owned(),
        run_id: Some(run.run_id.clone()),
        reason: "held for a worker".to_owned(),
        ..Acquire::default()
    });
    row.draft(now_ms)
}

/// A beat for a lease that the daemon holds.
pub(super) fn beat(settings: &FleetSettings, run: &Run, now_ms: i64) -> Draft {
    let row = LaneRow::Heartbeat(Heartbeat {
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        host_id: settings.host_id.clone(),
    });
    row.draft(now_ms)
}

/// The row and the verdict of a lane that is left alone from here on.
pub(super) fn gave_up(gave_up: WorkerGaveUp, root_id: Option<&str>, now_ms: i64) -> (Draft, Draft) {
    let mut detail = Map::new();
    put_root(&mut detail, root_id);
    detail.insert("failures".into(), gave_up.failures.into());
    detail.insert("window_ms".into(), gave_up.window_ms.into());
    let event = VerdictEvent {
        syscall: "worker".to_owned(),
        verdict: "GAVE_UP".to_owned(),
        run_id: gave_up.run_id.clone(),
        lane: gave_up.lane.clone(),
        detail,
        ..VerdictEvent::default()
    };
    (LaneRow::WorkerGaveUp(gave_up).draft(now_ms), event.draft(now_ms))
}

/// The row and the verdict of a lane whose tries are forgotten.
pub(super) fn reset(reset: &LaneReset, now_ms: i64) -> (Draft, Draft) {
    let gave_up = reset.was == Slate::GaveUp;
    let row = LaneRow::WorkerReset(WorkerReset {
        lane: reset.lane.clone(),
        gave_up,
        failures: reset.failures,
    });
    let mut detail = Map::new();
    detail.insert("failures".into(), reset.failures.into());
    detail.insert("gave_up".into(), gave_up.into());
    let event = VerdictEvent {
        syscall: "worker".to_owned(),
        verdict: "RESET".to_owned(),
        lane: reset.lane.clone(),
        detail,
        ..VerdictEvent::default()
    };
    (row.draft(now_ms), event.draft(now_ms))
}

/// What makes a population verdict new: its outcome, or what it wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    outcome: Outcome,
    spawn: Vec<String>,
    reap: Vec<String>,
    proposed_halt: Vec<String>,
}

impl Fingerprint {
    pub(super) fn of(plan: &Plan) -> Self {
        let names = |items: &[Item]| items.iter().map(|item| item.lane.clone()).collect();
        Self {
            outcome: plan.verdict,
            spawn: names(&plan.spawn),
            reap: names(&plan.reap),
            proposed_halt: names(&plan.proposed_halt),
        }
    }
}

/// The population's verdict.
pub(super) fn population(settings: &FleetSettings, plan: &Plan, now_ms: i64) -> Draft {
    let mut detail = Map::new();
    put_root(&mut detail, Some(&settings.lineage.root_id));
    for (key, count) in
        [("alive", plan.alive), ("target", plan.target), ("admissible", plan.admissible)]
    {
        detail.insert(key.into(), count.into());
    }
    for (key, items) in [
        ("spawn", &plan.spawn),
        ("reap", &plan.reap),
        ("flag", &plan.flag),
        ("proposed_halt", &plan.proposed_halt),
    ] {
        detail.insert(key.into(), items.len().into());
    }
    let event = VerdictEvent {
        syscall: "supervise".to_owned(),
        verdict: plan.verdict.as_str().to_owned(),
        run_id: settings.lineage.run_id.to_string(),
        detail,
        ..VerdictEvent::default()
    };
    event.draft(now_ms)
}

/// Names the run at the root of a lineage, if it is known.
pub(super) fn put_root(detail: &mut Map, root_id: Option<&str>) {
    if let Some(root_id) = root_id {
        detail.insert("root_id".into(), root_id.into());
    }
}
