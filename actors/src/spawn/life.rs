//! One run from its start to its recorded end.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use dosd_kernel::Map;
use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{LaneRow, Release, WorkerExited, WorkerStarted};
use dosd_kernel::restart::Excuse;
use dosd_kernel::verdict::{SOURCE_SENSOR, VerdictEvent};
use tracing::{error, info, warn};

use super::capture::capture;
use super::end_rows::EndRows;
use super::living::{Living, Phase};
use super::message::{ProcessEvent, Run, RunEnd};
use super::settings::SpawnSettings;
use super::start_commit::start_commit;
use super::terms::TermBook;
use crate::exec::{ExitRecord, exit_record_path};
use crate::journal::{Append, Decide, JournalError, JournalErrorKind, LOCK_PATIENCE};
use crate::port::{
    Exit, Found, GroupMember, Launched, ProcessIdentity, SharedClock, SharedLauncher,
    SharedRepository, SharedStorage,
};
use crate::reach::Reach;
use crate::witness::{EndRun, TakeBaseline, Unclaimed};

/// What all runs of one actor share.
pub(super) struct Shared {
    pub(super) settings: SpawnSettings,
    pub(super) terms: TermBook,
    pub(super) clock: SharedClock,
    pub(super) storage: SharedStorage,
    pub(super) launcher: SharedLauncher,
    pub(super) repository: SharedRepository,
    pub(super) lanes: Reach<Append>,
    pub(super) ends: Reach<Decide<EndRows>>,
    pub(super) verdicts: Reach<Append>,
    pub(super) baseline: Reach<TakeBaseline>,
    pub(super) run_ended: Reach<EndRun>,
    pub(super) supervisor: Reach<ProcessEvent>,
    pub(super) living: Living,
}

/// What is left of a group is looked for at first after the launcher's interval,
/// then at twice the interval each time, up to this.
const LOOK_AT_MOST: Duration = Duration::from_secs(2);

/// A record is there a moment after the end that it tells of: it is looked for
/// after so long, then after twice as long each time.
const RECORD_AT_FIRST: Duration = Duration::from_millis(1);

/// When a record is given up: the helper was killed, or there was none.
const RECORD_AT_MOST: Duration = Duration::from_secs(1);

/// How long the last output of a worker is waited for when the daemon stops.
const OUTPUT_AT_MOST: Duration = Duration::from_secs(1);

/// Starts a worker and sees it through to its recorded end.
pub(super) async fn start(shared: Rc<Shared>, run: Run) {
    // Before the process exists: what it changes must not be in the baseline.
    let baseline = TakeBaseline { run_id: run.run_id.clone(), lane: run.lane.clone() };
    if let Err(gone) = shared.baseline.ask(baseline).await {
        warn!(lane = run.lane, "no baseline for this run, its claims stay unwitnessed: {gone}");
    }
    let start_sha = start_commit(&*shared.repository, &run.lane).await;
    if shared.living.is_stopping() {
        let failure = "the daemon is stopping".to_owned();
        return finish(&shared, run, None, End::default(), Some(failure)).await;
    }
    let spec = shared.settings.spec(&run, shared.terms.of(&run));
    let launched = match shared.launcher.launch(&spec).await {
        Ok(launched) => launched,
        Err(failed) => {
            let failure = Some(failed.to_string());
            return finish(&shared, run, None, End::default(), failure).await;
        }
    };
    shared.living.set(&run.run_id, Phase::Running(launched.identity.clone()));
    let began_ms = shared.clock.monotonic_ms();
    record_start(&shared, &run, &launched.identity, spec.argv, start_sha).await;
    watch(shared, run, launched, began_ms).await;
}

/// Whether the journal knows the process of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    Known,
    Missing,
}

/// Goes on with a run whose process was found alive.
pub(super) async fn resume(shared: Rc<Shared>, run: Run, launched: Launched, record: Record) {
    let pid = launched.identity.pid;
    info!(lane = run.lane, run = run.run_id, pid, "worker found alive, watched again");
    let began_ms = shared.clock.monotonic_ms();
    if record == Record::Missing {
        let argv = shared.terms.of(&run).argv;
        // Where the workspace stood when it began, nobody knows any more.
        record_start(&shared, &run, &launched.identity, argv, None).await;
    }
    watch(shared, run, launched, began_ms).await;
}

/// Goes on with a run whose helper was found at its work: the worker comes to be,
/// or its end is being recorded.
pub(super) async fn catch_up(shared: Rc<Shared>, run: Run, pid: Option<u32>) {
    let run_ids = BTreeSet::from([run.run_id.clone()]);
    let path = exit_record_path(&shared.settings.run_directory(&run));
    loop {
        let found = shared.launcher.find(&run_ids).remove(&run.run_id);
        match found {
            Some(Found::Process(process)) => {
                if let Some(launched) = shared.launcher.adopt(&process) {
                    shared.living.set(&run.run_id, Phase::Running(process));
                    return resume(shared, run, launched, Record::Missing).await;
                }
            }
            // Its worker has ended, and somebody else still writes to the log.
            Some(Found::Helper) if shared.storage.stat(&path).is_ok_and(|it| it.is_some()) => break,
            Some(Found::Helper) => {}
            None => break,
        }
        tokio::time::sleep(shared.launcher.look_interval()).await;
    }
    conclude(shared, run, pid, None).await;
}

/// Records the end of a run that nobody saw, as far as its helper tells.
pub(super) async fn conclude(
    shared: Rc<Shared>,
    run: Run,
    pid: Option<u32>,
    excused: Option<Excuse>,
) {
    let end = End { excused, ..learn_end(&shared, &run, Exit::default(), 0).await };
    finish(&shared, run, pid, end, None).await;
}

/// Puts on disk that a process exists, and tells.
pub(super) async fn record_start(
    shared: &Shared,
    run: &Run,
    identity: &ProcessIdentity,
    argv: Vec<String>,
    start_sha: Option<String>,
) {
    let started = LaneRow::WorkerStarted(WorkerStarted {
        lane: run.lane.clone(),
        run_id: run.run_id.clone(),
        pid: identity.pid,
        start_ticks: identity.start_ticks,
        boot_id: identity.boot_id.clone(),
        pgid: identity.pgid,
        host_id: shared.settings.host_id.clone(),
        argv,
        start_sha,
    });
    let mut detail = Map::new();
    detail.insert("pid".into(), identity.pid.into());
    shared.append_lanes(vec![started]).await;
    shared.tell_verdict("STARTED", run, detail).await;
    info!(lane = run.lane, run = run.run_id, pid = identity.pid, "worker started");
    shared.tell(ProcessEvent::Started { run_id: run.run_id.clone(), pid: identity.pid }).await;
}

/// Waits until a process that runs and all of its group have ended, and records it.
pub(super) async fn watch(shared: Rc<Shared>, run: Run, launched: Launched, began_ms: i64) {
    let captured = launched.output.map(|output| {
        let path = shared.settings.log_path(&run);
        let rotation = shared.terms.of(&run).rotation;
        actix_rt::spawn(capture(output, shared.storage.clone(), path, rotation))
    });
    let identity = launched.identity;
    let exit = launched.exited.await;
    let ran_ms = shared.clock.monotonic_ms() - began_ms;
    outlast_group(&shared, &run, &identity).await;
    if let Some(captured) = captured
        && shared.living.is_stopping()
    {
        // Whoever left the group may hold the pipe for ever.
        let _ = tokio::time::timeout(OUTPUT_AT_MOST, captured).await;
    }
    let end = learn_end(&shared, &run, exit, ran_ms).await;
    finish(&shared, run, Some(identity.pid), end, None).await;
}

/// How a process ended, how long it lived, and whether that counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct End {
    pub(super) exit: Exit,
    pub(super) ran_ms: i64,
    /// Why it does not count for the restart rule; none if it does.
    pub(super) excused: Option<Excuse>,
}

/// How a process ended, from its helper's record when this process did not see it.
pub(super) async fn learn_end(shared: &Shared, run: &Run, exit: Exit, ran_ms: i64) -> End {
    if exit != Exit::default() {
        return End { exit, ran_ms, excused: None };
    }
    let path = exit_record_path(&shared.settings.run_directory(run));
    let record = async {
        let mut pause = RECORD_AT_FIRST;
        loop {
            let bytes = shared.storage.read(&path).unwrap_or_default();
            if let Some(record) = ExitRecord::from_bytes(&bytes) {
                return End { exit: record.exit(), ran_ms: record.ran_ms, excused: None };
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    };
    tokio::time::timeout(RECORD_AT_MOST, record).await.unwrap_or(End {
        exit,
        ran_ms,
        excused: None,
    })
}

/// Waits until nobody is left of a group whose leader has ended. A run is not over
/// before: a new worker would work beside the rest of the old one. There is no
/// notice for this, only for the leader.
async fn outlast_group(shared: &Shared, run: &Run, identity: &ProcessIdentity) {
    let mut pause = shared.launcher.look_interval();
    let mut is_said = false;
    while !shared.launcher.group_is_gone(identity.pgid) {
        let members = shared.launcher.group_members(identity.pgid);
        if members.is_empty() {
            // Zombies, which somebody else has to wait for.
            return;
        }
        if !std::mem::replace(&mut is_said, true) {
            warn!(
                lane = run.lane,
                run = run.run_id,
                "worker ended, but its group has members, so the run is not over: {}",
                named(&members)
            );
        }
        pause = if shared.living.is_stopping() {
            shared.launcher.look_interval()
        } else {
            (pause * 2).min(LOOK_AT_MOST)
        };
        // Stopping cuts the pause short: from then on the look is a close one.
        let _ = tokio::time::timeout(pause, shared.living.stopped()).await;
    }
}

/// Processes as a person reads them.
fn named(members: &[GroupMember]) -> String {
    let named: Vec<String> =
        members.iter().map(|it| format!("{} ({})", it.pid, it.command)).collect();
    named.join(", ")
}

/// Records that a run is over, and tells whoever plans. Only then it leaves the
/// hands of this actor.
pub(super) async fn finish(
    shared: &Shared,
    run: Run,
    pid: Option<u32>,
    End { exit, ran_ms, excused }: End,
    failure: Option<String>,
) {
    shared.living.set(&run.run_id, Phase::Ending);
    let is_halted = shared.living.is_halted(&run.run_id);
    let excused = excused.or(is_halted.then_some(Excuse::Halted));
    match (&failure, exit.signal, exit.code) {
        (None, _, _) if shared.living.is_stopping() => {
            info!(lane = run.lane, run = run.run_id, ran_ms, "worker ended");
        }
        (None, _, _) if is_halted => {
            info!(lane = run.lane, run = run.run_id, ran_ms, "worker ended on an operator's order");
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
    let exited = LaneRow::WorkerExited(WorkerExited {
        lane: run.lane.clone(),
        run_id: run.run_id.clone(),
        pid,
        code: exit.code,
        signal: exit.signal,
        ran_ms,
        excused,
    });
    if run.leased {
        shared.record_end(exited, release(shared, &run)).await;
    } else {
        shared.append_lanes(vec![exited]).await;
    }
    let strays = shared.launcher.strays().into_iter().filter(|it| it.run_id == run.run_id);
    let strays: Vec<GroupMember> = strays.map(|stray| stray.process).collect();
    if !strays.is_empty() {
        warn!(
            lane = run.lane,
            run = run.run_id,
            "processes that the worker left behind outside of its group go on: {}",
            named(&strays)
        );
    }
    let mut detail = Map::new();
    detail.insert("ran_ms".into(), ran_ms.into());
    if !strays.is_empty() {
        detail.insert("strays".into(), strays.len().into());
    }
    for (key, value) in [
        ("pid", pid.map(i64::from)),
        ("code", exit.code.map(i64::from)),
        ("signal", exit.signal.map(i64::from)),
    ] {
        if let Some(value) = value {
            detail.insert(key.into(), value.into());
        }
    }
    // None when the witness is being made again.
    let unclaimed = shared.run_ended.ask(EndRun { run_id: run.run_id.clone() }).await;
    if let Ok(Unclaimed { count: Some(count), keys }) = unclaimed {
        detail.insert("unclaimed".into(), count.into());
        if !keys.is_empty() {
            detail.insert("unclaimed_keys".into(), keys.into());
        }
    }
    shared.tell_verdict("EXITED", &run, detail).await;
    if let Err(error) = shared.storage.remove_dir_all(&shared.settings.run_directory(&run)) {
        warn!(run = run.run_id, "the run's directory is left behind: {error}");
    }
    let run_id = run.run_id.clone();
    shared.tell(ProcessEvent::Ended(RunEnd { run, pid, exit, ran_ms, failure, excused })).await;
    shared.terms.end(&run_id);
    shared.living.leave(&run_id);
}

fn release(shared: &Shared, run: &Run) -> LaneRow {
    LaneRow::Release(Release {
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        host_id: shared.settings.host_id.clone(),
        reason: "worker ended".to_owned(),
    })
}

impl Shared {
    /// Puts a verdict about a run on disk.
    async fn tell_verdict(&self, verdict: &str, run: &Run, detail: Map) {
        let now_ms = self.clock.now_ms();
        let event = VerdictEvent {
            syscall: "worker".to_owned(),
            verdict: verdict.to_owned(),
            run_id: run.run_id.clone(),
            lane: run.lane.clone(),
            detail,
            source: SOURCE_SENSOR.to_owned(),
            ..VerdictEvent::default()
        };
        append(&self.verdicts, vec![event.draft(now_ms)]).await;
    }

    /// Puts the end of a run on disk with the release of its lease. If somebody keeps
    /// the mutex for long, the end alone: the lease then names a run that is over,
    /// and the supervisor takes it back.
    async fn record_end(&self, exited: LaneRow, release: LaneRow) {
        let now_ms = self.clock.now_ms();
        let exited = exited.draft(now_ms);
        let matter = EndRows(vec![exited.clone(), release.draft(now_ms)]);
        match self.ends.ask(Decide { matter, patience: LOCK_PATIENCE }).await {
            Ok(Ok(())) => {}
            Ok(Err(JournalError { kind: JournalErrorKind::Busy { lock }, .. })) => {
                warn!(
                    lock = %lock.display(),
                    "another process decides about leases for long; a lease stays until that ends"
                );
                append(&self.lanes, vec![exited]).await;
            }
            Ok(Err(failed)) => error!("the end of a worker is not recorded: {failed}"),
            Err(gone) => error!("the end of a worker is not recorded: {gone}"),
        }
    }

    /// Puts rows into the lane journal. Says whether they are there.
    pub(super) async fn append_lanes(&self, rows: Vec<LaneRow>) -> bool {
        let now_ms = self.clock.now_ms();
        append(&self.lanes, rows.iter().map(|row| row.draft(now_ms)).collect()).await
    }

    async fn tell(&self, event: ProcessEvent) {
        // A supervisor that is being made again asks for the living runs itself.
        let _ = self.supervisor.ask(event).await;
    }
}

/// Appends, and says what could not be recorded. The journal's own end stops the
/// daemon, so there is nothing more to do here.
async fn append(journal: &Reach<Append>, rows: Vec<Draft>) -> bool {
    if rows.is_empty() {
        return true;
    }
    match journal.ask(Append { rows }).await {
        Ok(Ok(_)) => return true,
        Ok(Err(failed)) => error!("a worker's row is not recorded: {failed}"),
        Err(gone) => error!("a worker's row is not recorded: {gone}"),
    }
    false
}
