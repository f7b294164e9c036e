//! What the journal and the process table say of each worker. Pure.

use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::lane::{Lease, LiveLease, Observation, OpenRun, StartedProcess};
use dosd_kernel::lines;
use dosd_kernel::liveness::{self, Evidence, Liveness};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::rows;

/// One worker, or a lane that gets none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Worker {
    pub(super) lane: String,
    pub(super) run_id: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) state: State,
    /// Since its start, ms.
    pub(super) age_ms: Option<i64>,
    /// Since the newest beat of its lease, ms.
    pub(super) beat_age_ms: Option<i64>,
    /// Runs of this lane that ended before it, as far as the journal goes back.
    pub(super) restarts: u64,
    pub(super) log: Option<PathBuf>,
}

/// How a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum State {
    Starting,
    Advancing,
    Spinning,
    Stalled,
    Gone,
    GaveUp,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Advancing => "ADVANCING",
            Self::Spinning => "SPINNING",
            Self::Stalled => "STALLED",
            Self::Gone => "GONE",
            Self::GaveUp => "GAVE_UP",
        }
    }
}

impl From<Liveness> for State {
    fn from(verdict: Liveness) -> Self {
        match verdict {
            Liveness::Advancing => Self::Advancing,
            Liveness::Spinning => Self::Spinning,
            Liveness::Stalled => Self::Stalled,
        }
    }
}

/// What became of the earlier runs of each lane.
#[derive(Debug, Default)]
pub(super) struct History(BTreeMap<String, Past>);

#[derive(Debug, Default)]
struct Past {
    ended: u64,
    gave_up: bool,
}

impl History {
    /// Reads it from the bytes of a lane journal.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut history = Self::default();
        for (index, line) in lines::split(bytes).enumerate() {
            if let Some(row) = rows::row(&line, index) {
                let text = |key: &str| row.get(key).and_then(serde_json::Value::as_str);
                history.note(text("op").unwrap_or_default(), text("lane").unwrap_or_default());
            }
        }
        history
    }

    fn note(&mut self, op: &str, lane: &str) {
        let past = || Past::default();
        match op {
            "WORKER_EXITED" => self.0.entry(lane.to_owned()).or_insert_with(past).ended += 1,
            "WORKER_GAVE_UP" => self.0.entry(lane.to_owned()).or_insert_with(past).gave_up = true,
            // Whoever starts one again was told to, or is another daemon.
            "SPAWN" | "WORKER_RESET" => {
                if let Some(past) = self.0.get_mut(lane) {
                    past.gave_up = false;
                }
            }
            _ => {}
        }
    }
}

/// The workers that the journal has open, and the lanes that were given up, by lane. `commits` is
/// asked about a run that has nothing else to show.
///
/// # Errors
///
/// When the policy makes no sense.
pub(super) fn workers(
    open: &[&OpenRun],
    observation: &Observation,
    history: &History,
    policy: &liveness::Policy,
    lives: impl Fn(&StartedProcess) -> bool,
    mut commits: impl FnMut(&OpenRun, Option<&Lease>) -> i64,
    log: impl Fn(&str, &str) -> PathBuf,
) -> Result<Vec<Worker>, InvalidArgument> {
    let mut found = Vec::with_capacity(open.len());
    for run in open {
        let lease = lease_of(run, observation);
        let started_ms = run.started.as_ref().and_then(|it| it.started_ms).or(run.spawned_ms);
        let age_ms = started_ms.map(|ms| (observation.now_ms - ms).max(0));
        let beat_age_ms = lease.and_then(|it| it.progress.newest_heartbeat_age_ms);
        let state = match &run.started {
            None => State::Starting,
            Some(process) if !lives(process) => State::Gone,
            Some(_) => {
                let mut evidence = evidence(run, lease, observation.now_ms);
                if liveness::classify(&evidence, policy)? != Liveness::Advancing {
                    evidence.commits_since_start = commits(run, lease.map(|it| &*it.lease));
                }
                liveness::classify(&evidence, policy)?.into()
            }
        };
        found.push(Worker {
            lane: run.lane.clone(),
            run_id: Some(run.run_id.clone()),
            pid: run.started.as_ref().map(|it| it.pid),
            state,
            age_ms,
            beat_age_ms,
            restarts: history.0.get(&run.lane).map_or(0, |past| past.ended),
            log: Some(log(&run.lane, &run.run_id)),
        });
    }
    found.extend(history.0.iter().filter(|(_, past)| past.gave_up).map(|(lane, past)| Worker {
        lane: lane.clone(),
        run_id: None,
        pid: None,
        state: State::GaveUp,
        age_ms: None,
        beat_age_ms: None,
        restarts: past.ended,
        log: None,
    }));
    found.sort_by(|a, b| (&a.lane, &a.run_id).cmp(&(&b.lane, &b.run_id)));
    Ok(found)
}

/// The lease that a run holds: it names the run, or bears its stamp.
fn lease_of<'a>(run: &OpenRun, observation: &'a Observation) -> Option<&'a LiveLease> {
    observation.leases.iter().find(|live| {
        let lease = &live.lease;
        lease.lane() == run.lane
            && (lease.run_id() == run.run_id
                || (!run.loop_ts.is_empty() && lease.loop_ts() == run.loop_ts))
    })
}

/// A process that lives and holds no lease yet beats by living.
fn evidence(run: &OpenRun, lease: Option<&LiveLease>, now_ms: i64) -> Evidence {
    let started_ms = run.started.as_ref().and_then(|it| it.started_ms).or(run.spawned_ms);
    Evidence {
        run_started_ms: started_ms.unwrap_or(now_ms),
        now_ms,
        journal_events_since: lease.map_or(0, |it| it.progress.events_since_start),
        last_heartbeat_age_ms: lease.map_or(Some(0), |it| it.progress.newest_heartbeat_age_ms),
        process_alive: Some(true),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dosd_actors::journal::scan;
    use dosd_kernel::lane::LaneFold;

    const NOW_MS: i64 = 1_795_305_600_000 + 3_600_000;

    fn journal(rows: &[serde_json::Value]) -> Vec<u8> {
        rows.iter().flat_map(|row| format!("{row}\n").into_bytes()).collect()
    }

    fn seen(rows: &[serde_json::Value], alive: bool) -> Vec<(String, State, u64)> {
        let bytes = journal(rows);
        let mut lanes = LaneFold::default();
        scan(&bytes, &mut lanes);
        let observation = lanes.observe(NOW_MS);
        let open: Vec<_> = lanes.open_runs().collect();
        let found = workers(
            &open,
            &observation,
            &History::of(&bytes),
            &liveness::Policy::default(),
            |_| alive,
            |run, _| i64::from(run.start_sha.is_some()),
            |lane, run_id| [lane, run_id].iter().collect(),
        );
        found.unwrap().into_iter().map(|it| (it.lane, it.state, it.restarts)).collect()
    }

    fn row(op: &str, ts: &str, run_id: &str) -> serde_json::Value {
        serde_json::json!({
            "op": op, "ts": ts, "lane": "a", "loop_ts": "t", "run_id": run_id,
            "pid": 7, "start_ticks": 1, "pgid": 7, "boot_id": "b",
        })
    }

    #[test]
    fn a_worker_is_what_the_journal_and_the_process_table_say() {
        // NOW_MS is one hour after this.
        let spawned = row("SPAWN", "2026-11-22T00:00:00Z", "r1");
        assert_eq!(seen(std::slice::from_ref(&spawned), true), [("a".into(), State::Starting, 0)]);
        let started = row("WORKER_STARTED", "2026-11-22T00:00:00Z", "r1");
        let mut rows = vec![spawned, started];
        assert_eq!(seen(&rows, false), [("a".into(), State::Gone, 0)]);
        assert_eq!(seen(&rows, true), [("a".into(), State::Spinning, 0)], "an hour and no event");
        rows.push(row("ACQUIRE", "2026-11-22T00:00:00Z", "r1"));
        assert_eq!(seen(&rows, true), [("a".into(), State::Stalled, 0)], "and no beat for an hour");
        rows.push(row("HEARTBEAT", "2026-11-22T00:59:00Z", "r1"));
        assert_eq!(seen(&rows, true), [("a".into(), State::Spinning, 0)]);
        let mut committed = rows.clone();
        committed[1]["start_sha"] = "4f2c".into();
        assert_eq!(seen(&committed, true), [("a".into(), State::Advancing, 0)]);
        rows.push(row("WORKER_EXITED", "2026-11-22T00:59:30Z", "r1"));
        assert_eq!(seen(&rows, true), []);
        rows.push(row("SPAWN", "2026-11-22T00:59:40Z", "r2"));
        assert_eq!(seen(&rows, true), [("a".into(), State::Starting, 1)]);
    }

    #[test]
    fn a_lane_that_was_given_up_is_listed_until_somebody_resets_it() {
        let mut rows = vec![row("WORKER_EXITED", "t", "r1"), row("WORKER_GAVE_UP", "t", "r1")];
        assert_eq!(seen(&rows, true), [("a".into(), State::GaveUp, 1)]);
        rows.push(row("WORKER_RESET", "t", ""));
        assert_eq!(seen(&rows, true), []);
    }
}
