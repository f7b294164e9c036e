//! The decisions of the supervisor. Pure: observation and time in, rows and
//! launches out. What was decided is remembered once it is on disk, not before.

use std::collections::BTreeSet;
use std::sync::Arc;

use dosd_kernel::draft::Draft;
use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::lane::{LanePast, Lease, Observation, WorkerGaveUp};
use dosd_kernel::population::{self, Plan};
use dosd_kernel::restart::{Ending, Next};

use super::commits::{CommitTable, Question, Read, Suspect};
use super::concern::{Concern, Concerns};
use super::leftover::Leftovers;
use super::moment::Moment;
use super::rows::{self, Fingerprint};
use super::run_table::{Hold, RunTable};
use super::seating::Seating;
use super::settings::{FleetSettings, LeaseMode};
use crate::spawn::{Run, RunEnd};

/// What to do now, in this order: the beats, the rows, the launches, the verdict.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Beats for the lane journal. They hang on nothing else.
    pub beats: Vec<Draft>,
    /// Rows for the lane journal: scavenges, leases, intents. All of them or none.
    pub rows: Vec<Draft>,
    /// The leases that the rows were decided on.
    pub seen: Vec<Arc<Lease>>,
    /// What to launch once the rows are on disk.
    pub launches: Vec<Run>,
    /// Verdicts about workers that are reaped, or that are flagged and were not before.
    pub concerns: Vec<Draft>,
    /// The population's verdict, when it changed.
    pub verdict: Option<Draft>,
    /// Look again after so long: a lane's delay ends then, or a beat is due.
    pub again_ms: Option<i64>,
    /// The plan that all this came from.
    pub plan: Plan,
    at: Moment,
    /// All that the plan reaps or flags for how it is doing, told before or not.
    concerned: BTreeSet<Concern>,
    beaten: Vec<String>,
    regained: Vec<String>,
    /// Ended runs that no lease bears any more.
    forgotten: Vec<String>,
    /// Runs whose commits may make the next plan another one.
    pub(super) suspects: Vec<Suspect>,
}

/// What follows from the end of a run.
#[derive(Debug, Default, PartialEq)]
pub struct Aftermath {
    /// Rows for the lane journal.
    pub rows: Vec<Draft>,
    /// Rows for the verdict journal.
    pub verdicts: Vec<Draft>,
    /// When the lane may be tried again; `None` for an end that does not count.
    pub next: Option<Next>,
}

/// The population as its supervisor remembers it.
#[derive(Debug)]
pub struct Fleet {
    pub(super) settings: FleetSettings,
    /// The lanes of the configuration.
    declared: BTreeSet<String>,
    pub(super) table: RunTable,
    pub(super) leftovers: Leftovers,
    pub(super) commits: CommitTable,
    told: Option<Fingerprint>,
    concerns: Concerns,
    plan: Option<Plan>,
    /// Nothing is launched any more.
    closed: bool,
}

impl Fleet {
    /// A fleet without runs.
    #[must_use]
    pub fn new(settings: FleetSettings) -> Self {
        let table = RunTable::new(settings.host_id.clone());
        Self {
            declared: declared(&settings),
            settings,
            table,
            leftovers: Leftovers::default(),
            commits: CommitTable::default(),
            told: None,
            concerns: Concerns::default(),
            plan: None,
            closed: false,
        }
    }

    /// Goes on with other settings. What runs stays, and so do the tries of each lane.
    pub fn reconfigure(&mut self, settings: FleetSettings) {
        self.leftovers.change(&self.settings.lanes, &settings.lanes, &self.table);
        self.declared = declared(&settings);
        self.settings = settings;
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
        self.table.tries.given_up().map(str::to_owned).collect()
    }

    /// Takes over a run that lives, or is being started, and that an earlier daemon
    /// or supervisor decided on. One that is known already stays as it is.
    pub fn adopt(&mut self, run: Run, hold: Hold) {
        self.table.adopt(run, hold);
    }

    /// Notes a run that ended under an earlier daemon and whose lease stands: it has no process, so the lease
    /// is taken back.
    pub fn bury(&mut self, run_id: String, loop_ts: String) {
        self.table.bury(run_id, loop_ts);
    }

    /// From here on nothing is launched; what ends is still taken care of.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nothing is launched any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether a lane is one of the configuration's.
    pub(super) fn is_declared(&self, lane: &str) -> bool {
        self.declared.contains(lane)
    }

    /// Whether a lane may carry several workers of ours. A lease that the daemon
    /// itself holds is exclusive, whatever the lane.
    pub(super) fn repeats(&self, lane: &str) -> bool {
        let lanes = &self.settings.lanes;
        let autopicked = || lanes.autopick.iter().any(|name| name == lane);
        *self.settings.lease.of(lane) == LeaseMode::Worker
            && (!self.is_declared(lane) || (autopicked() && !lanes.is_exclusive(lane)))
    }

    /// Decides what to do about what the journal shows; `entropy` is random, for
    /// run ids. Changes nothing: [`Fleet::commit`] does, once the rows are on disk.
    ///
    /// # Errors
    /// When the roster or the policy cannot be planned with; the configuration
    /// check refuses those before.
    pub fn decide(
        &self,
        observation: &Observation,
        now: Moment,
        mut entropy: impl FnMut() -> u64,
    ) -> Result<Decision, InvalidArgument> {
        let seating = Seating::of(observation, &self.table, |lane| self.sees(lane));
        let plan =
            population::supervise(&self.evidence(observation, &seating)?, &self.settings.policy)?;
        let reaped = self.reap(&plan, &seating, now);
        let concerned = self.concerned(&plan, &seating, &reaped);
        let launching = self.launch(&plan, &seating, &reaped, now, &mut entropy)?;
        let beats = self.beats(now);
        let mut rows = reaped.rows;
        let mut regained = Vec::new();
        for run in self.bereft(&seating) {
            rows.push(rows::lease(&self.settings, run, now.wall_ms));
            regained.push(run.run_id.clone());
        }
        for run in &launching.runs {
            rows.extend(rows::intent(&self.settings, run, now.wall_ms));
        }
        // What a fleet that is being stopped lacks is no news.
        let news = !self.closed && self.told.as_ref() != Some(&Fingerprint::of(&plan));
        let new = concerned.iter().filter(|(concern, _)| !self.concerns.knows(concern));
        let concerns = new.map(|(concern, held)| self.concern_row(concern, held, now)).collect();
        let forgotten = self.table.ended().filter(|mark| !seating.bears(mark));
        Ok(Decision {
            beats: beats.rows,
            rows,
            seen: observation.leases.iter().map(|live| Arc::clone(&live.lease)).collect(),
            launches: launching.runs,
            concerns,
            verdict: news.then(|| rows::population(&self.settings, &plan, now.wall_ms)),
            again_ms: [launching.again_ms, beats.again_ms].into_iter().flatten().min(),
            plan,
            at: now,
            concerned: concerned.into_keys().collect(),
            beaten: beats.runs,
            regained,
            forgotten: forgotten.cloned().collect(),
            suspects: self.suspects(observation, &seating)?,
        })
    }

    /// Remembers the beats of a decision, which are on disk.
    pub fn commit_beats(&mut self, decision: &Decision) {
        for run_id in &decision.beaten {
            self.table.beaten(run_id, decision.at);
        }
    }

    /// Remembers a decision whose rows are on disk.
    pub fn commit(&mut self, decision: Decision) {
        self.commit_beats(&decision);
        for run in decision.launches {
            self.table.begin(run, decision.at);
        }
        for run_id in &decision.regained {
            self.table.regained(run_id, decision.at);
        }
        self.table.forget_ended(&decision.forgotten);
        self.concerns.see(decision.concerned);
        self.plan = Some(decision.plan);
    }

    /// The verdicts about the plan of the last committed decision are on disk: they are
    /// told again only when they change.
    pub fn told(&mut self) {
        self.concerns.told();
        self.told = self.plan.as_ref().map(Fingerprint::of);
    }

    /// What to find out about the commits of suspected runs now, if anything.
    pub(super) fn ask_commits(
        &mut self,
        suspects: Vec<Suspect>,
        now: Moment,
    ) -> Option<Vec<Question>> {
        // Half a tick: every tick can ask, however exactly it comes.
        let pause_ms = i64::try_from(self.settings.tick.as_millis() / 2).unwrap_or(i64::MAX);
        if self.closed { None } else { self.commits.ask(suspects, now, pause_ms) }
    }

    /// Remembers what was found out. Says whether a plan would be another one now.
    pub(super) fn learn_commits(&mut self, answers: Vec<(String, Read)>) -> bool {
        self.commits.learn(answers)
    }

    /// Records the end of a run.
    pub fn ended(&mut self, ended: &RunEnd, now: Moment, jitter: u32) -> Aftermath {
        let was_here = self.table.remove(&ended.run);
        self.leftovers.ended(&ended.run.run_id);
        self.commits.keep(|run_id| self.table.lives(run_id));
        // A worker that was stopped with the daemon has not failed.
        if !was_here || self.closed || ended.excused.is_some() {
            return Aftermath::default();
        }
        let lane = &ended.run.lane;
        let ending = if ended.is_failure() { Ending::Failed } else { Ending::Clean };
        let policy = self.settings.restart.of(lane);
        let next = self.table.tries.ended(lane, (ending, ended.ran_ms), policy, now, jitter);
        let mut aftermath = Aftermath { next: Some(next), ..Aftermath::default() };
        aftermath.give_up(lane, &ended.run.run_id, ended.run.root_id(), now);
        aftermath
    }

    /// Takes over how a lane has fared since the row with the number `since_seq`, which
    /// an earlier supervisor of this daemon knew. To be called once for a lane, before
    /// anything ends.
    pub fn recall(
        &mut self,
        lane: &str,
        past: &LanePast,
        since_seq: u64,
        now: Moment,
    ) -> Aftermath {
        let policy = self.settings.restart.of(lane);
        let next = self.table.tries.recall(lane, past, since_seq, policy, now);
        let mut aftermath = Aftermath { next, ..Aftermath::default() };
        // The earlier one did not live to write that down.
        let last = past.ends.back();
        let run_id = last.map_or("", |end| end.run_id.as_str());
        let root_id = last.and_then(|end| end.root_id.as_deref());
        aftermath.give_up(lane, run_id, root_id, now);
        aftermath
    }

    /// Whether a plan sees a lane that somebody holds.
    pub(super) fn sees(&self, lane: &str) -> bool {
        let undeclared = || self.settings.policy.max_concurrency.is_some();
        self.is_declared(lane) || (undeclared() && !self.leftovers.is_retired(lane))
    }
}

fn declared(settings: &FleetSettings) -> BTreeSet<String> {
    let lanes = &settings.lanes;
    lanes.concurrent.iter().chain(&lanes.exclusive).cloned().collect()
}

impl Aftermath {
    /// Adds the rows of a lane that is given up, if it is.
    fn give_up(&mut self, lane: &str, run_id: &str, root_id: Option<&str>, now: Moment) {
        if let Some(Next::GiveUp { failures, window_ms }) = self.next {
            let (lane, run_id) = (lane.to_owned(), run_id.to_owned());
            let gave_up = WorkerGaveUp { lane, run_id, failures, window_ms };
            let (row, verdict) = rows::gave_up(gave_up, root_id, now.wall_ms);
            self.rows.push(row);
            self.verdicts.push(verdict);
        }
    }
}
