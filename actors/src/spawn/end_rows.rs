//! The rows that end a run whose lease the daemon holds.

use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{Docket, LeaseKey, Matter, Ruling};
use serde_json::Value;

/// The end of a run and the release of its lease: one write, under the mutex. The
/// stamp in the release is the run's own, so it takes nobody else's lease away.
///
/// It may wait for the mutex for so long that its spawner panics and another one has the
/// run's end written too: whichever comes second writes no second end.
#[derive(Debug)]
pub struct EndRows {
    exited: Draft,
    release: Draft,
}

impl EndRows {
    /// These rows, of one run.
    pub(crate) fn new(exited: Draft, release: Draft) -> Self {
        Self { exited, release }
    }

    /// The rows, for whoever checks that they were written.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn rows(&self) -> Vec<Draft> {
        vec![self.exited.clone(), self.release.clone()]
    }
}

impl Matter for EndRows {
    type Answer = ();

    fn rule(self, docket: &Docket<'_>) -> Ruling<()> {
        let run_id = self.exited.fields().get("run_id").and_then(Value::as_str);
        let is_open = docket.lanes.open_runs().any(|open| Some(open.run_id.as_str()) == run_id);
        let lease = LeaseKey::of(self.release.fields());
        let is_held = lease.is_some_and(|key| docket.lanes.lease(&key).is_some());
        let rows = match (is_open, is_held) {
            (true, _) => vec![self.exited, self.release],
            (false, true) => vec![self.release],
            (false, false) => Vec::new(),
        };
        Ruling { rows, answer: () }
    }
}

#[cfg(test)]
mod tests {
    use dosd_kernel::fold::Fold as _;
    use dosd_kernel::lane::{
        Acquire, HolderProcess, LaneFold, LaneRow, Release, Spawn, WorkerExited,
    };

    use super::*;

    const NOW_MS: i64 = 1_795_305_600_000;

    fn write(lanes: &mut LaneFold, row: &Draft) {
        lanes.apply_draft(row, lanes.highest_seq() + 1);
    }

    fn end() -> EndRows {
        let exited = WorkerExited { lane: "a".into(), run_id: "r".into(), ..Default::default() };
        let release = Release { lane: "a".into(), loop_ts: "t".into(), ..Default::default() };
        EndRows::new(
            LaneRow::WorkerExited(exited).draft(NOW_MS),
            LaneRow::Release(release).draft(NOW_MS),
        )
    }

    fn ops(lanes: &LaneFold) -> Vec<Draft> {
        let docket = Docket { lanes, now_ms: NOW_MS, process: &|_| HolderProcess::MayLive };
        end().rule(&docket).rows
    }

    #[test]
    fn a_run_that_two_spawners_saw_end_has_one_end() {
        let mut lanes = LaneFold::default();
        let spawn = Spawn {
            lane: "a".into(),
            loop_ts: "t".into(),
            run_id: Some("r".into()),
            ..Default::default()
        };
        write(&mut lanes, &LaneRow::Spawn(spawn).draft(NOW_MS));
        let acquire = Acquire { lane: "a".into(), loop_ts: "t".into(), ..Default::default() };
        write(&mut lanes, &LaneRow::Acquire(acquire).draft(NOW_MS));
        let first = ops(&lanes);
        assert_eq!(first, end().rows());
        write(&mut lanes, &first[0]);
        assert_eq!(ops(&lanes), [first[1].clone()], "its end stands, its lease too");
        write(&mut lanes, &first[1]);
        assert_eq!(ops(&lanes), []);
    }
}
