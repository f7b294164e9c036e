//! The model: what a supervisor, a spawner and a journal do to each other, one step
//! at a time, in any order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{
    Acquire, LaneFold, LaneRow, Release, Scavenge, WorkerExited, WorkerStarted,
};
use dosd_kernel::population::{self, Lanes};
use dosd_kernel::restart::Excuse;
use dosd_kernel::{liveness, restart, run_id};

use super::invariants::Check;
use super::ledger::Ledger;
use crate::port::Exit;
use crate::spawn::{Run, RunEnd};
use crate::supervisor::rows::HOLDER;
use crate::supervisor::{
    Decision, Fleet, FleetSettings, Hold, LaneReset, LeaseMode, Moment, Which,
};

/// 2026-11-22T00:00:00Z.
pub(super) const START_MS: i64 = 1_795_305_600_000;
pub(super) const MINUTE_MS: i64 = 60_000;

/// Lanes `a` and `b` on trees of their own, `m` where several may work, and `x`
/// which runs alone.
pub(super) fn settings(lease: LeaseMode, max_concurrency: Option<i64>) -> FleetSettings {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let tree = |lane: &str| (lane.to_owned(), vec![format!("{lane}/**")]);
    FleetSettings {
        lanes: Lanes {
            concurrent: names(&["a", "b", "m"]),
            exclusive: names(&["x"]),
            autopick: names(&["m"]),
            trees: ["a", "b", "m"].map(tree).into(),
            aliases: BTreeMap::new(),
        },
        policy: population::Policy { target: 3, max_concurrency, ..population::Policy::default() },
        liveness: liveness::Policy::default(),
        restart: restart::Policy::default().into(),
        lease: lease.into(),
        tick: std::time::Duration::from_secs(30),
        host_id: "host".to_owned(),
        pid: 1,
        lineage: run_id::mint(START_MS, 1, "dosd", None, None).unwrap(),
    }
}

/// A world with one supervisor in it.
pub(super) struct World {
    pub(super) fleet: Fleet,
    pub(super) fold: LaneFold,
    pub(super) now: Moment,
    /// Runs whose intent is on disk and which are being started or live, by run id.
    pub(super) processes: BTreeMap<String, Run>,
    /// Ends that are on disk and not told yet.
    pub(super) untold: VecDeque<RunEnd>,
    /// Every end there was.
    pub(super) ends: Vec<RunEnd>,
    /// What the lanes may expect of the restart rule.
    pub(super) ledger: Ledger,
    /// What the supervisor made wrong of it.
    pub(super) complaint: Option<String>,
    /// Every stamp that a run was ever given.
    pub(super) stamps: BTreeSet<String>,
    /// Whether the supervisor knows all that lives.
    pub(super) reconciled: bool,
    pub(super) rows: Vec<Draft>,
    entropy: u64,
}

impl World {
    pub(super) fn new(settings: FleetSettings) -> Self {
        Self {
            fleet: Fleet::new(settings),
            fold: LaneFold::default(),
            now: Moment { wall_ms: START_MS, monotonic_ms: 0 },
            processes: BTreeMap::new(),
            untold: VecDeque::new(),
            ends: Vec::new(),
            ledger: Ledger::default(),
            complaint: None,
            stamps: BTreeSet::new(),
            reconciled: true,
            rows: Vec::new(),
            entropy: 0,
        }
    }

    pub(super) fn pass(&mut self, ms: i64) {
        self.now.wall_ms += ms;
        self.now.monotonic_ms += ms;
    }

    pub(super) fn write(&mut self, row: &LaneRow) {
        let draft = row.draft(self.now.wall_ms);
        self.write_drafts(&[draft]);
    }

    pub(super) fn write_drafts(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            let seq = self.fold.highest_seq() + 1;
            self.fold.apply_draft(draft, seq);
            self.rows.push(draft.clone());
        }
    }

    pub(super) fn decide(&mut self) -> Decision {
        let observation = self.fold.observe(self.now.wall_ms);
        let entropy = &mut self.entropy;
        let draw = || {
            *entropy += 1;
            *entropy
        };
        self.fleet.decide(&observation, self.now, draw).unwrap()
    }

    /// A whole look: rows, launches, memory.
    pub(super) fn look(&mut self) -> Decision {
        let decision = self.decide();
        self.carry_out(&decision);
        decision
    }

    pub(super) fn carry_out(&mut self, decision: &Decision) {
        self.write_drafts(&decision.beats);
        self.write_drafts(&decision.rows);
        for run in &decision.launches {
            self.stamps.insert(run.loop_ts.clone());
            self.processes.insert(run.run_id.clone(), run.clone());
        }
        self.fleet.commit(decision.clone());
    }

    /// The rows of a decision, or the answer about them, got lost.
    pub(super) fn lose(&mut self, decision: &Decision, rows_arrive: bool) {
        if rows_arrive {
            self.write_drafts(&decision.beats);
            self.write_drafts(&decision.rows);
        }
        self.reconciled = false;
    }

    /// What a supervisor does when it is new, or cannot be sure.
    pub(super) fn reconcile(&mut self) {
        let observation = self.fold.observe(self.now.wall_ms);
        let held: BTreeSet<(String, String)> = observation
            .leases
            .iter()
            .filter(|live| live.lease.holder() == HOLDER)
            .map(|live| (live.lease.lane().to_owned(), live.lease.loop_ts().to_owned()))
            .collect();
        let open: Vec<_> = self.fold.open_runs().cloned().collect();
        for open in open {
            let own = *self.fleet.settings().lease.of(&open.lane) == LeaseMode::Supervisor;
            let is_held = held.contains(&(open.lane.clone(), open.loop_ts.clone()));
            let run = Run {
                run_id: open.run_id,
                lane: open.lane,
                loop_ts: open.loop_ts,
                lineage: Vec::new(),
                leased: own || is_held,
            };
            if self.processes.contains_key(&run.run_id) {
                let lost = run.leased && !is_held;
                self.fleet.adopt(run, if lost { Hold::Lost } else { Hold::Kept });
            } else {
                self.finish(run, Exit::default(), 0, Some(Excuse::Unwatched));
            }
        }
        self.reconciled = true;
    }

    /// A supervisor that panicked is made again; what it was to be told is lost when
    /// nobody listens.
    pub(super) fn remake(&mut self) {
        let settings = self.fleet.settings().clone();
        self.fleet = Fleet::new(settings);
        self.recall();
        self.reconcile();
    }

    /// A new supervisor learns how the lanes have fared, also by ends that nobody was
    /// told of.
    fn recall(&mut self) {
        let policy = self.fleet.settings().restart.usual;
        for end in std::mem::take(&mut self.untold) {
            if end.excused.is_none() {
                let account = self.ledger.enter(&end, &policy);
                // As if it were told now: the run may have lived long enough to clear a
                // longer delay.
                let full_ms = account.delay_ms.unwrap_or_default();
                account.floor_ms = self.now.monotonic_ms + full_ms - full_ms / 4;
            }
        }
        let pasts: Vec<_> =
            self.fold.pasts().map(|(lane, past)| (lane.clone(), past.clone())).collect();
        for (lane, past) in pasts {
            let aftermath = self.fleet.recall(&lane, &past, 0, self.now);
            self.write_drafts(&aftermath.rows);
        }
        let now_ms = self.now.monotonic_ms;
        for lane in
            ["a", "b", "m", "x", "zz"].map(str::to_owned).iter().chain(self.handles().iter())
        {
            let tries = &self.fleet.table.tries;
            let wait_ms = tries.wait_ms(lane, self.now).unwrap_or_default();
            let gave_up = tries.gave_up(lane);
            self.complain(|ledger| ledger.compare(lane, gave_up, wait_ms, (&policy, now_ms)));
        }
    }

    /// The lanes that the ledger knows.
    fn handles(&self) -> Vec<String> {
        self.ledger.accounts.keys().cloned().collect()
    }

    fn complain(&mut self, check: impl FnOnce(&mut Ledger) -> Check) {
        let complaint = check(&mut self.ledger).err();
        self.complaint = self.complaint.take().or(complaint);
    }

    /// An operator has lanes reset. Gives what was forgotten.
    pub(super) fn reset(&mut self, which: &Which) -> Vec<LaneReset> {
        let resetting = self.fleet.resetting(which, self.now).unwrap();
        self.write_drafts(&resetting.rows);
        self.fleet.reset(&resetting.lanes);
        for LaneReset { lane, .. } in &resetting.lanes {
            let ends = self.untold.iter().filter(|end| end.excused.is_none());
            let is_straddled = ends.into_iter().any(|end| end.run.lane == *lane);
            self.ledger.forget(lane, is_straddled);
        }
        resetting.lanes
    }

    pub(super) fn started(&mut self, run: &Run) {
        self.write(&LaneRow::WorkerStarted(WorkerStarted {
            lane: run.lane.clone(),
            run_id: run.run_id.clone(),
            host_id: "host".to_owned(),
            ..WorkerStarted::default()
        }));
    }

    /// The process ends and that reaches the disk; nobody is told yet.
    pub(super) fn end(&mut self, run_id: &str, exit: Exit, ran_ms: i64) {
        let run = self.processes.remove(run_id).unwrap();
        self.finish(run, exit, ran_ms, None);
    }

    /// The process is stopped by an operator.
    pub(super) fn halt(&mut self, run_id: &str) {
        let run = self.processes.remove(run_id).unwrap();
        let terminated = Exit { code: None, signal: Some(15) };
        self.finish(run, terminated, 0, Some(Excuse::Halted));
    }

    fn finish(&mut self, run: Run, exit: Exit, ran_ms: i64, excused: Option<Excuse>) {
        self.write(&LaneRow::WorkerExited(WorkerExited {
            lane: run.lane.clone(),
            run_id: run.run_id.clone(),
            code: exit.code,
            signal: exit.signal,
            ran_ms,
            excused,
            ..WorkerExited::default()
        }));
        if run.leased {
            self.write(&LaneRow::Release(Release {
                lane: run.lane.clone(),
                loop_ts: run.loop_ts.clone(),
                ..Release::default()
            }));
        }
        let end = RunEnd { run, pid: None, exit, ran_ms, failure: None, excused };
        self.ends.push(end.clone());
        self.untold.push_back(end);
    }

    /// Tells the supervisor of an end.
    pub(super) fn tell(&mut self, end: &RunEnd) {
        let aftermath = self.fleet.ended(end, self.now, u32::MAX);
        self.write_drafts(&aftermath.rows);
        let Some(next) = aftermath.next else { return };
        let (policy, now_ms) = (self.fleet.settings().restart.usual, self.now.monotonic_ms);
        self.complain(|ledger| ledger.judge(end, next, &policy, now_ms));
    }

    pub(super) fn tell_all(&mut self) {
        while let Some(end) = self.untold.pop_front() {
            self.tell(&end);
        }
    }

    /// Somebody takes a lane: a stranger, or a worker of ours.
    pub(super) fn acquire(&mut self, lane: &str, loop_ts: &str, run_id: Option<&str>) {
        self.write(&LaneRow::Acquire(Acquire {
            lane: lane.to_owned(),
            loop_ts: loop_ts.to_owned(),
            holder: "somebody".to_owned(),
            run_id: run_id.map(str::to_owned),
            tree: vec![format!("{lane}/**")],
            ..Acquire::default()
        }));
    }

    pub(super) fn scavenge(&mut self, lane: &str, loop_ts: &str) {
        self.write(&LaneRow::Scavenge(Scavenge {
            lane: lane.to_owned(),
            loop_ts: loop_ts.to_owned(),
            ..Scavenge::default()
        }));
    }

    pub(super) fn lanes_with_processes(&self) -> Vec<&str> {
        let mut lanes: Vec<&str> = self.processes.values().map(|run| run.lane.as_str()).collect();
        lanes.sort_unstable();
        lanes
    }
}

/// One field of a row.
pub(super) fn field<'a>(row: &'a Draft, key: &str) -> &'a str {
    row.fields().get(key).and_then(serde_json::Value::as_str).unwrap_or_default()
}
