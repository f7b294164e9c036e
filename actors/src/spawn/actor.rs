//! The actor that owns the worker processes.

use std::rc::Rc;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, ResponseActFuture, ResponseFuture};
use futures_util::future::join_all;
use tracing::{info, warn};

use super::end_rows::EndRows;
use super::halt::halt;
use super::life::live;
use super::living::Living;
use super::message::{
    AwaitEnds, HaltRun, Halting, ProcessEvent, ReadoptRuns, Reconfigure, Run, Spawn, StopAll,
    Survivors,
};
use super::settings::{SpawnSettings, WorkerPolicy};
use super::shared::Shared;
use super::stop::stop_all;
use super::terms::TermBook;
use super::worker::{Event, Worker};
use crate::canary::{Canary, is_planted};
use crate::guard::EndGuard;
use crate::journal::{Append, Decide};
use crate::port::{
    Found, Launched, ProcessIdentity, SharedClock, SharedLauncher, SharedRepository, SharedStorage,
};
use crate::reach::Reach;
use crate::witness::{EndRun, TakeBaseline};

/// Starts, watches, captures and stops workers.
pub struct SpawnActor {
    shared: Rc<Shared>,
    _guard: Option<EndGuard>,
}

/// Everything that a [`SpawnActor`] works with.
pub struct SpawnPorts {
    /// Time.
    pub clock: SharedClock,
    /// Files, for captured output.
    pub storage: SharedStorage,
    /// Processes.
    pub launcher: SharedLauncher,
    /// The workspace's history.
    pub repository: SharedRepository,
    /// The lane journal.
    pub lanes: Reach<Append>,
    /// The same, for the ends of runs whose leases the daemon holds.
    pub ends: Reach<Decide<EndRows>>,
    /// The verdict journal.
    pub verdicts: Reach<Append>,
    /// Takes the baseline before a start.
    pub baseline: Reach<TakeBaseline>,
    /// Is told when a run is over.
    pub run_ended: Reach<EndRun>,
    /// Is told what became of a run.
    pub supervisor: Reach<ProcessEvent>,
}

impl SpawnActor {
    /// An actor without processes.
    #[must_use]
    pub fn new(
        settings: SpawnSettings,
        workers: WorkerPolicy,
        ports: SpawnPorts,
        guard: Option<EndGuard>,
    ) -> Self {
        let shared = Shared {
            settings,
            terms: TermBook::new(workers),
            clock: ports.clock,
            storage: ports.storage,
            launcher: ports.launcher,
            repository: ports.repository,
            lanes: ports.lanes,
            ends: ports.ends,
            verdicts: ports.verdicts,
            baseline: ports.baseline,
            run_ended: ports.run_ended,
            supervisor: ports.supervisor,
            living: Living::default(),
        };
        Self { shared: Rc::new(shared), _guard: guard }
    }
}

impl Actor for SpawnActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1024);
    }
}

impl Handler<Spawn> for SpawnActor {
    type Result = ();

    fn handle(&mut self, message: Spawn, ctx: &mut Self::Context) {
        // In hand from now on: whoever asks what became of the run while its
        // baseline is read is told that it lives.
        let run_id = message.run.run_id.clone();
        if !self.take_in_hand(message.run, None, None, Event::Ordered, ctx) {
            warn!(run = run_id, "a run was ordered twice, it is started once");
        } else if self.shared.living.is_stopping() {
            self.shared.living.post(&run_id, Event::StopAsked);
        }
    }
}

impl Handler<StopAll> for SpawnActor {
    type Result = ResponseFuture<Vec<Survivors>>;

    fn handle(&mut self, _: StopAll, _: &mut Self::Context) -> Self::Result {
        Box::pin(stop_all(Rc::clone(&self.shared)))
    }
}

impl Handler<HaltRun> for SpawnActor {
    type Result = ResponseFuture<Halting>;

    fn handle(&mut self, message: HaltRun, _: &mut Self::Context) -> Self::Result {
        Box::pin(halt(Rc::clone(&self.shared), message))
    }
}

impl Handler<AwaitEnds> for SpawnActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: AwaitEnds, _: &mut Self::Context) -> Self::Result {
        let shared = Rc::clone(&self.shared);
        Box::pin(async move { shared.living.all_left().await })
    }
}

impl Handler<Reconfigure> for SpawnActor {
    type Result = ();

    fn handle(&mut self, message: Reconfigure, _: &mut Self::Context) {
        self.shared.terms.replace(message.workers);
    }
}

impl Handler<ReadoptRuns> for SpawnActor {
    type Result = ResponseActFuture<Self, Vec<Run>>;

    fn handle(&mut self, message: ReadoptRuns, ctx: &mut Self::Context) -> Self::Result {
        let mut living = Vec::new();
        let mut lost = Vec::new();
        for (run, process) in message.open {
            if let Some(known) = self.shared.living.run(&run.run_id) {
                living.push(known);
            } else if let Some(launched) = self.adopt(process.as_ref()) {
                living.push(run.clone());
                self.watch(run, process.as_ref(), launched, ctx);
            } else {
                lost.push((run, process));
            }
        }
        let Sought { found, gone } = self.look_for(lost, ctx);
        living.extend(found);
        let recorded = gone.iter().map(|run_id| self.shared.living.until_recorded(run_id));
        let recorded = join_all(recorded.collect::<Vec<_>>());
        // It goes with the actor: one that died has recorded nothing, and answers nobody.
        Box::pin(wrap_future(async move {
            if !is_planted(Canary::PlanBeforeEnds) {
                recorded.await;
            }
            living
        }))
    }
}

/// What became of runs that were looked for.
#[derive(Default)]
struct Sought {
    /// Those that live.
    found: Vec<Run>,
    /// The ids of those that do not: their ends are being recorded.
    gone: Vec<String>,
}

impl SpawnActor {
    fn adopt(&self, process: Option<&ProcessIdentity>) -> Option<Launched> {
        self.shared.launcher.adopt(process?)
    }

    /// Takes a run in hand, of which the journal may know a process. Says whether it was
    /// not there before.
    fn take_in_hand(
        &self,
        run: Run,
        known: Option<&ProcessIdentity>,
        found: Option<Launched>,
        first: Event,
        ctx: &mut Context<Self>,
    ) -> bool {
        let interval = self.shared.launcher.look_interval();
        let worker = Worker::new(known.map(|process| process.pid), interval);
        self.shared.terms.begin(&run);
        let Some(news) = self.shared.living.enter(&run, worker) else { return false };
        self.shared.living.post(&run.run_id, first);
        ctx.spawn(wrap_future(live(Rc::clone(&self.shared), run, found, news)));
        true
    }

    /// Takes a run in hand of which a process lives. It has lived since the process that
    /// the journal knows, if any, began.
    fn watch(
        &self,
        run: Run,
        known: Option<&ProcessIdentity>,
        launched: Launched,
        ctx: &mut Context<Self>,
    ) {
        let process = launched.identity.clone();
        info!(lane = run.lane, run = run.run_id, pid = process.pid, "worker found alive");
        let began_ms = self.shared.began_ms(known.unwrap_or(&process));
        let found = Event::Found { process, began_ms };
        self.take_in_hand(run, known, Some(launched), found, ctx);
    }

    /// Looks for runs whose process is gone, or was never written down, by what the
    /// processes of the machine say of themselves: a daemon can be killed between a
    /// start and its record, and a worker can end before its children.
    fn look_for(
        &self,
        lost: Vec<(Run, Option<ProcessIdentity>)>,
        ctx: &mut Context<Self>,
    ) -> Sought {
        let mut sought = Sought::default();
        if lost.is_empty() {
            return sought;
        }
        let run_ids = lost.iter().map(|(run, _)| run.run_id.clone()).collect();
        let found = self.shared.launcher.find(&run_ids);
        for (run, process) in lost {
            match found.get(&run.run_id) {
                Some(Found::Process(alive)) if let Some(launched) = self.adopt(Some(alive)) => {
                    sought.found.push(run.clone());
                    self.watch(run, process.as_ref(), launched, ctx);
                }
                Some(Found::Helper) => {
                    sought.found.push(run.clone());
                    let first = Event::HelperFound { has_record: false };
                    self.take_in_hand(run, process.as_ref(), None, first, ctx);
                }
                Some(Found::Process(_)) | None => {
                    sought.gone.push(run.run_id.clone());
                    self.take_in_hand(run, process.as_ref(), None, Event::NobodyFound, ctx);
                }
            }
        }
        sought
    }
}
