//! One run from its start to its recorded end.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use dosd_kernel::Map;
use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{LaneRow, Release, WorkerExited, WorkerStarted};
use dosd_kernel::verdict::{SOURCE_SENSOR, VerdictEvent};
use tracing::{error, info, warn};

use super::capture::capture;
use super::message::{ProcessEvent, Run, RunEnd};
use super::settings::SpawnSettings;
use crate::journal::Append;
use crate::port::{Exit, Launched, ProcessIdentity, SharedClock, SharedLauncher, SharedStorage};
use crate::reach::Reach;
use crate::witness::{EndRun, TakeBaseline};

/// What all runs of one actor share.
pub(super) struct Shared {
    pub(super) settings: SpawnSettings,
    pub(super) clock: SharedClock,
    pub(super) storage: SharedStorage,
    pub(super) launcher: SharedLauncher,
    pub(super) lanes: Reach<Append>,
    pub(super) verdicts: Reach<Append>,
    pub(super) baseline: Reach<TakeBaseline>,
    pub(super) run_ended: Reach<EndRun>,
    pub(super) supervisor: Reach<ProcessEvent>,
    /// The runs that have a process now.
    pub(super) living: RefCell<BTreeMap<String, (Run, ProcessIdentity)>>,
    /// Once set, nothing new is started.
    pub(super) stopping: Cell<bool>,
}

/// Starts a worker and sees it through to its recorded end.
pub(super) async fn start(shared: Rc<Shared>, run: Run) {
    // Before the process exists: what it changes must not be in the baseline.
    if let Err(gone) = shared.baseline.ask(TakeBaseline { run_id: run.run_id.clone() }).await {
        warn!(lane = run.lane, "no baseline for this run, its claims stay unwitnessed: {gone}");
    }
    if shared.stopping.get() {
        let failure = "the daemon is stopping".to_owned();
        return finish(&shared, run, None, Exit::default(), 0, Some(failure)).await;
    }
    let spec = shared.settings.spec(&run);
    let launched = match shared.launcher.launch(&spec) {
        Ok(launched) => launched,
        Err(failed) => {
            let failure = Some(failed.to_string());
            return finish(&shared, run, None, Exit::default(), 0, failure).await;
        }
    };
    let began_ms = shared.clock.monotonic_ms();
    let identity = launched.identity.clone();
    shared.living.borrow_mut().insert(run.run_id.clone(), (run.clone(), identity.clone()));
    let started = LaneRow::WorkerStarted(WorkerStarted {
        lane: run.lane.clone(),
        run_id: run.run_id.clone(),
        pid: identity.pid,
        start_ticks: identity.start_ticks,
        boot_id: identity.boot_id.clone(),
        pgid: identity.pgid,
        host_id: shared.settings.host_id.clone(),
        argv: spec.argv,
        start_sha: None,
    });
    let mut detail = Map::new();
    detail.insert("pid".into(), identity.pid.into());
    shared.record(vec![started], "STARTED", &run, detail).await;
    info!(lane = run.lane, run = run.run_id, pid = identity.pid, "worker started");
    shared.tell(ProcessEvent::Started { run_id: run.run_id.clone(), pid: identity.pid }).await;
    watch(shared, run, launched, began_ms).await;
}

/// Waits for the end of a process that runs, and records it.
pub(super) async fn watch(shared: Rc<Shared>, run: Run, launched: Launched, began_ms: i64) {
    if let Some(output) = launched.output {
        let path = shared.settings.log_path(&run);
        let logs = shared.settings.logs.clone();
        actix_rt::spawn(capture(output, shared.storage.clone(), path, logs));
    }
    let pid = launched.identity.pid;
    let exit = launched.exited.await;
    let ran_ms = shared.clock.monotonic_ms() - began_ms;
    finish(&shared, run, Some(pid), exit, ran_ms, None).await;
}

/// Records that a run is over, and tells whoever plans.
pub(super) async fn finish(
    shared: &Shared,
    run: Run,
    pid: Option<u32>,
    exit: Exit,
    ran_ms: i64,
    failure: Option<String>,
) {
    match (&failure, exit.signal, exit.code) {
        (None, _, _) if shared.stopping.get() => {
            info!(lane = run.lane, run = run.run_id, ran_ms, "worker ended");
        }
        (Some(failure), _, _) => warn!(lane = run.lane, run = run.run_id, "{failure}"),
        (None, Some(signal), _) => {
            warn!(lane = run.lane, run = run.run_id, signal, ran_ms, "worker was killed");
        }
        (None, None, Some(0)) => {
            info!(lane = run.lane, run = run.run_id, ran_ms, "worker finished");
        }
        (None, None, Some(code)) => {
            warn!(lane = run.lane, run = run.run_id, code, ran_ms, "worker failed");
        }
        (None, None, None) => {
            warn!(lane = run.lane, run = run.run_id, "worker is gone; nobody saw its end");
        }
    }
    let mut rows = vec![LaneRow::WorkerExited(WorkerExited {
        lane: run.lane.clone(),
        run_id: run.run_id.clone(),
        pid,
        code: exit.code,
        signal: exit.signal,
        ran_ms,
    })];
    if run.leased {
        rows.push(LaneRow::Release(Release {
            lane: run.lane.clone(),
            loop_ts: run.loop_ts.clone(),
            host_id: shared.settings.host_id.clone(),
            reason: "worker ended".to_owned(),
        }));
    }
    let mut detail = Map::new();
    detail.insert("ran_ms".into(), ran_ms.into());
    for (key, value) in [
        ("pid", pid.map(i64::from)),
        ("code", exit.code.map(i64::from)),
        ("signal", exit.signal.map(i64::from)),
    ] {
        if let Some(value) = value {
            detail.insert(key.into(), value.into());
        }
    }
    shared.record(rows, "EXITED", &run, detail).await;
    shared.living.borrow_mut().remove(&run.run_id);
    // Not fatal when the witness is being made again: it forgot the run anyway.
    let _ = shared.run_ended.ask(EndRun { run_id: run.run_id.clone() }).await;
    shared.tell(ProcessEvent::Ended(RunEnd { run, pid, exit, ran_ms, failure })).await;
}

impl Shared {
    /// Puts rows on disk, then the verdict that goes with them.
    async fn record(&self, rows: Vec<LaneRow>, verdict: &str, run: &Run, detail: Map) {
        let now_ms = self.clock.now_ms();
        let rows: Vec<Draft> = rows.iter().map(|row| row.draft(now_ms)).collect();
        let event = VerdictEvent {
            syscall: "worker".to_owned(),
            verdict: verdict.to_owned(),
            run_id: run.run_id.clone(),
            lane: run.lane.clone(),
            detail,
            source: SOURCE_SENSOR.to_owned(),
            ..VerdictEvent::default()
        };
        append(&self.lanes, rows).await;
        append(&self.verdicts, vec![event.draft(now_ms)]).await;
    }

    async fn tell(&self, event: ProcessEvent) {
        // A supervisor that is being made again asks for the living runs itself.
        let _ = self.supervisor.ask(event).await;
    }
}

/// Appends, and says what could not be recorded. The journal's own end stops the
/// daemon, so there is nothing more to do here.
async fn append(journal: &Reach<Append>, rows: Vec<Draft>) {
    match journal.ask(Append { rows }).await {
        Ok(Ok(_)) => {}
        Ok(Err(failed)) => error!("a worker's row is not recorded: {failed}"),
        Err(gone) => error!("a worker's row is not recorded: {gone}"),
    }
}
