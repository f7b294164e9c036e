//! The parts of a decision: leases that are taken back, beats, launches. Pure.

use std::collections::BTreeSet;

use dosd_kernel::draft::Draft;
use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::lane::LaneRow;
use dosd_kernel::population::Plan;
use dosd_kernel::run_id::{self, RunId};

use super::fleet::Fleet;
use super::moment::{Moment, run_stamp};
use super::rows;
use super::run_table::{Hold, Tenant};
use super::seating::{Held, Seating};
use super::settings::LeaseMode;
use crate::spawn::Run;

impl Fleet {
    /// A row for each lease of a lane that is to be reaped: on disk before the lane
    /// is used again. A lease beside it whose holder lives, or beat lately, stays,
    /// and keeps the lane.
    pub(super) fn reap<'p, 'o>(
        &self,
        plan: &'p Plan,
        seating: &Seating<'o>,
        now: Moment,
    ) -> Reaped<'p, 'o> {
        let mut reaped = Reaped::default();
        let spin_ms = self.settings.liveness.spin_ms;
        for item in &plan.reap {
            for held in seating.on(&item.lane) {
                let lives = match held.tenant {
                    Tenant::Living(_) => true,
                    Tenant::Ended => false,
                    Tenant::Stranger => {
                        let age_ms = held.live.progress.newest_heartbeat_age_ms;
                        age_ms.is_some_and(|age_ms| age_ms <= spin_ms)
                    }
                };
                if lives {
                    reaped.kept.insert(&item.lane);
                } else {
                    let row = LaneRow::scavenge(&held.live.lease, item.reason.as_str());
                    reaped.rows.push(row.draft(now.wall_ms));
                    reaped.leases.push(*held);
                    reaped.lanes.insert(&item.lane);
                }
            }
        }
        reaped
    }

    /// Runs that live and lost the lease that the daemon held for them, as far as
    /// nobody else has the lane now: where a process works, nobody else is let in.
    pub(super) fn bereft(&self, seating: &Seating<'_>) -> impl Iterator<Item = &Run> {
        let lost = self.table.live().filter(|live| live.hold == Hold::Lost);
        lost.map(|live| &live.run).filter(|run| !seating.is_taken(&run.lane))
    }

    /// Beats for the leases that the daemon holds.
    pub(super) fn beats(&self, now: Moment) -> Beats {
        let interval_ms = self.settings.beat_interval_ms();
        // Otherwise the tick comes often enough, and beats go out together.
        let outpaced = self.settings.tick.as_millis() > u128::from(interval_ms.unsigned_abs());
        let mut beats = Beats::default();
        let held = self.table.live().filter(|live| live.run.leased && live.hold == Hold::Kept);
        for live in held {
            let since_ms = live.last_beat_ms.map(|beat_ms| now.monotonic_ms - beat_ms);
            let mut left_ms = since_ms.map_or(0, |since_ms| interval_ms - since_ms);
            if left_ms <= 0 {
                beats.rows.push(rows::beat(&self.settings, &live.run, now.wall_ms));
                beats.runs.push(live.run.run_id.clone());
                left_ms = interval_ms;
            }
            if outpaced {
                beats.again_ms = Some(sooner(beats.again_ms, left_ms));
            }
        }
        beats
    }

    /// The runs to launch now, and when to look again for those that must wait.
    pub(super) fn launch(
        &self,
        plan: &Plan,
        seating: &Seating<'_>,
        reaped: &Reaped<'_, '_>,
        now: Moment,
        entropy: &mut impl FnMut() -> u64,
    ) -> Result<Launching, InvalidArgument> {
        let mut launching = Launching::default();
        if self.is_closed() {
            return Ok(launching);
        }
        let mut minted = BTreeSet::new();
        for item in &plan.spawn {
            let lane = item.lane.as_str();
            // The evidence shows a lane with a worker as held: this is the last line.
            let is_full = !self.repeats(lane) && seating.living(lane) > 0;
            if is_full || reaped.kept.contains(lane) || self.table.tries.gave_up(lane) {
                // It is in the plan because it was reaped; the next plan is another.
                if reaped.lanes.contains(lane) {
                    launching.again_ms = Some(0);
                }
                continue;
            }
            if let Some(wait_ms) = self.table.tries.wait_ms(lane, now) {
                launching.again_ms = Some(sooner(launching.again_ms, wait_ms));
                continue;
            }
            launching.runs.push(self.mint(lane, seating, &mut minted, now, entropy)?);
        }
        Ok(launching)
    }

    /// A run with an id and a stamp that no other has; `minted` are the ids of this
    /// decision.
    fn mint(
        &self,
        lane: &str,
        seating: &Seating<'_>,
        minted: &mut BTreeSet<RunId>,
        now: Moment,
        entropy: &mut impl FnMut() -> u64,
    ) -> Result<Run, InvalidArgument> {
        let parent = &self.settings.lineage;
        loop {
            let drawn = entropy();
            let parent_id = Some(parent.run_id.as_str());
            let lineage =
                run_id::mint(now.wall_ms, drawn, "worker", parent_id, Some(&parent.root_id))?;
            let loop_ts = run_stamp(now.wall_ms, drawn);
            let taken = self.table.knows(lineage.run_id.as_str(), &loop_ts);
            if taken || seating.bears(&loop_ts) || !minted.insert(lineage.run_id.clone()) {
                continue;
            }
            return Ok(Run {
                run_id: lineage.run_id.to_string(),
                lane: lane.to_owned(),
                loop_ts,
                lineage: lineage.environment(),
                leased: *self.settings.lease.of(lane) == LeaseMode::Supervisor,
            });
        }
    }
}

/// Leases that are taken back.
#[derive(Default)]
pub(super) struct Reaped<'p, 'o> {
    pub(super) rows: Vec<Draft>,
    /// The leases themselves.
    pub(super) leases: Vec<Held<'o>>,
    /// Their lanes.
    lanes: BTreeSet<&'p str>,
    /// Lanes where another lease stays.
    kept: BTreeSet<&'p str>,
}

/// Beats that are due.
#[derive(Default)]
pub(super) struct Beats {
    pub(super) rows: Vec<Draft>,
    /// Whose they are, by run id.
    pub(super) runs: Vec<String>,
    /// When the next one is due, if that is before the next tick.
    pub(super) again_ms: Option<i64>,
}

/// What is launched, and when to look again for what waits.
#[derive(Default)]
pub(super) struct Launching {
    pub(super) runs: Vec<Run>,
    pub(super) again_ms: Option<i64>,
}

fn sooner(known_ms: Option<i64>, wait_ms: i64) -> i64 {
    known_ms.map_or(wait_ms, |known_ms| known_ms.min(wait_ms))
}
