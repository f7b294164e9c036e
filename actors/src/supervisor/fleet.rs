//! The decisions of the supervisor. Pure: observation and time in, rows and
//! launches out.

use std::collections::BTreeMap;

use dosd_kernel::Map;
use dosd_kernel::draft::Draft;
use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::lane::{Acquire, Heartbeat, LaneRow, Observation, Scavenge, Spawn, WorkerGaveUp};
use dosd_kernel::liveness::Liveness;
use dosd_kernel::population::{self, Item, Plan};
use dosd_kernel::restart::Next;
use dosd_kernel::run_id;
use dosd_kernel::stamp;
use dosd_kernel::verdict::VerdictEvent;

use super::run_table::{Leases, RunTable};
use super::settings::{FleetSettings, LeaseMode};
use crate::spawn::{Run, RunEnd};

/// The holder that stands in the rows of leases and intents made by a daemon.
pub(super) const HOLDER: &str = "dosd";

/// Both clocks, read once for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Wall time, epoch ms.
    pub wall_ms: i64,
    /// Monotonic time, ms.
    pub monotonic_ms: i64,
}

/// What to do now, in this order: the rows, the launches, the verdict.
#[derive(Debug)]
pub struct Decision {
    /// Rows for the lane journal: scavenges, intents, leases, beats.
    pub rows: Vec<Draft>,
    /// What to launch once the rows are on disk.
    pub launches: Vec<Run>,
    /// The population's verdict, when it changed.
    pub verdict: Option<Draft>,
    /// Look again after so long, because a lane's delay ends then.
    pub again_ms: Option<i64>,
    /// The plan that all this came from.
    pub plan: Plan,
}

/// What follows from the end of a run.
#[derive(Debug, PartialEq)]
pub struct Aftermath {
    /// Rows for the lane journal.
    pub rows: Vec<Draft>,
    /// Rows for the verdict journal.
    pub verdicts: Vec<Draft>,
    /// When the lane may be tried again; `None` for a run that is not ours.
    pub next: Option<Next>,
}

/// The population as its supervisor remembers it.
#[derive(Debug)]
pub struct Fleet {
    settings: FleetSettings,
    table: RunTable,
    last_verdict: Option<Fingerprint>,
    plan: Option<Plan>,
}

/// What makes a population verdict new: its outcome, or what it wants done.
type Fingerprint = (population::Outcome, Vec<String>, Vec<String>, Vec<String>);

impl Fleet {
    /// A fleet without runs.
    #[must_use]
    pub fn new(settings: FleetSettings) -> Self {
        Self { settings, table: RunTable::default(), last_verdict: None, plan: None }
    }

    /// The roster and the policies.
    #[must_use]
    pub fn settings(&self) -> &FleetSettings {
        &self.settings
    }

    /// The last plan.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Lane and run id of every run that is being started or lives.
    #[must_use]
    pub fn runs(&self) -> Vec<(String, String)> {
        self.table.live().map(|live| (live.run.lane.clone(), live.run.run_id.clone())).collect()
    }

    /// Lanes that get no further try.
    #[must_use]
    pub fn gave_up(&self) -> Vec<String> {
        self.table.gave_up()
    }

    /// Takes over a run that an earlier daemon started and that still lives.
    pub fn adopt(&mut self, run: Run, now: Moment) {
        self.table.adopt(run, now);
    }

    /// Takes back the launches of a decision whose rows did not reach the disk.
    pub fn take_back(&mut self, launches: &[Run]) {
        for run in launches {
            self.table.forget(&run.run_id);
        }
    }

    /// Decides what to do about what the journal shows; `entropy` is random, for
    /// run ids.
    ///
    /// # Errors
    /// When the roster or the policy cannot be planned with; the configuration
    /// check refuses those before.
    pub fn decide(
        &mut self,
        observation: &Observation,
        now: Moment,
        mut entropy: impl FnMut() -> u64,
    ) -> Result<Decision, InvalidArgument> {
        let leases = Leases::of(&observation.leases);
        let facts = self.table.facts(&leases);
        let settings = &self.settings;
        let mut evidence = population::gather(
            &settings.lanes,
            observation,
            &facts,
            &settings.policy,
            &settings.liveness,
        )?;
        if settings.lease == LeaseMode::Supervisor {
            // A lease of ours is exclusive: one worker for a lane.
            for lane in &mut evidence.lanes {
                lane.repeatable = false;
            }
        }
        let plan = population::supervise(&evidence, &settings.policy)?;

        let mut rows = scavenges(&plan, observation, now);
        rows.extend(self.beats(now));
        let (launches, again_ms) = self.launches(&plan, &leases, now, &mut entropy)?;
        for run in &launches {
            rows.extend(self.intent(run, now));
            self.table.begin(run.clone(), now);
        }
        let verdict = self.verdict(&plan, now);
        self.plan = Some(plan.clone());
        Ok(Decision { rows, launches, verdict, again_ms, plan })
    }

    /// Records the end of a run.
    pub fn ended(&mut self, ended: &RunEnd, now: Moment, jitter: u32) -> Aftermath {
        let next = self.table.end(ended, &self.settings.restart, now, jitter);
        let mut aftermath = Aftermath { rows: Vec::new(), verdicts: Vec::new(), next };
        if let Some(Next::GiveUp { failures, window_ms }) = aftermath.next {
            let row = LaneRow::WorkerGaveUp(WorkerGaveUp {
                lane: ended.run.lane.clone(),
                run_id: ended.run.run_id.clone(),
                failures,
                window_ms,
            });
            aftermath.rows.push(row.draft(now.wall_ms));
            let mut detail = Map::new();
            detail.insert("failures".into(), failures.into());
            detail.insert("window_ms".into(), window_ms.into());
            let event = VerdictEvent {
                syscall: "worker".to_owned(),
                verdict: "GAVE_UP".to_owned(),
                run_id: ended.run.run_id.clone(),
                lane: ended.run.lane.clone(),
                detail,
                ..VerdictEvent::default()
            };
            aftermath.verdicts.push(event.draft(now.wall_ms));
        }
        aftermath
    }

    /// Beats for the leases that the daemon holds, when they are due.
    fn beats(&mut self, now: Moment) -> Vec<Draft> {
        let interval_ms = self.settings.beat_interval_ms();
        let mut rows = Vec::new();
        for live in self.table.live_mut().filter(|live| live.run.leased) {
            if now.monotonic_ms - live.last_beat_ms >= interval_ms {
                live.last_beat_ms = now.monotonic_ms;
                let row = LaneRow::Heartbeat(Heartbeat {
                    lane: live.run.lane.clone(),
                    loop_ts: live.run.loop_ts.clone(),
                    host_id: self.settings.host_id.clone(),
                });
                rows.push(row.draft(now.wall_ms));
            }
        }
        rows
    }

    /// The runs to launch now, and when to look again for those that must wait.
    fn launches(
        &self,
        plan: &Plan,
        leases: &Leases<'_>,
        now: Moment,
        entropy: &mut impl FnMut() -> u64,
    ) -> Result<(Vec<Run>, Option<i64>), InvalidArgument> {
        let mut launches: Vec<Run> = Vec::new();
        let mut again_ms: Option<i64> = None;
        let mut uncounted = self.uncounted(plan, leases);
        for item in &plan.spawn {
            if let Some(surplus) = uncounted.get_mut(item.lane.as_str()).filter(|left| **left > 0) {
                *surplus -= 1;
                continue;
            }
            if let Some(wait_ms) = self.table.wait_ms(&item.lane, now) {
                again_ms = Some(again_ms.map_or(wait_ms, |sooner| sooner.min(wait_ms)));
                continue;
            }
            let beside = launches.iter().filter(|run| run.lane == item.lane).count();
            let index = beside + self.table.on_lane(&item.lane).count();
            launches.push(self.run_for(item, index, now, entropy)?);
        }
        Ok((launches, again_ms))
    }

    /// For each lane that may carry several workers: how many of ours live on it
    /// beyond the one that the plan counts.
    fn uncounted<'p>(&self, plan: &'p Plan, leases: &Leases<'_>) -> BTreeMap<&'p str, usize> {
        let spinning_counts = self.settings.policy.count_spinning_as_alive;
        let lanes = plan.evidence.lanes.iter().filter(|lane| lane.repeatable);
        lanes
            .map(|lane| {
                let counted = lane.pending
                    || lane.liveness == Some(Liveness::Advancing)
                    || (lane.liveness == Some(Liveness::Spinning) && spinning_counts);
                let standing = self.table.standing_for(&lane.lane, leases);
                (lane.lane.as_str(), standing.saturating_sub(usize::from(counted)))
            })
            .collect()
    }

    fn run_for(
        &self,
        item: &Item,
        index: usize,
        now: Moment,
        entropy: &mut impl FnMut() -> u64,
    ) -> Result<Run, InvalidArgument> {
        // A lease's identity is lane and stamp, and stamps have seconds: runs of
        // one lane that start together get seconds of their own.
        let stamp_ms = now.wall_ms + 1000 * i64::try_from(index).unwrap_or_default();
        let parent = &self.settings.lineage;
        let lineage = run_id::mint(
            now.wall_ms,
            entropy(),
            "worker",
            Some(parent.run_id.as_str()),
            Some(&parent.root_id),
        )?;
        Ok(Run {
            run_id: lineage.run_id.to_string(),
            lane: item.lane.clone(),
            loop_ts: stamp::format_ms(stamp_ms),
            lineage: lineage.environment(),
            leased: self.settings.lease == LeaseMode::Supervisor,
        })
    }

    /// The rows that stand on disk before the process exists.
    fn intent(&self, run: &Run, now: Moment) -> Vec<Draft> {
        let pid = Some(i64::from(self.settings.pid));
        let spawn = LaneRow::Spawn(Spawn {
            lane: run.lane.clone(),
            loop_ts: run.loop_ts.clone(),
            holder: HOLDER.to_owned(),
            host_id: self.settings.host_id.clone(),
            pid,
            run_id: Some(run.run_id.clone()),
            reason: "lane is free and the target is not met".to_owned(),
        });
        let mut rows = vec![spawn.draft(now.wall_ms)];
        if run.leased {
            let lanes = &self.settings.lanes;
            let exclusive = lanes.is_exclusive(&run.lane);
            let acquire = LaneRow::Acquire(Acquire {
                lane: run.lane.clone(),
                lane_kind: if exclusive { run.lane.to_lowercase() } else { "cluster".to_owned() },
                tree: lanes.tree(&run.lane).to_vec(),
                loop_ts: run.loop_ts.clone(),
                host_id: self.settings.host_id.clone(),
                pid,
                holder: HOLDER.to_owned(),
                run_id: Some(run.run_id.clone()),
                reason: "held for a worker".to_owned(),
                ..Acquire::default()
            });
            rows.push(acquire.draft(now.wall_ms));
        }
        rows
    }

    /// The verdict, when the outcome or the plan is another than last time.
    fn verdict(&mut self, plan: &Plan, now: Moment) -> Option<Draft> {
        let names = |items: &[Item]| items.iter().map(|item| item.lane.clone()).collect::<Vec<_>>();
        let seen: Fingerprint =
            (plan.verdict, names(&plan.spawn), names(&plan.reap), names(&plan.proposed_halt));
        if self.last_verdict.as_ref() == Some(&seen) {
            return None;
        }
        self.last_verdict = Some(seen);
        let mut detail = Map::new();
        for (key, count) in
            [("alive", plan.alive), ("target", plan.target), ("admissible", plan.admissible)]
        {
            detail.insert(key.into(), count.into());
        }
        for (key, items) in [
            ("spawn", &plan.spawn),
            ("reap", &plan.reap),
            ("flag", &plan.flag),
            ("proposed_halt", &plan.proposed_halt),
        ] {
            detail.insert(key.into(), items.len().into());
        }
        let event = VerdictEvent {
            syscall: "supervise".to_owned(),
            verdict: plan.verdict.as_str().to_owned(),
            run_id: self.settings.lineage.run_id.to_string(),
            detail,
            ..VerdictEvent::default()
        };
        Some(event.draft(now.wall_ms))
    }
}

/// A row for each lease of a lane that is to be reaped: on disk before the
/// lane is used again.
fn scavenges(plan: &Plan, observation: &Observation, now: Moment) -> Vec<Draft> {
    let mut rows = Vec::new();
    for item in &plan.reap {
        for live in observation.leases.iter().filter(|live| live.lease.lane() == item.lane) {
            let row = LaneRow::Scavenge(Scavenge {
                lane: item.lane.clone(),
                loop_ts: live.lease.loop_ts().to_owned(),
                host_id: live.lease.host_id().to_owned(),
                pid: live.lease.pid(),
                prev_holder: Some(live.lease.holder().to_owned()),
                reason: item.reason.clone(),
            });
            rows.push(row.draft(now.wall_ms));
        }
    }
    rows
}
