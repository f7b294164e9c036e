//! The actor that owns the worker processes.

use std::rc::Rc;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, ResponseFuture};
use tracing::info;

use super::life::{self, Shared};
use super::message::{ProcessEvent, ReadoptRuns, Run, Spawn, StopAll, Survivors};
use super::settings::SpawnSettings;
use super::stop::stop_all;
use crate::guard::EndGuard;
use crate::journal::Append;
use crate::port::{Exit, ProcessIdentity, SharedClock, SharedLauncher, SharedStorage};
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
    /// The lane journal.
    pub lanes: Reach<Append>,
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
    pub fn new(settings: SpawnSettings, ports: SpawnPorts, guard: Option<EndGuard>) -> Self {
        let shared = Shared {
            settings,
            clock: ports.clock,
            storage: ports.storage,
            launcher: ports.launcher,
            lanes: ports.lanes,
            verdicts: ports.verdicts,
            baseline: ports.baseline,
            run_ended: ports.run_ended,
            supervisor: ports.supervisor,
            living: std::cell::RefCell::default(),
            stopping: std::cell::Cell::default(),
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
        ctx.spawn(wrap_future(life::start(Rc::clone(&self.shared), message.run)));
    }
}

impl Handler<StopAll> for SpawnActor {
    type Result = ResponseFuture<Vec<Survivors>>;

    fn handle(&mut self, _: StopAll, _: &mut Self::Context) -> Self::Result {
        Box::pin(stop_all(Rc::clone(&self.shared)))
    }
}

impl Handler<ReadoptRuns> for SpawnActor {
    type Result = MessageResult<ReadoptRuns>;

    fn handle(&mut self, message: ReadoptRuns, ctx: &mut Self::Context) -> Self::Result {
        let open = message.open.into_iter();
        MessageResult(open.filter_map(|(run, process)| self.readopt(run, process, ctx)).collect())
    }
}

impl SpawnActor {
    /// Watches the process of an open run if that very process still lives, and
    /// otherwise records that the run is over.
    fn readopt(
        &self,
        run: Run,
        process: Option<ProcessIdentity>,
        ctx: &mut Context<Self>,
    ) -> Option<Run> {
        let shared = Rc::clone(&self.shared);
        if shared.living.borrow().contains_key(&run.run_id) {
            return Some(run);
        }
        let adopted = process.as_ref().and_then(|process| shared.launcher.adopt(process));
        let Some(launched) = adopted else {
            let pid = process.map(|process| process.pid);
            ctx.spawn(wrap_future(async move {
                life::finish(&shared, run, pid, Exit::default(), 0, None).await;
            }));
            return None;
        };
        let identity = launched.identity.clone();
        info!(
            lane = run.lane,
            run = run.run_id,
            pid = identity.pid,
            "worker found alive, watched again"
        );
        shared.living.borrow_mut().insert(run.run_id.clone(), (run.clone(), identity));
        let began_ms = shared.clock.monotonic_ms();
        ctx.spawn(wrap_future(life::watch(shared, run.clone(), launched, began_ms)));
        Some(run)
    }
}
