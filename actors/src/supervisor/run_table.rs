//! The runs of this daemon and the tries of each lane. Pure.

use std::collections::{BTreeMap, BTreeSet};

use dosd_kernel::lane::LiveLease;
use dosd_kernel::population::LaneFacts;
use dosd_kernel::restart::{self, Ending, Next};

use crate::spawn::{Run, RunEnd};

use super::fleet::Moment;

/// What this daemon has running, and how each lane has fared.
#[derive(Debug, Default)]
pub(super) struct RunTable {
    runs: BTreeMap<String, LiveRun>,
    lanes: BTreeMap<String, LaneTries>,
}

/// A run between its intent and its end.
#[derive(Debug)]
pub(super) struct LiveRun {
    pub(super) run: Run,
    /// Monotonic time of the last beat that was journalled for it.
    pub(super) last_beat_ms: i64,
}

/// How the tries of one lane went.
#[derive(Debug, Default)]
struct LaneTries {
    history: restart::History,
    /// Monotonic time before which the lane gets no worker.
    not_before_ms: Option<i64>,
    gave_up: bool,
    /// Wall time of the last launch.
    launched_ms: Option<i64>,
    /// The last run that ended: if its lease still stands, its holder is gone.
    ended_run: Option<String>,
}

impl RunTable {
    pub(super) fn begin(&mut self, run: Run, now: Moment) {
        let tries = self.lanes.entry(run.lane.clone()).or_default();
        tries.launched_ms = Some(now.wall_ms);
        tries.not_before_ms = None;
        let live = LiveRun { run, last_beat_ms: now.monotonic_ms };
        self.runs.insert(live.run.run_id.clone(), live);
    }

    /// A run that an earlier daemon started and that still lives.
    pub(super) fn adopt(&mut self, run: Run, now: Moment) {
        let live = LiveRun { run, last_beat_ms: now.monotonic_ms };
        self.runs.insert(live.run.run_id.clone(), live);
    }

    /// Undoes [`RunTable::begin`] for a run whose rows never reached the disk.
    pub(super) fn forget(&mut self, run_id: &str) {
        self.runs.remove(run_id);
    }

    /// Takes a run out and says when its lane may be tried again. An end that
    /// belongs to no run known here changes nothing.
    pub(super) fn end(
        &mut self,
        ended: &RunEnd,
        policy: &restart::Policy,
        now: Moment,
        jitter: u32,
    ) -> Option<Next> {
        self.runs.remove(&ended.run.run_id)?;
        let tries = self.lanes.entry(ended.run.lane.clone()).or_default();
        tries.ended_run = Some(ended.run.run_id.clone());
        let ending = if ended.is_failure() { Ending::Failed } else { Ending::Clean };
        let next = tries.history.ended(policy, ending, ended.ran_ms, now.monotonic_ms, jitter);
        match next {
            Next::RestartAfter { delay_ms } => {
                tries.not_before_ms = Some(now.monotonic_ms + delay_ms);
            }
            Next::GiveUp { .. } => tries.gave_up = true,
        }
        Some(next)
    }

    pub(super) fn on_lane(&self, lane: &str) -> impl Iterator<Item = &LiveRun> {
        self.runs.values().filter(move |live| live.run.lane == lane)
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &LiveRun> {
        self.runs.values()
    }

    pub(super) fn live_mut(&mut self) -> impl Iterator<Item = &mut LiveRun> {
        self.runs.values_mut()
    }

    /// How long the lane has to wait still, ms.
    pub(super) fn wait_ms(&self, lane: &str, now: Moment) -> Option<i64> {
        let until = self.lanes.get(lane)?.not_before_ms?;
        (until > now.monotonic_ms).then(|| until - now.monotonic_ms)
    }

    pub(super) fn gave_up(&self) -> Vec<String> {
        let given_up = self.lanes.iter().filter(|(_, tries)| tries.gave_up);
        given_up.map(|(lane, _)| lane.clone()).collect()
    }

    /// What this daemon knows about lanes beyond the journal.
    pub(super) fn facts(&self, leases: &Leases<'_>) -> BTreeMap<String, LaneFacts> {
        let mut facts: BTreeMap<String, LaneFacts> = BTreeMap::new();
        for (lane, tries) in &self.lanes {
            let holder = leases.holder_of(lane);
            let holder_ended = holder.is_some() && holder == tries.ended_run.as_deref();
            let fact = facts.entry(lane.clone()).or_default();
            fact.excluded = tries.gave_up;
            fact.process_alive = holder_ended.then_some(false);
        }
        for live in self.runs.values() {
            let run = &live.run;
            let fact = facts.entry(run.lane.clone()).or_default();
            if leases.holder_of(&run.lane) == Some(&run.run_id) {
                fact.process_alive = Some(true);
            } else if !leases.is_held_by(&run.run_id) && !leases.is_taken(&run.lane) {
                fact.pending = true;
            }
        }
        facts
    }

    /// How many of our runs a lane stands for: those on it that hold no lease
    /// elsewhere. A lane that may carry several workers counts as one in a plan.
    pub(super) fn standing_for(&self, lane: &str, leases: &Leases<'_>) -> usize {
        let elsewhere =
            |run_id: &str| leases.is_held_by(run_id) && leases.holder_of(lane) != Some(run_id);
        self.on_lane(lane).filter(|live| !elsewhere(&live.run.run_id)).count()
    }
}

/// Which run holds which lane, as far as the leases say.
pub(super) struct Leases<'a> {
    /// Lane to the run that its newest lease names, if it names one.
    by_lane: BTreeMap<&'a str, (i64, Option<&'a str>)>,
    runs: BTreeSet<&'a str>,
}

impl<'a> Leases<'a> {
    pub(super) fn of(leases: &'a [LiveLease]) -> Self {
        let mut by_lane = BTreeMap::new();
        for live in leases {
            let run_id = Some(live.lease.run_id()).filter(|run_id| !run_id.is_empty());
            let seen = (live.started_ms, run_id);
            // Of two leases on one lane, the one acquired later counts.
            by_lane
                .entry(live.lease.lane())
                .and_modify(|held: &mut (i64, Option<&str>)| {
                    if seen.0 >= held.0 {
                        *held = seen;
                    }
                })
                .or_insert(seen);
        }
        let runs = leases.iter().map(|live| live.lease.run_id()).collect();
        Self { by_lane, runs }
    }

    fn holder_of(&self, lane: &str) -> Option<&'a str> {
        self.by_lane.get(lane).and_then(|(_, run)| *run)
    }

    fn is_taken(&self, lane: &str) -> bool {
        self.by_lane.contains_key(lane)
    }

    fn is_held_by(&self, run_id: &str) -> bool {
        self.runs.contains(run_id)
    }
}
