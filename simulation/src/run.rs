//! One run: a world, its daemons one after the other, and what became of it all.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use dosd_actors::port::Clock as _;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until};

use crate::daemon::plan::{OnShutdown, Plan};
use crate::daemon::{Order, Outcome, Process};
use crate::fault::Fault;
use crate::panics;
use crate::trace::{Finding, Show, Trace};
use crate::world::{LANES, VERDICTS, World};

/// Fewer faults than this prove nothing.
const FAULTS_AT_LEAST: u64 = 5;

/// Fewer rows than this, too.
const ROWS_AT_LEAST: usize = 10;

/// A journal that a write failed on has to end its daemon within this.
const END_WITHIN: Duration = Duration::from_mins(2);

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What was wrong; nothing in a good run.
    pub findings: Vec<Finding>,
    /// Everything that happened, a line each.
    pub lines: Vec<String>,
    /// The number of lines.
    pub events: u64,
    /// Injected faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// How much time passed in the simulation.
    pub simulated: Duration,
}

/// Runs the simulation of one seed to its end.
///
/// # Panics
/// When the machine has no memory for a runtime. What panics inside of the run is a finding.
#[must_use]
pub fn run(seed: u64, show: Show) -> Report {
    panics::watch();
    dosd_actors::off_thread::stay_on_this_thread();
    // For what draws from the thread's own chance.
    fastrand::seed(seed);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O needs nothing of the system");
        LocalSet::new().block_on(&runtime, live(seed, show))
    }));
    let mut report = ran.unwrap_or_else(|_| Report {
        seed,
        findings: Vec::new(),
        lines: Vec::new(),
        events: 0,
        faults: BTreeMap::new(),
        simulated: Duration::ZERO,
    });
    report.findings.extend(panics::unplanned().into_iter().map(Finding::Panicked));
    report
}

async fn live(seed: u64, show: Show) -> Report {
    let began = Instant::now();
    let trace = Trace::new(show);
    let mut random = fastrand::Rng::with_seed(seed);
    let world = World::new(trace.clone(), &mut random);
    let plan = Plan::draw(&mut random);
    trace.note(format_args!("seed {seed}: {plan:?}"));
    let mut run = Run {
        world,
        plan,
        random,
        process: None,
        start_at: Some(began),
        pid: 0,
        spoilt_at: None,
        is_stopping: false,
        sink_panics: 0,
    };
    run.chaos().await;
    run.quiet().await;
    run.world.check_all();
    let launches = run.world.machine.launches();
    let rows = run.world.all_rows(LANES).len() + run.world.all_rows(VERDICTS).len();
    trace.note(format_args!("the end: {launches} launches, {rows} rows"));
    let faults = trace.faults();
    if run.has_seen_little() {
        let what = format!("{faults} faults, {launches} launches, {rows} rows");
        trace.find(Finding::TooLittle(what));
    }
    let (lines, events, faults, findings) = trace.take();
    Report { seed, findings, lines, events, faults, simulated: began.elapsed() }
}

/// A run under way.
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) plan: Plan,
    pub(crate) random: fastrand::Rng,
    pub(crate) process: Option<Process>,
    /// When the next daemon is started, if none runs.
    pub(crate) start_at: Option<Instant>,
    pid: u32,
    /// Since when a journal cannot be written any more.
    spoilt_at: Option<Instant>,
    /// The daemon was told to stop.
    pub(crate) is_stopping: bool,
    /// Panics of sinks that were planned for this daemon.
    pub(crate) sink_panics: u64,
}

impl Run {
    /// Lets time pass. Daemons that end are followed by others.
    pub(crate) async fn pass(&mut self, long: Duration) {
        let until = Instant::now() + long;
        while self.pass_until(until).await {}
    }

    /// Lets time pass until something has to be done about the daemon. Says whether there was.
    pub(crate) async fn pass_until(&mut self, until: Instant) -> bool {
        let Some(process) = &mut self.process else {
            let start_at = self.start_at.unwrap_or(until);
            if start_at > until {
                sleep_until(until).await;
                return false;
            }
            sleep_until(start_at).await;
            self.start();
            return true;
        };
        let life = process.life.clone();
        let outcome = tokio::select! {
            biased;
            outcome = &mut process.task => Some(outcome),
            () = life.died() => None,
            () = sleep_until(until) => {
                self.watch_spoilt();
                return false;
            }
        };
        match outcome {
            Some(Ok(outcome)) => self.ended(&outcome),
            Some(Err(failed)) => {
                self.world.trace.find(Finding::Daemon(format!("its main task: {failed}")));
                self.process = None;
            }
            None => {
                self.world.trace.fault(Fault::KillAtDisk, "in the middle of a call");
                self.kill().await;
            }
        }
        let pause = Duration::from_millis(self.random.u64(5..5_000));
        self.start_at = Some(Instant::now() + pause);
        true
    }

    fn start(&mut self) {
        self.pid += 1;
        self.start_at = None;
        self.spoilt_at = None;
        self.is_stopping = false;
        self.sink_panics =
            self.world.receivers.iter().filter(|it| it.is_panicking()).count() as u64;
        let (plan, random) = (self.plan.clone(), self.random.fork());
        self.process = Some(Process::start(&self.world, plan, self.pid, random));
    }

    /// Kills the daemon, if one runs.
    pub(crate) async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill(&self.world).await;
            self.world.check_all();
        }
    }

    /// Kills the daemon and everything else on the machine.
    pub(crate) async fn lose_power(&mut self) {
        let world = self.world.clone();
        world.trace.fault(Fault::PowerLoss, "everything ends");
        if let Some(process) = self.process.take() {
            process.kill(&world).await;
        }
        let journals = [LANES, VERDICTS].map(Path::new);
        let before = journals.map(|journal| world.disk.bytes(journal));
        world.machine.reboot();
        world.disk_faults.clear();
        world.disk.lose_power();
        for (journal, before) in journals.into_iter().zip(before) {
            let synced = world.disk.bytes(journal);
            if before.len() > synced.len() && before.starts_with(&synced) && self.random.bool() {
                let kept = self.random.usize(synced.len()..=before.len());
                world.trace.fault(
                    Fault::TornTail,
                    format_args!(
                        "{} of {} bytes",
                        kept - synced.len(),
                        before.len() - synced.len()
                    ),
                );
                world.disk.rewrite_in_place(journal, &before[..kept]);
            }
        }
        world.check_all();
        let pause = Duration::from_millis(self.random.u64(5..5_000));
        self.start_at = Some(Instant::now() + pause);
    }

    /// Tells the daemon something.
    pub(crate) fn order(&self, order: Order) {
        if let Some(process) = &self.process {
            // One that is ending does not listen any more.
            let _ = process.orders.send(order);
        }
    }

    /// A daemon has ended by itself.
    fn ended(&mut self, outcome: &Outcome) {
        let Some(process) = self.process.take() else { return };
        let life = &process.life;
        // One that dies in the middle of a call to the disk may see that call fail before it is gone.
        let was_dead = life.is_dead();
        life.kill();
        let world = &self.world;
        world.trace.note(format_args!("daemon {} is gone: {outcome:?}", self.pid));
        let has_reason = match outcome {
            Outcome::Stopped => self.is_stopping,
            Outcome::NotStarted(_) | Outcome::JournalEnded(_) => was_dead || life.has_trouble(),
            Outcome::CannotGoOn(_) => {
                was_dead || life.has_trouble() || life.panics() + self.sink_panics > 5
            }
        };
        if !has_reason {
            world.trace.find(Finding::Daemon(format!("ended for no reason: {outcome:?}")));
        }
        let is_clean = *outcome == Outcome::Stopped && !life.has_trouble() && life.panics() == 0;
        if is_clean && self.plan.on_shutdown == OnShutdown::Stop {
            let left = world.machine.processes();
            if !left.is_empty() {
                world.trace.find(Finding::Process(format!("left by a stop: {left:?}")));
            }
        }
        world.check_all();
    }

    /// After a failed write or sync of a journal the daemon ends.
    fn watch_spoilt(&mut self) {
        let Some(process) = &self.process else { return };
        let is_spoilt = [LANES, VERDICTS].iter().any(|it| process.life.is_spoilt(Path::new(it)));
        if !is_spoilt {
            return;
        }
        let since = *self.spoilt_at.get_or_insert_with(Instant::now);
        if since.elapsed() > END_WITHIN {
            let what = "it goes on after a failed write or sync of a journal".to_owned();
            self.world.trace.find(Finding::Daemon(what));
        }
    }

    /// Whether too little has happened to prove anything.
    pub(crate) fn has_seen_little(&self) -> bool {
        let rows = || self.world.all_rows(LANES).len() + self.world.all_rows(VERDICTS).len();
        self.world.trace.faults() < FAULTS_AT_LEAST
            || self.world.machine.launches() == 0
            || rows() < ROWS_AT_LEAST
    }

    /// Wall time, for the trace.
    pub(crate) fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }
}
