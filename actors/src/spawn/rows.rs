//! What the journals are told of a run. Values in, rows out.

use dosd_kernel::Map;
use dosd_kernel::lane::{Halt, LaneRow, Release, WorkerExited, WorkerStarted};
use dosd_kernel::verdict::{SOURCE_SENSOR, VerdictEvent};

use super::message::Run;
use super::worker::End;
use crate::port::ProcessIdentity;
use crate::witness::RunAccount;

/// A process exists.
pub(super) fn started(
    run: &Run,
    process: &ProcessIdentity,
    argv: Vec<String>,
    host_id: &str,
    start_sha: Option<String>,
) -> LaneRow {
    LaneRow::WorkerStarted(WorkerStarted {
        lane: run.lane.clone(),
        run_id: run.run_id.clone(),
        pid: process.pid,
        start_ticks: process.start_ticks,
        boot_id: process.boot_id.clone(),
        pgid: process.pgid,
        host_id: host_id.to_owned(),
        argv,
        start_sha,
        root_id: run.root_id().map(str::to_owned),
    })
}

/// A run is over.
pub(super) fn exited(run: &Run, end: &End) -> LaneRow {
    LaneRow::WorkerExited(WorkerExited {
        lane: run.lane.clone(),
        run_id: run.run_id.clone(),
        pid: end.pid,
        code: end.exit.code,
        signal: end.exit.signal,
        ran_ms: end.ran_ms,
        excused: end.excused,
        root_id: run.root_id().map(str::to_owned),
    })
}

/// The lease of a run that is over is free.
pub(super) fn release(run: &Run, host_id: &str) -> LaneRow {
    LaneRow::Release(Release {
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        host_id: host_id.to_owned(),
        reason: "worker ended".to_owned(),
    })
}

/// Somebody wants a run stopped.
pub(super) fn halt(
    run: &Run,
    handle: String,
    host_id: &str,
    command: Option<String>,
    reason: String,
) -> LaneRow {
    LaneRow::Halt(Halt {
        handle,
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        host_id: host_id.to_owned(),
        run_id: Some(run.run_id.clone()),
        command,
        reason,
    })
}

/// The verdict about a start.
pub(super) fn started_verdict(run: &Run, pid: u32) -> VerdictEvent {
    let mut detail = Map::new();
    detail.insert("pid".into(), pid.into());
    verdict("STARTED", run, detail)
}

/// The verdict about an end, with the number of processes that went on outside of the
/// group, and with the witness's account of the run.
pub(super) fn exited_verdict(
    run: &Run,
    end: &End,
    strays: usize,
    account: RunAccount,
) -> VerdictEvent {
    let mut detail = Map::new();
    detail.insert("ran_ms".into(), end.ran_ms.into());
    if strays > 0 {
        detail.insert("strays".into(), strays.into());
    }
    for (key, value) in [
        ("pid", end.pid.map(i64::from)),
        ("code", end.exit.code.map(i64::from)),
        ("signal", end.exit.signal.map(i64::from)),
    ] {
        if let Some(value) = value {
            detail.insert(key.into(), value.into());
        }
    }
    if let Some(excuse) = end.excused {
        detail.insert("excused".into(), excuse.as_str().into());
    }
    let RunAccount { unclaimed, claims } = account;
    if claims.any() {
        for (key, count) in [
            ("confirmed", claims.confirmed),
            ("refuted", claims.refuted),
            ("unwitnessed", claims.unwitnessed),
        ] {
            detail.insert(key.into(), count.into());
        }
    }
    if let Some(count) = unclaimed.count {
        detail.insert("unclaimed".into(), count.into());
    }
    if !unclaimed.keys.is_empty() {
        detail.insert("unclaimed_keys".into(), unclaimed.keys.into());
    }
    verdict("EXITED", run, detail)
}

fn verdict(verdict: &str, run: &Run, mut detail: Map) -> VerdictEvent {
    if let Some(root_id) = run.root_id() {
        detail.insert("root_id".into(), root_id.into());
    }
    VerdictEvent {
        syscall: "worker".to_owned(),
        verdict: verdict.to_owned(),
        run_id: run.run_id.clone(),
        lane: run.lane.clone(),
        detail,
        source: SOURCE_SENSOR.to_owned(),
        ..VerdictEvent::default()
    }
}
