//! The actor that reconciles the population.

use std::time::Duration;

use actix::fut::wrap_future;
use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, MessageResult, SpawnHandle,
};
use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{Observation, OpenRun};
use dosd_kernel::restart::Next;
use tracing::{error, info, warn};

use super::fleet::{Decision, Fleet, HOLDER, Moment};
use super::message::{FleetView, GetFleet, Shutdown};
use super::settings::FleetSettings;
use crate::guard::EndGuard;
use crate::journal::{
    Append, JournalError, JournalMoved, ListOpenRuns, Observe, Origin, Subscribe,
};
use crate::port::{ProcessIdentity, SharedClock};
use crate::reach::Reach;
use crate::spawn::{ProcessEvent, ReadoptRuns, Run, Spawn};

/// Keeps the population at its target.
pub struct SupervisorActor {
    fleet: Fleet,
    ports: SupervisorPorts,
    random: fastrand::Rng,
    /// Something happened since the last look.
    dirty: bool,
    /// The timer that ends a lane's delay.
    alarm: Option<SpawnHandle>,
    _guard: Option<EndGuard>,
}

/// Everything that a [`SupervisorActor`] works with.
#[derive(Clone)]
pub struct SupervisorPorts {
    /// Time.
    pub clock: SharedClock,
    /// The state of the lane journal.
    pub observe: Reach<Observe>,
    /// Runs that an earlier daemon left open.
    pub open_runs: Reach<ListOpenRuns>,
    /// Rows for the lane journal.
    pub lanes: Reach<Append>,
    /// The lane journal's doorbell.
    pub doorbell: Reach<Subscribe>,
    /// Rows for the verdict journal.
    pub verdicts: Reach<Append>,
    /// Starts workers.
    pub spawner: Reach<Spawn>,
    /// Finds workers of an earlier daemon again.
    pub readopt: Reach<ReadoptRuns>,
}

impl SupervisorActor {
    /// A supervisor that will reconcile what the journal holds, then plan.
    /// `random` gives run ids their entropy and delays their jitter.
    #[must_use]
    pub fn new(
        settings: FleetSettings,
        ports: SupervisorPorts,
        random: fastrand::Rng,
        guard: Option<EndGuard>,
    ) -> Self {
        Self {
            fleet: Fleet::new(settings),
            ports,
            random,
            dirty: false,
            alarm: None,
            _guard: guard,
        }
    }

    fn now(&self) -> Moment {
        Moment { wall_ms: self.ports.clock.now_ms(), monotonic_ms: self.ports.clock.monotonic_ms() }
    }

    /// Asks for a look at the fleet. However many ask, one look is made, after
    /// the messages that wait now; while it is under way the mailbox waits, so
    /// nothing that it decides on can change meanwhile.
    fn look_soon(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.dirty, true) {
            ctx.spawn(wrap_future(async {}).map(|(), actor: &mut Self, ctx| actor.look(ctx)));
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        self.dirty = false;
        let observe = self.ports.observe.clone();
        let now_ms = self.ports.clock.now_ms();
        let observed = async move { observe.ask(Observe { now_ms }).await };
        ctx.wait(wrap_future(observed).map(|observed, actor: &mut Self, ctx| match observed {
            Ok(Ok(observation)) => actor.act_on(&observation, ctx),
            Ok(Err(failed)) => error!("the fleet cannot be seen: {failed}"),
            Err(gone) => warn!("the fleet cannot be seen: {gone}"),
        }));
    }

    fn act_on(&mut self, observation: &Observation, ctx: &mut Context<Self>) {
        let now = self.now();
        let random = &mut self.random;
        let decided = self.fleet.decide(observation, now, || random.u64(..));
        let decision = match decided {
            Ok(decision) => decision,
            Err(invalid) => {
                error!("the fleet cannot be planned: {invalid}");
                return;
            }
        };
        if let Some(again_ms) = decision.again_ms {
            self.set_alarm(again_ms, ctx);
        }
        if decision.verdict.is_some() {
            let plan = &decision.plan;
            info!(
                alive = plan.alive,
                target = plan.target,
                "{}: {}",
                plan.verdict.as_str(),
                plan.reason
            );
        }
        let ports = self.ports.clone();
        ctx.wait(wrap_future(carry_out(ports, decision)).map(
            |not_recorded, actor: &mut Self, _| {
                if let Err(launches) = not_recorded {
                    actor.fleet.take_back(&launches);
                }
            },
        ));
    }

    fn set_alarm(&mut self, in_ms: i64, ctx: &mut Context<Self>) {
        if let Some(earlier) = self.alarm.take() {
            ctx.cancel_future(earlier);
        }
        let delay = Duration::from_millis(u64::try_from(in_ms).unwrap_or(0));
        self.alarm = Some(ctx.run_later(delay, |actor, ctx| {
            actor.alarm = None;
            actor.look_soon(ctx);
        }));
    }

    /// Finds out what became of runs that were open when an earlier daemon, or an
    /// earlier supervisor, ended; the first look comes after that.
    fn reconcile(&mut self, ctx: &mut Context<Self>) {
        let ports = self.ports.clone();
        let host_id = self.fleet.settings().host_id.clone();
        let now_ms = self.ports.clock.now_ms();
        let living = async move {
            let open = ports.open_runs.ask(ListOpenRuns).await.ok()?.ok()?;
            let observation = ports.observe.ask(Observe { now_ms }).await.ok()?.ok()?;
            let open = open
                .into_iter()
                .filter(|run| run.host_id == host_id && run.holder == HOLDER)
                .map(|run| reopened(run, &observation))
                .collect();
            ports.readopt.ask(ReadoptRuns { open }).await.ok()
        };
        ctx.wait(wrap_future(living).map(|living, actor: &mut Self, ctx| {
            if let Some(living) = living {
                let now = actor.now();
                for run in living {
                    actor.fleet.adopt(run, now);
                }
            } else {
                warn!("runs of an earlier daemon could not be reconciled");
            }
            actor.look_soon(ctx);
        }));
    }
}

/// The rows first; when they are on disk, the launches and the verdict. Gives the
/// launches back when the rows are not.
async fn carry_out(ports: SupervisorPorts, decision: Decision) -> Result<(), Vec<Run>> {
    if !decision.rows.is_empty() && !recorded(&ports.lanes, decision.rows).await {
        return Err(decision.launches);
    }
    for run in decision.launches {
        if let Err(gone) = ports.spawner.ask(Spawn { run }).await {
            // Its intent is on disk: the next supervisor reconciles it.
            error!("a worker is not started: {gone}");
        }
    }
    if let Some(verdict) = decision.verdict {
        recorded(&ports.verdicts, vec![verdict]).await;
    }
    Ok(())
}

async fn recorded(journal: &Reach<Append>, rows: Vec<Draft>) -> bool {
    let answer: Result<Result<_, JournalError>, _> = journal.ask(Append { rows }).await;
    match answer {
        Ok(Ok(_)) => true,
        Ok(Err(failed)) => {
            error!("a decision is not recorded: {failed}");
            false
        }
        Err(gone) => {
            error!("a decision is not recorded: {gone}");
            false
        }
    }
}

/// A run from an earlier life, as far as the journal tells of it.
fn reopened(open: OpenRun, observation: &Observation) -> (Run, Option<ProcessIdentity>) {
    let leased = observation.leases.iter().any(|live| {
        live.lease.lane() == open.lane
            && live.lease.loop_ts() == open.loop_ts
            && live.lease.holder() == HOLDER
    });
    let run = Run {
        run_id: open.run_id,
        lane: open.lane,
        loop_ts: open.loop_ts,
        lineage: Vec::new(),
        leased,
    };
    let process = open.started.map(|started| ProcessIdentity {
        boot_id: started.boot_id,
        pid: started.pid,
        start_ticks: started.start_ticks,
        pgid: started.pgid,
    });
    (run, process)
}

impl Actor for SupervisorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1024);
        self.reconcile(ctx);
        let doorbell = self.ports.doorbell.clone();
        let bell = ctx.address().recipient();
        ctx.spawn(wrap_future(async move {
            if let Err(gone) = doorbell.ask(Subscribe { bell }).await {
                warn!("foreign rows are seen at the tick only: {gone}");
            }
        }));
        ctx.run_interval(self.fleet.settings().tick, Self::look_soon);
    }
}

impl Handler<JournalMoved> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, message: JournalMoved, ctx: &mut Self::Context) {
        // Rows of our own come from here or from a worker's event, told already.
        if message.origin == Origin::Foreign {
            self.look_soon(ctx);
        }
    }
}

impl Handler<ProcessEvent> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, message: ProcessEvent, ctx: &mut Self::Context) {
        // A start is looked at too: it may be the one that meets the target.
        self.look_soon(ctx);
        let ProcessEvent::Ended(ended) = message else { return };
        let now = self.now();
        let jitter = self.random.u32(..);
        let aftermath = self.fleet.ended(&ended, now, jitter);
        let lane = &ended.run.lane;
        match &aftermath.next {
            Some(Next::RestartAfter { delay_ms }) => {
                info!(lane, delay_ms, "lane gets its next worker after a delay");
            }
            Some(Next::GiveUp { failures, window_ms }) => {
                error!(
                    lane,
                    failures,
                    window_ms,
                    "lane given up, it gets no worker until a restart of the daemon"
                );
            }
            None => {}
        }
        let ports = self.ports.clone();
        ctx.wait(wrap_future(async move {
            if !aftermath.rows.is_empty() {
                recorded(&ports.lanes, aftermath.rows).await;
                recorded(&ports.verdicts, aftermath.verdicts).await;
            }
        }));
    }
}

impl Handler<Shutdown> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        // A look that is under way holds the mailbox: when this is handled,
        // there is none.
        ctx.stop();
    }
}

impl Handler<GetFleet> for SupervisorActor {
    type Result = MessageResult<GetFleet>;

    fn handle(&mut self, _: GetFleet, _: &mut Self::Context) -> Self::Result {
        MessageResult(FleetView {
            plan: self.fleet.plan().cloned(),
            runs: self.fleet.runs(),
            gave_up: self.fleet.gave_up(),
        })
    }
}
