//! What the journal and the process table say of each worker. Pure.

use super::lanes::History;

use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::lane::{Lease, LiveLease, Observation, OpenRun, StartedProcess};
use dosd_kernel::liveness::{self, Evidence, Liveness};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One worker, or a lane that gets none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    /// Its lane.
    pub lane: String,
    /// Its run; none for a lane that was given up.
    pub run_id: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// How it does.
    pub state: State,
    /// Since its start, ms.
    pub age_ms: Option<i64>,
    /// Since the newest beat of its lease, ms.
    pub beat_age_ms: Option<i64>,
    /// Runs of this lane that ended before it, as far as the journal goes back.
    pub restarts: u64,
    /// Where its output is kept.
    pub log: Option<PathBuf>,
}

/// How a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Announced, without a process yet.
    Starting,
    /// It gets somewhere.
    Advancing,
    /// It lives and gets nowhere.
    Spinning,
    /// It shows no sign of life.
    Stalled,
    /// Its process has ended, and nobody has recorded that yet.
    Gone,
    /// The lane gets no worker any more.
    GaveUp,
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
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

/// The workers that the journal has open, and the lanes that were given up, by lane. `commits` is
/// asked about a run that has nothing else to show.
///
/// # Errors
///
/// When the policy makes no sense.
pub fn workers(
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
            restarts: history.ended(&run.lane),
            log: Some(log(&run.lane, &run.run_id)),
        });
    }
    found.extend(history.given_up().map(|(lane, ended)| Worker {
        lane: lane.to_owned(),
        run_id: None,
        pid: None,
        state: State::GaveUp,
        age_ms: None,
        beat_age_ms: None,
        restarts: ended,
        log: None,
    }));
    found.sort_by(|a, b| (&a.lane, &a.run_id).cmp(&(&b.lane, &b.run_id)));
    Ok(found)
}

/// The lease that a run holds: it names the run, or bears its stamp.
pub(super) fn lease_of<'a>(run: &OpenRun, observation: &'a Observation) -> Option<&'a LiveLease> {
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
    use crate::fleet::FleetFold;
    use dosd_actors::journal::scan;

    const NOW_MS: i64 = 1_795_305_600_000 + 3_600_000;

    fn journal(rows: &[serde_json::Value]) -> Vec<u8> {
        rows.iter().flat_map(|row| format!("{row}\n").into_bytes()).collect()
    }

    fn seen(rows: &[serde_json::Value], alive: bool) -> Vec<(String, State, u64)> {
        let bytes = journal(rows);
        let mut fold = FleetFold::default();
        scan(&bytes, &mut fold);
        let observation = fold.lanes.observe(NOW_MS);
        let open: Vec<_> = fold.lanes.open_runs().collect();
        let found = workers(
            &open,
            &observation,
            &fold.history,
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
