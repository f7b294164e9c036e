//! One look at the watched runs: evidence in, proposals out. What it asks of the world comes in as
//! functions.

use super::super::Failure;
use super::super::context::unreadable_journal;
use crate::follow::Follower;
use dosd_kernel::lane::{LaneFold, Lease, NoteHalt, OpenRun, Progress};
use dosd_kernel::liveness::{self, Evidence, Liveness};
use dosd_kernel::watchdog::{Judgement, Report, TrackedRun, Watchdog};

/// The runs, and what is remembered about them between two looks.
pub(super) struct Lookout {
    pub(super) journal: Follower<LaneFold>,
    pub(super) liveness: liveness::Policy,
    pub(super) watchdog: Watchdog,
    /// The runs that were named.
    pub(super) tracked: Vec<TrackedRun>,
    /// Whether those that hold a lease at the moment of the look are watched too.
    pub(super) discover: bool,
}

/// What a look asks of the world.
pub(super) struct Sources<C, L, P> {
    /// How many commits came after a commit.
    pub(super) commits_since: C,
    /// How many commits a daemon's worker made on the lane of its lease.
    pub(super) lane_commits: L,
    /// Writes a proposal down, and says whether it is written.
    pub(super) propose: P,
}

impl Lookout {
    /// Judges every watched run, and proposes the halts that are due.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read. A proposal that cannot be written is made again by the
    /// next look.
    pub(super) fn look<C, L, P>(
        &mut self,
        now_ms: i64,
        sources: &mut Sources<C, L, P>,
    ) -> Result<(Vec<TrackedRun>, Report), Failure>
    where
        C: FnMut(&str) -> i64,
        L: FnMut(&OpenRun, &Lease) -> i64,
        P: FnMut(NoteHalt) -> bool,
    {
        let followed = self.journal.follow();
        followed.map_err(|cause| unreadable_journal(self.journal.path(), &cause))?;
        let lanes = self.journal.state();
        lanes.settle(now_ms);
        let mut runs = self.tracked.clone();
        if self.discover {
            runs.extend(lanes.leases().filter_map(|lease| TrackedRun::of_lease(lease)));
        }
        let mut report = Report::of(runs.len());
        for run in &runs {
            let Some(started_ms) = run.started_ms() else {
                report.skipped.push(run.run_id.clone());
                continue;
            };
            let key = run.lease_key();
            let progress =
                key.map_or_else(Progress::default, |key| lanes.progress(&key, started_ms, now_ms));
            let commits = match run.start_sha.as_str() {
                "" => 0,
                start => (sources.commits_since)(start),
            };
            let mut evidence = Evidence {
                run_started_ms: started_ms,
                now_ms,
                commits_since_start: commits,
                journal_events_since: progress.events_since_start,
                last_heartbeat_age_ms: progress.newest_heartbeat_age_ms,
                ..Evidence::default()
            };
            // A run that beats and has nothing else to show: one of a daemon says where it began.
            if run.start_sha.is_empty()
                && liveness::classify(&evidence, &self.liveness)? == Liveness::Spinning
                && let Some((open, lease)) = worker(lanes, run)
            {
                evidence.commits_since_start = (sources.lane_commits)(open, lease);
            }
            let verdict = liveness::classify(&evidence, &self.liveness)?;
            let judgement = self.watchdog.judge(run, verdict, now_ms);
            report.note(&run.run_id, verdict, judgement);
            if let Judgement::Propose(reason) = judgement
                && (sources.propose)(halt(run, reason))
            {
                self.watchdog.proposed(run, now_ms);
                report.proposed_halts.push(run.run_id.clone());
            }
        }
        Ok((runs, report))
    }
}

/// The daemon's own word on where a run began, with the lease that it holds.
fn worker<'a>(lanes: &'a LaneFold, run: &TrackedRun) -> Option<(&'a OpenRun, &'a Lease)> {
    let open = lanes.open_runs().find(|open| open.run_id == run.run_id)?;
    Some((open, lanes.lease(&run.lease_key()?)?))
}

/// The proposal. Which lease it is about is found when it is written.
fn halt(run: &TrackedRun, reason: &str) -> NoteHalt {
    NoteHalt {
        handle: run.handle.clone(),
        lane: run.lane.clone(),
        loop_ts: run.loop_ts.clone(),
        owner: String::new(),
        reason: reason.to_owned(),
        run_id: run.run_id.clone(),
        command: run.stop_command.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dosd_kernel::run_id;
    use dosd_kernel::watchdog::Policy;
    use serde_json::json;

    const START_MS: i64 = 1_795_348_800_000;
    const HOUR_MS: i64 = 3_600_000;

    fn id(entropy: u64) -> String {
        run_id::mint(START_MS, entropy, "w", None, None).unwrap().run_id.into()
    }

    fn lookout(
        rows: &[serde_json::Value],
        tracked: &[String],
        discover: bool,
    ) -> (Lookout, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lanes.jsonl");
        let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
        std::fs::write(&path, rows.join("\n") + "\n").unwrap();
        let lookout = Lookout {
            journal: Follower::new(path),
            liveness: liveness::Policy::default(),
            watchdog: Watchdog::new(Policy { budget_ms: Some(HOUR_MS), ..Policy::default() }),
            tracked: tracked.iter().map(|spec| spec.parse().unwrap()).collect(),
            discover,
        };
        (lookout, directory)
    }

    fn acquire(lane: &str, run: &str) -> serde_json::Value {
        let stamp = "2026-11-22T12:00:00Z";
        let lease = json!({"lane": lane, "loop_ts": "2026-11-22T12:00", "run_id": run,
            "acquired_at": stamp, "pid": 7, "host_id": "here"});
        json!({"op": "ACQUIRE", "ts": stamp, "lane": lane, "loop_ts": "2026-11-22T12:00",
            "lease": lease})
    }

    #[test]
    fn a_journal_and_commits_keep_a_run_from_being_halted() {
        let beat = json!({"op": "HEARTBEAT", "lane": "a", "loop_ts": "2026-11-22T12:00",
            "ts": "2026-11-22T13:55:00Z"});
        let rows = [acquire("a", &id(1)), beat];
        let specs = [
            format!("{}::a:2026-11-22T12:00", id(1)),
            format!("{}:abc:b:L", id(2)),
            format!("{}::b:L:9", id(3)),
            "no-run".to_owned(),
        ];
        let (mut lookout, _directory) = lookout(&rows, &specs, false);
        let mut halts = Vec::new();
        let mut sources = Sources {
            commits_since: |start: &str| i64::from(start == "abc"),
            lane_commits: |_: &OpenRun, _: &Lease| panic!("no daemon started these"),
            propose: |halt| {
                halts.push(halt);
                true
            },
        };
        let now_ms = START_MS + 2 * HOUR_MS;
        let (_, report) = lookout.look(now_ms, &mut sources).unwrap();
        assert_eq!(report.watched, 4);
        assert_eq!(report.spinning, [id(1)]);
        assert_eq!(report.advancing, [id(2)]);
        assert_eq!(report.skipped, ["no-run"]);
        assert_eq!(report.proposed_halts, [id(1), id(3)]);
        let (_, report) = lookout.look(now_ms + 1, &mut sources).unwrap();
        assert_eq!((report.proposed_halts, report.verdicts.len()), (vec![], 3));
        assert_eq!((halts[0].run_id.as_str(), halts[0].lane.as_str()), (&*id(1), "a"));
        assert_eq!((halts[1].handle.as_str(), halts[1].lane.as_str()), ("9", "b"));
    }

    #[test]
    fn what_could_not_be_written_is_proposed_again() {
        let rows = [acquire("a", &id(1)), acquire("b", "unknown")];
        let (mut lookout, _directory) = lookout(&rows, &[], true);
        for written in [false, true, true] {
            let mut asked = 0;
            let mut sources = Sources {
                commits_since: |_: &str| panic!("a lease names no start commit"),
                lane_commits: |_: &OpenRun, _: &Lease| panic!("no daemon started these"),
                propose: |_| {
                    asked += 1;
                    written
                },
            };
            let (runs, report) = lookout.look(START_MS + HOUR_MS, &mut sources).unwrap();
            assert_eq!((runs.len(), runs[0].handle.as_str()), (1, "7"));
            assert_eq!(report.proposed_halts.len(), usize::from(asked == 1 && written));
        }
        let mut sources = Sources {
            commits_since: |_: &str| 0,
            lane_commits: |_: &OpenRun, _: &Lease| 0,
            propose: |_| true,
        };
        let (_, report) = lookout.look(START_MS + HOUR_MS - 1, &mut sources).unwrap();
        assert_eq!(report.stalled_within_budget, [id(1)]);
    }

    #[test]
    fn a_daemons_worker_that_beats_and_commits_on_its_lane_advances() {
        let started = |run: &str| {
            json!({"op": "WORKER_STARTED", "ts": "2026-11-22T12:00:00Z", "lane": "a",
                "run_id": run, "pid": 7, "start_ticks": 1, "boot_id": "b", "pgid": 7,
                "start_sha": "abc"})
        };
        let beat = json!({"op": "HEARTBEAT", "lane": "a", "loop_ts": "2026-11-22T12:00",
            "ts": "2026-11-22T13:55:00Z"});
        for (last, commits, advances) in [
            (Some(&beat), 1, true),
            (Some(&beat), 0, false),
            // Whether one without a beat lives, nobody here knows.
            (None, 1, false),
        ] {
            let rows = [acquire("a", &id(1)), started(&id(1))];
            let rows: Vec<_> = rows.iter().chain(last).cloned().collect();
            let (mut lookout, _directory) = lookout(&rows, &[], true);
            let mut sources = Sources {
                commits_since: |_: &str| panic!("it is the lane's commits that count"),
                lane_commits: |open: &OpenRun, lease: &Lease| {
                    assert_eq!((open.start_sha.as_deref(), lease.lane()), (Some("abc"), "a"));
                    commits
                },
                propose: |_| true,
            };
            let (_, report) = lookout.look(START_MS + 2 * HOUR_MS, &mut sources).unwrap();
            assert_eq!(!report.advancing.is_empty(), advances, "{last:?} {commits}");
        }
    }
}
