//! The second part of a run: nothing goes wrong any more, and everything comes to rest.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use dosd_actors::journal::{Observe, Recall};
use dosd_actors::supervisor::{GetFleet, Reset, Which};
use dosd_exporters::{GetStatus, Phase, Resume};
use dosd_kernel::invariant::{self, Shown};
use tokio::time::{Instant, timeout};

use crate::daemon::Order;
use crate::daemon::cast::Doors;
use crate::daemon::plan::OnShutdown;
use crate::run::Run;
use crate::trace::Finding;
use crate::world::LANES;
use crate::world::sink::Mood;

/// So long it may take: a clock that was set back by an hour has leases from the future.
const REST_WITHIN: Duration = Duration::from_hours(3);

/// Whoever is asked answers within this.
const ANSWER_WITHIN: Duration = Duration::from_mins(5);

impl Run {
    /// Heals everything, waits for rest, and checks what holds then.
    pub(crate) async fn quiet(&mut self) {
        if self.world.trace.has_findings() {
            return;
        }
        self.heal();
        let began = Instant::now();
        let mut rests = 0;
        let mut why = String::new();
        while began.elapsed() < REST_WITHIN {
            let is_late = began.elapsed() > Duration::from_mins(3);
            self.pass(Duration::from_secs(if is_late { 60 } else { 5 })).await;
            self.world.check();
            if self.world.trace.has_findings() {
                return;
            }
            match self.is_at_rest().await {
                Ok(()) => rests += 1,
                Err(reason) => (rests, why) = (0, reason),
            }
            if rests == 2 {
                self.check_at_rest().await;
                self.end().await;
                return;
            }
        }
        self.world.trace.find(Finding::NotConverged(why));
    }

    fn heal(&mut self) {
        let world = &self.world;
        world.trace.note("from here on nothing goes wrong");
        world.disk_faults.clear();
        world.set_surface_broken(false);
        world.machine.calm_down();
        for receiver in &world.receivers {
            receiver.be(Mood::Good);
        }
        if let Some(process) = &self.process {
            process.life.spare();
        }
        self.order(Order::Target(self.plan.target));
    }

    /// Whether nothing is left to be done; what is, otherwise.
    async fn is_at_rest(&self) -> Result<(), String> {
        let doors = self.process.as_ref().and_then(crate::daemon::Process::doors);
        let doors = doors.ok_or("no daemon runs")?;
        let looked = timeout(ANSWER_WITHIN, self.look(&doors)).await;
        looked.unwrap_or_else(|_| Err("somebody does not answer".to_owned()))
    }

    async fn look(&self, doors: &Doors) -> Result<(), String> {
        // An operator takes care of what waits for one.
        let _ = doors.reset.ask(Reset { which: Which::GivenUp }).await;
        for (status, resume) in &doors.exporters {
            let status = status.ask(GetStatus).await.map_err(|gone| gone.to_string())?;
            if matches!(status.phase, Phase::Disabled { .. }) {
                let _ = resume.ask(Resume).await;
            }
            if status.phase != Phase::Resting || status.behind_bytes > 0 {
                return Err(format!("{status:?}"));
            }
        }
        let fleet = doors.fleet.ask(GetFleet).await.map_err(|gone| gone.to_string())?;
        let plan = fleet.plan.ok_or("nothing was planned yet")?;
        let recalled = doors.recall.ask(Recall).await.map_err(|gone| gone.to_string())?;
        let recalled = recalled.map_err(|failed| failed.to_string())?;
        let strangers = fleet.beats.len().saturating_sub(fleet.runs.len());
        let target = usize::try_from(self.plan.target).unwrap_or_default();
        if plan.target != self.plan.target || fleet.runs.len() + strangers < target {
            let (runs, given_up) = (&fleet.runs, &fleet.gave_up);
            return Err(format!("runs {runs:?}, given up {given_up:?}, plan {plan:?}"));
        }
        let living = self.world.machine.processes();
        let open = recalled.open.iter().find(|run| {
            run.holder == "dosd"
                && (run.started.is_none() || !living.iter().any(|it| it.run_id == run.run_id))
        });
        match open {
            // One that has left a process behind is over when that is gone.
            Some(run) => Err(format!("{run:?} is open, and there are {living:?}")),
            None if living.len() != fleet.runs.len() => {
                Err(format!("{living:?} live, known are {:?}", fleet.runs))
            }
            None => Ok(()),
        }
    }

    async fn check_at_rest(&self) {
        let world = &self.world;
        world.trace.note("at rest");
        let bytes = world.disk.bytes(Path::new(LANES));
        let rows = invariant::rows(&bytes);
        let processes = world.machine.processes();
        let living: BTreeSet<String> = processes.iter().map(|it| it.run_id.clone()).collect();
        world.trace.violated(invariant::intents_have_outcomes(&rows, "dosd", &living));
        world.trace.violated(invariant::processes_are_known(&rows, &processes, true));
        let events = world.events();
        for receiver in &world.receivers {
            world.trace.violated(invariant::exported_in_order(&events, &receiver.given()));
        }
        if let Some(shown) = self.shown().await {
            world.trace.violated(invariant::fold_equals_replay(&bytes, &shown));
        }
    }

    /// What the journal's writer shows of it.
    async fn shown(&self) -> Option<Shown> {
        let doors = self.process.as_ref()?.doors()?;
        let now_ms = self.now_ms();
        let observed = doors.observe.ask(Observe { now_ms }).await.ok()?.ok()?;
        let recalled = doors.recall.ask(Recall).await.ok()?.ok()?;
        Some(Shown {
            leases: observed.leases.into_iter().map(|live| live.lease).collect(),
            open: recalled.open,
            pasts: recalled.pasts,
            highest_seq: recalled.highest_seq,
        })
    }

    /// The last daemon is told to stop, and leaves nothing that it should not.
    async fn end(&mut self) {
        // A worker that ends while the daemon does is nobody's fault, and the next daemon's task.
        self.world.machine.keep_still();
        let before = self.world.machine.processes();
        self.is_stopping = true;
        self.order(Order::Stop);
        let until = Instant::now() + ANSWER_WITHIN;
        while self.process.is_some() && Instant::now() < until {
            self.pass_until(until).await;
        }
        if self.process.is_some() {
            self.world.trace.find(Finding::Daemon("it does not stop".to_owned()));
            return;
        }
        let rows = invariant::rows(&self.world.disk.bytes(Path::new(LANES)));
        let left = self.world.machine.processes();
        if self.plan.on_shutdown == OnShutdown::Detach && left != before {
            let what = format!("{before:?} were to go on, {left:?} did");
            self.world.trace.find(Finding::Process(what));
        }
        let living: BTreeSet<String> = left.iter().map(|it| it.run_id.clone()).collect();
        let lost = invariant::intents_have_outcomes(&rows, "dosd", &living);
        self.world.trace.violated(lost);
        let events = self.world.events();
        for receiver in &self.world.receivers {
            let given = receiver.given();
            self.world.trace.violated(invariant::exported_in_order(&events, &given));
        }
    }
}
