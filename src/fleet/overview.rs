//! The whole picture, put together. Pure.

use super::book::Book;
use super::lanes::FleetFold;
use super::model::{ExporterView, LaneState, LaneView, Overview};
use super::workers::{State, Worker, lease_of, workers};
use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::lane::{Lease, LiveLease, OpenRun, StartedProcess};
use dosd_kernel::liveness;
use dosd_kernel::population::Lanes;
use std::path::PathBuf;

/// What the journals do not say.
pub struct Surroundings<'a> {
    /// The directory that is served.
    pub workspace: String,
    /// When the daemon started, epoch ms; none without one.
    pub started_ms: Option<i64>,
    /// The moment, epoch ms.
    pub now_ms: i64,
    /// The declared lanes.
    pub lanes: &'a Lanes,
    /// When a worker counts as spinning or stalled.
    pub liveness: &'a liveness::Policy,
    /// How the exporters go.
    pub exporters: Vec<ExporterView>,
    /// Whether a process lives.
    pub lives: &'a dyn Fn(&StartedProcess) -> bool,
    /// Commits on the lane of a run that has nothing else to show.
    pub commits: &'a dyn Fn(&OpenRun, Option<&Lease>) -> i64,
}

/// The fleet as the journals and its surroundings show it.
///
/// # Errors
///
/// When the liveness policy makes no sense.
pub fn overview(
    fold: &mut FleetFold,
    book: &Book,
    around: Surroundings<'_>,
) -> Result<Overview, InvalidArgument> {
    let observation = fold.lanes.observe(around.now_ms);
    let open: Vec<&OpenRun> = fold.lanes.open_runs().collect();
    let found = workers(
        &open,
        &observation,
        &fold.history,
        around.liveness,
        around.lives,
        around.commits,
        |_, _| PathBuf::new(),
    )?;
    let run = |worker: &Worker| open.iter().find(|run| Some(&run.run_id) == worker.run_id.as_ref());
    let mut borne: Vec<*const LiveLease> = Vec::new();
    let mut rows = Vec::new();
    for worker in &found {
        let lease = run(worker).and_then(|run| lease_of(run, &observation));
        borne.extend(lease.map(std::ptr::from_ref));
        rows.push(of_worker(worker, lease));
    }
    let held = observation.leases.iter().filter(|live| !borne.contains(&std::ptr::from_ref(*live)));
    rows.extend(held.map(|live| of_lease(live, around.now_ms, &fold.history)));
    let declared: Vec<&String> =
        around.lanes.concurrent.iter().chain(&around.lanes.exclusive).collect();
    for lane in &declared {
        if !rows.iter().any(|row| &&row.lane == lane) {
            rows.push(free(lane, fold.history.ended(lane)));
        }
    }
    let place = |lane: &String| declared.iter().position(|it| *it == lane).unwrap_or(usize::MAX);
    rows.sort_by(|a, b| {
        (place(&a.lane), &a.lane, &a.run_id).cmp(&(place(&b.lane), &b.lane, &b.run_id))
    });
    for row in &mut rows {
        row.last_verdict = book.last(&row.lane).cloned();
    }
    Ok(Overview {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        workspace: around.workspace,
        now_ms: around.now_ms,
        started_ms: around.started_ms,
        population: book.population().clone(),
        lanes: rows,
        exporters: around.exporters,
        history: book.history(around.now_ms).collect(),
        refuted: book.refuted().cloned().collect(),
    })
}

fn of_worker(worker: &Worker, lease: Option<&LiveLease>) -> LaneView {
    let lease = lease.map(|live| &live.lease);
    LaneView {
        lane: worker.lane.clone(),
        state: match worker.state {
            State::Starting => LaneState::Starting,
            State::Advancing => LaneState::Advancing,
            State::Spinning => LaneState::Spinning,
            State::Stalled => LaneState::Stalled,
            State::Gone => LaneState::Gone,
            State::GaveUp => LaneState::GaveUp,
        },
        run_id: worker.run_id.clone(),
        pid: worker.pid,
        owner: lease.map(|it| it.holder().to_owned()).filter(|it| !it.is_empty()),
        fence: lease.and_then(|it| it.fence()),
        age_ms: worker.age_ms,
        beat_age_ms: worker.beat_age_ms,
        restarts: worker.restarts,
        last_verdict: None,
    }
}

fn of_lease(live: &LiveLease, now_ms: i64, history: &super::History) -> LaneView {
    let lease = &live.lease;
    let some = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
    LaneView {
        lane: lease.lane().to_owned(),
        state: LaneState::Held,
        run_id: some(lease.run_id()),
        pid: lease.pid().and_then(|pid| u32::try_from(pid).ok()),
        owner: some(lease.holder()),
        fence: lease.fence(),
        age_ms: Some(now_ms.saturating_sub(live.started_ms).max(0)),
        beat_age_ms: live.progress.newest_heartbeat_age_ms,
        restarts: history.ended(lease.lane()),
        last_verdict: None,
    }
}

fn free(lane: &str, restarts: u64) -> LaneView {
    LaneView {
        lane: lane.to_owned(),
        state: LaneState::Free,
        run_id: None,
        pid: None,
        owner: None,
        fence: None,
        age_ms: None,
        beat_age_ms: None,
        restarts,
        last_verdict: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{LaneState, Surroundings, overview};
    use crate::fleet::{Book, FleetFold};
    use dosd_actors::journal::scan;
    use dosd_kernel::liveness;
    use dosd_kernel::population::Lanes;
    use serde_json::{Value, json};

    const NOW_MS: i64 = 1_795_305_600_000;

    fn row(op: &str, lane: &str, run_id: &str) -> Value {
        let mut row = json!({
            "op": op, "ts": "2026-11-22T00:00:00Z", "lane": lane, "loop_ts": lane, "run_id": run_id,
            "pid": 7, "start_ticks": 1, "pgid": 7, "boot_id": "b",
        });
        if op == "ACQUIRE" {
            row["lease"] = json!({
                "lane": lane, "loop_ts": lane, "holder": "me", "fence": 9, "run_id": run_id,
                "acquired_at": "2026-11-22T00:00:00Z",
            });
        }
        row
    }

    #[test]
    fn each_lane_is_there_with_its_worker_its_holder_or_nobody() {
        let rows = [
            row("SPAWN", "b", "r1"),
            row("WORKER_STARTED", "b", "r1"),
            row("ACQUIRE", "b", "r1"),
            row("ACQUIRE", "z", ""),
            row("WORKER_EXITED", "c", "r0"),
            row("WORKER_GAVE_UP", "c", "r0"),
        ];
        let bytes: Vec<u8> = rows.iter().flat_map(|row| format!("{row}\n").into_bytes()).collect();
        let mut fold = FleetFold::default();
        scan(&bytes, &mut fold);
        let mut book = Book::default();
        let refuted = json!({"syscall": "effect_witness", "verdict": "REFUTED", "lane": "b", "subject": "k", "ts": "2026-11-22T00:00:00Z"});
        book.note("f-1", refuted.as_object().cloned().unwrap());
        let names = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let lanes =
            Lanes { concurrent: names(&["a", "b"]), exclusive: names(&["c"]), ..Lanes::default() };
        let around = Surroundings {
            workspace: "/w".to_owned(),
            started_ms: None,
            now_ms: NOW_MS,
            lanes: &lanes,
            liveness: &liveness::Policy::default(),
            exporters: Vec::new(),
            lives: &|_| true,
            commits: &|_, _| 0,
        };
        let seen = overview(&mut fold, &book, around).unwrap();
        let shown: Vec<_> = seen
            .lanes
            .iter()
            .map(|it| (&*it.lane, it.state, it.owner.as_deref(), it.fence, it.restarts))
            .collect();
        assert_eq!(
            shown,
            [
                ("a", LaneState::Free, None, None, 0),
                ("b", LaneState::Advancing, Some("me"), Some(9), 0),
                ("c", LaneState::GaveUp, None, None, 1),
                ("z", LaneState::Held, Some("me"), Some(9), 0),
            ]
        );
        assert_eq!(seen.lanes[1].last_verdict.as_ref().unwrap().id, "f-1");
        assert_eq!(seen.refuted.len(), 1);
    }
}
