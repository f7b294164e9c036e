//! What the journal says of runs: each by itself, of those on one lane, and of the processes
//! that are there.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde_json::Value;

use super::{Invariant, Place, Row, Violation};
use crate::lane::Op;

/// Whether each run is announced, then started at most once, then ended once, and never spoken
/// of again. After a compaction, which may be somebody else's, an announcement may be missing.
/// Holds always.
#[must_use]
pub fn runs_in_order(rows: &[Row]) -> Vec<Violation> {
    let mut runs: BTreeMap<&str, Told> = BTreeMap::new();
    let mut violations = Vec::new();
    let mut is_compacted = false;
    for row in rows {
        let op = row.op();
        is_compacted |= op == Op::Checkpoint;
        let run_id = row.text("run_id");
        if run_id.is_empty() || !is_about_a_run(op) {
            continue;
        }
        let is_known = runs.contains_key(run_id);
        let told = runs.entry(run_id).or_default();
        let what = if op == Op::Spawn {
            is_known.then_some("is announced when it is known already")
        } else if told.is_ended {
            Some("is spoken of after its end")
        } else if !told.is_announced && !is_compacted && !is_known {
            Some("was never announced")
        } else if op == Op::WorkerStarted && told.is_started {
            Some("is started a second time")
        } else {
            None
        };
        if let Some(what) = what {
            violations.push(Violation {
                invariant: Invariant::RunsInOrder,
                place: row.place(),
                what: format!("{op} of run `{run_id}`, which {what}"),
            });
        }
        told.note(op);
    }
    violations
}

/// Whether a run was announced on a lane while another one of the same lane had no end yet, of
/// those lanes that carry one worker (`is_for_one`). Only runs of `holder` count: what others
/// announce they do not record the end of. Holds always.
#[must_use]
pub fn one_worker(rows: &[Row], holder: &str, is_for_one: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut open: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut violations = Vec::new();
    for row in rows {
        let (run_id, lane) = (row.text("run_id"), row.text("lane"));
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other row begins or ends a run")]
        match row.op() {
            Op::Spawn if row.text("holder") == holder && !run_id.is_empty() => {
                let runs = open.entry(lane).or_default();
                if let Some(before) = runs.first()
                    && is_for_one(lane)
                {
                    violations.push(Violation {
                        invariant: Invariant::OneWorker,
                        place: row.place(),
                        what: format!("`{run_id}` on lane `{lane}` before the end of `{before}`"),
                    });
                }
                runs.insert(run_id);
            }
            Op::WorkerExited => {
                if let Some(runs) = open.get_mut(lane) {
                    runs.remove(run_id);
                }
            }
            _ => {}
        }
    }
    violations
}

/// Whether every run of `holder` that was announced has an end, or lives: `living` are the runs
/// whose processes are there. Holds at rest.
#[must_use]
pub fn intents_have_outcomes(
    rows: &[Row],
    holder: &str,
    living: &BTreeSet<String>,
) -> Vec<Violation> {
    let mut open: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in rows {
        let run_id = row.text("run_id");
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other row begins or ends a run")]
        match row.op() {
            Op::Spawn if row.text("holder") == holder && !run_id.is_empty() => {
                open.insert(run_id, row);
            }
            Op::WorkerExited | Op::WorkerGaveUp => {
                open.remove(run_id);
            }
            _ => {}
        }
    }
    let lost = open.into_iter().filter(|(run_id, _)| !living.contains(*run_id));
    let violation = |(run_id, row): (&str, &Row)| Violation {
        invariant: Invariant::IntentsHaveOutcomes,
        place: row.place(),
        what: format!("run `{run_id}` has no process and no end"),
    };
    lost.map(violation).collect()
}

/// A worker's process that is there, as somebody saw it who is not the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProcess {
    /// The run that it was started for.
    pub run_id: String,
    /// The lane that it was started for.
    pub lane: String,
    /// Its process id, or that of its group.
    pub pid: u32,
}

/// Whether each process that is there was announced, for its lane, and its run has not ended.
/// With `at_rest` its start must be on record too. Holds always, that last part at rest.
#[must_use]
pub fn processes_are_known(
    rows: &[Row],
    processes: &[KnownProcess],
    at_rest: bool,
) -> Vec<Violation> {
    let mut announced: BTreeMap<&str, &str> = BTreeMap::new();
    let mut started: BTreeMap<&str, [Option<u64>; 2]> = BTreeMap::new();
    let mut ended: BTreeSet<&str> = BTreeSet::new();
    for row in rows {
        let run_id = row.text("run_id");
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other row is about a process")]
        match row.op() {
            Op::Spawn => {
                announced.insert(run_id, row.text("lane"));
            }
            Op::WorkerStarted => {
                let of = |key| row.fields.get(key).and_then(Value::as_u64);
                started.insert(run_id, [of("pid"), of("pgid")]);
            }
            Op::WorkerExited => {
                ended.insert(run_id);
            }
            _ => {}
        }
    }
    let complaint = |process: &KnownProcess| {
        let run_id = process.run_id.as_str();
        match (announced.get(run_id), started.get(run_id)) {
            (None, _) => Some("was never announced".to_string()),
            (Some(lane), _) if *lane != process.lane => {
                Some(format!("is on lane `{}`, announced for `{lane}`", process.lane))
            }
            _ if ended.contains(run_id) => Some("lives after the end of its run".to_string()),
            (_, None) if at_rest => Some("has no start on record".to_string()),
            (_, Some(known)) if at_rest && !known.contains(&Some(u64::from(process.pid))) => {
                Some(format!("is not the one on record, {known:?}"))
            }
            _ => None,
        }
    };
    let violations = processes.iter().filter_map(|process| {
        let what = format!("process {} {}", process.pid, complaint(process)?);
        let place = Place::Run(process.run_id.clone());
        Some(Violation { invariant: Invariant::ProcessesAreKnown, place, what })
    });
    violations.collect()
}

/// How far a run has been told of.
#[derive(Debug, Default)]
struct Told {
    is_announced: bool,
    is_started: bool,
    is_ended: bool,
}

impl Told {
    fn note(&mut self, op: Op) {
        self.is_announced |= op == Op::Spawn;
        self.is_started |= op == Op::WorkerStarted;
        self.is_ended |= op == Op::WorkerExited;
    }
}

/// A giving-up names the last run, after its end, and is about the lane.
fn is_about_a_run(op: Op) -> bool {
    matches!(op, Op::Spawn | Op::WorkerStarted | Op::WorkerExited)
}
