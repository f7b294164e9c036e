//! The runs of this daemon and who is behind a lease. Pure: it never looks at a
//! journal or a process, and never decides what to launch.

use std::collections::BTreeMap;

use dosd_kernel::lane::Lease;

use super::moment::Moment;
use super::tries::Tries;
use crate::spawn::Run;

/// What this daemon has running, and how each lane has fared.
#[derive(Debug)]
pub(super) struct RunTable {
    /// This machine: stamps of another one are not ours.
    host_id: String,
    runs: BTreeMap<String, LiveRun>,
    /// The runs by the stamps that their leases bear.
    by_stamp: BTreeMap<String, String>,
    /// How each lane has fared.
    pub(super) tries: Tries,
    /// Ids and stamps of runs that ended: a lease that bears one has no process.
    /// With the root of the run's lineage, if that is known.
    ended: BTreeMap<String, Option<String>>,
}

/// A run between its intent and its end.
#[derive(Debug)]
pub(super) struct LiveRun {
    pub(super) run: Run,
    /// Monotonic time of the last beat that was journalled for it; none when it
    /// is not known, and one is due.
    pub(super) last_beat_ms: Option<i64>,
    pub(super) hold: Hold,
}

/// What became of the lease of a run that was adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It stands, or it is the worker's own matter.
    Kept,
    /// The daemon held it, and somebody took it back while no daemon ran.
    Lost,
}

/// Who is behind a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tenant<'a> {
    /// A run of ours that is being started or lives, by its id.
    Living(&'a str),
    /// A run of ours that ended.
    Ended,
    /// Somebody else, or a worker that does not say whose it is.
    Stranger,
}

impl RunTable {
    pub(super) fn new(host_id: String) -> Self {
        Self {
            host_id,
            runs: BTreeMap::new(),
            by_stamp: BTreeMap::new(),
            tries: Tries::default(),
            ended: BTreeMap::new(),
        }
    }

    /// A run whose intent is on disk.
    pub(super) fn begin(&mut self, run: Run, now: Moment) {
        self.insert(run, Some(now.monotonic_ms), Hold::Kept);
    }

    /// A run that was begun before this table was, and lives or is being started.
    /// Nobody knows when it beat last.
    pub(super) fn adopt(&mut self, run: Run, hold: Hold) {
        if !self.runs.contains_key(&run.run_id) {
            self.insert(run, None, hold);
        }
    }

    fn insert(&mut self, run: Run, last_beat_ms: Option<i64>, hold: Hold) {
        if !run.loop_ts.is_empty() {
            self.by_stamp.insert(run.loop_ts.clone(), run.run_id.clone());
        }
        self.runs.insert(run.run_id.clone(), LiveRun { run, last_beat_ms, hold });
    }

    /// Notes that a run has no process any more. Says whether it was in the table:
    /// whoever launched another did not live to see its end.
    pub(super) fn remove(&mut self, run: &Run) -> bool {
        let root_id = run.root_id().map(str::to_owned);
        self.ended.insert(run.run_id.clone(), root_id.clone());
        if !run.loop_ts.is_empty() {
            self.ended.insert(run.loop_ts.clone(), root_id);
            self.by_stamp.remove(&run.loop_ts);
        }
        self.runs.remove(&run.run_id).is_some()
    }

    /// Notes that a run that was never in the table has no process. One that is in it stays.
    pub(super) fn bury(&mut self, run_id: String, loop_ts: String) {
        if !self.knows(&run_id, &loop_ts) {
            let marks = [run_id, loop_ts].into_iter().filter(|mark| !mark.is_empty());
            self.ended.extend(marks.map(|mark| (mark, None)));
        }
    }

    /// The ids and stamps of runs that ended and are not forgotten yet.
    pub(super) fn ended(&self) -> impl Iterator<Item = &String> {
        self.ended.keys()
    }

    /// Forgets ended runs, which no lease bears any more. A lease that a dead worker
    /// took was written before its end, so an observation made after it shows it.
    pub(super) fn forget_ended(&mut self, marks: &[String]) {
        for mark in marks {
            self.ended.remove(mark);
        }
    }

    pub(super) fn tenant(&self, lease: &Lease) -> Tenant<'_> {
        let run_id = lease.run_id();
        if let Some((run_id, _)) = self.runs.get_key_value(run_id) {
            return Tenant::Living(run_id);
        }
        let is_here = lease.host_id().is_empty() || lease.host_id() == self.host_id;
        let stamp = if is_here { lease.loop_ts() } else { "" };
        if let Some(run_id) = self.by_stamp.get(stamp) {
            return Tenant::Living(run_id);
        }
        let ended = self.ended.contains_key(run_id) || self.ended.contains_key(stamp);
        if ended { Tenant::Ended } else { Tenant::Stranger }
    }

    /// The root of the lineage of the run that is, or was, behind a lease.
    pub(super) fn root_of(&self, tenant: Tenant<'_>, lease: &Lease) -> Option<&str> {
        match tenant {
            Tenant::Living(run_id) => self.runs.get(run_id)?.run.root_id(),
            Tenant::Ended => {
                let ended = self.ended.get(lease.run_id());
                ended.or_else(|| self.ended.get(lease.loop_ts()))?.as_deref()
            }
            Tenant::Stranger => None,
        }
    }

    /// Whether a run that lives has this id, or this stamp.
    pub(super) fn knows(&self, run_id: &str, loop_ts: &str) -> bool {
        self.runs.contains_key(run_id) || self.by_stamp.contains_key(loop_ts)
    }

    /// Whether a run is being started or lives.
    pub(super) fn lives(&self, run_id: &str) -> bool {
        self.runs.contains_key(run_id)
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &LiveRun> {
        self.runs.values()
    }

    /// A beat for this run is on disk.
    pub(super) fn beaten(&mut self, run_id: &str, now: Moment) {
        if let Some(live) = self.runs.get_mut(run_id) {
            live.last_beat_ms = Some(now.monotonic_ms);
        }
    }

    /// The lease of this run is on disk again.
    pub(super) fn regained(&mut self, run_id: &str, now: Moment) {
        if let Some(live) = self.runs.get_mut(run_id) {
            live.hold = Hold::Kept;
            live.last_beat_ms = Some(now.monotonic_ms);
        }
    }
}
