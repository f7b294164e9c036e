//! The actor that reconciles the population.

mod reset;
mod tries;

use std::time::Duration;

use actix::fut::wrap_future;
use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, MessageResult,
    ResponseFuture, SpawnHandle,
};
use dosd_kernel::lane::Observation;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::beginning::Beginning;
use super::carry::{Carried, Obstacle, Orders, Outcome, carry_out};
use super::commits::Suspect;
use super::fleet::Fleet;
use super::inquiry::{Findings, inquire};
use super::message::{Close, FleetView, GetFleet, Reconfigure, Shutdown};
use super::moment::Moment;
use super::proposal::Proposal;
use super::reconcile::reconcile;
use super::settings::FleetSettings;
use crate::guard::EndGuard;
use crate::journal::{Append, Decide, JournalMoved, Observe, Origin, Recall, Subscribe};
use crate::port::{SharedClock, SharedRepository};
use crate::reach::Reach;
use crate::spawn::{ProcessEvent, ReadoptRuns, Spawn};

/// Between two tries to learn what became of earlier runs.
const RETRY_MS: i64 = 1000;

/// Keeps the population at its target.
pub struct SupervisorActor {
    fleet: Fleet,
    ports: SupervisorPorts,
    random: fastrand::Rng,
    /// Something happened since the last look.
    dirty: bool,
    known: Known,
    /// The lane journal at the last look.
    seen: Option<Observation>,
    /// The lane journal has our bell.
    subscribed: bool,
    /// Why the history could not be read the last time; said once.
    trouble: Option<String>,
    /// The timer of the next look that is due before the tick.
    alarm: Option<SpawnHandle>,
    /// The tick.
    ticks: Option<SpawnHandle>,
    _guard: Option<EndGuard>,
}

/// What a supervisor knows of the time before it was made, and of what became of its
/// own orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It was made just now.
    Nothing,
    /// How the lanes have fared. What became of runs is not known for sure: nothing is
    /// planned before.
    Lanes,
    /// Both.
    All,
}

/// Everything that a [`SupervisorActor`] works with.
#[derive(Clone)]
pub struct SupervisorPorts {
    /// Time.
    pub clock: SharedClock,
    /// The workspace's history.
    pub repository: SharedRepository,
    /// The state of the lane journal.
    pub observe: Reach<Observe>,
    /// What the journal remembers of runs.
    pub recall: Reach<Recall>,
    /// Where in the lane journal the time of this daemon begins.
    pub beginning: Beginning,
    /// Beats and forensic rows for the lane journal.
    pub lanes: Reach<Append>,
    /// Rows about leases for the lane journal.
    pub decide: Reach<Decide<Proposal>>,
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
            known: Known::Nothing,
            seen: None,
            subscribed: false,
            trouble: None,
            alarm: None,
            ticks: None,
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
        if self.fleet.is_closed() {
            // One look, the last, takes care of all that ends until then.
            return;
        }
        self.look_now(ctx);
    }

    fn look_now(&mut self, ctx: &mut Context<Self>) {
        self.dirty = false;
        self.subscribe(ctx);
        if self.known != Known::All {
            return self.reconcile(ctx);
        }
        let observe = self.ports.observe.clone();
        let now_ms = self.ports.clock.now_ms();
        let observed = async move { observe.ask(Observe { now_ms }).await };
        ctx.wait(wrap_future(observed).map(|observed, actor: &mut Self, ctx| match observed {
            Ok(Ok(observation)) => {
                actor.act_on(&observation, ctx);
                actor.seen = Some(observation);
            }
            Ok(Err(failed)) => error!("the fleet cannot be seen: {failed}"),
            Err(gone) => {
                warn!("the fleet cannot be seen: {gone}");
                actor.subscribed = false;
            }
        }));
    }

    fn act_on(&mut self, observation: &Observation, ctx: &mut Context<Self>) {
        let now = self.now();
        let random = &mut self.random;
        let mut decision = match self.fleet.decide(observation, now, || random.u64(..)) {
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
        self.inquire(std::mem::take(&mut decision.suspects), now, ctx);
        let mut verdicts = std::mem::take(&mut decision.concerns);
        verdicts.extend(decision.verdict.take());
        let orders = Orders {
            beats: std::mem::take(&mut decision.beats),
            rows: std::mem::take(&mut decision.rows),
            seen: std::mem::take(&mut decision.seen),
            launches: decision.launches.clone(),
            verdicts,
        };
        let carried = carry_out(self.ports.clone(), orders);
        ctx.wait(wrap_future(carried).map(|carried, actor: &mut Self, ctx| {
            match carried {
                // Whether they are on disk is not known: a caller can miss an answer.
                Carried::NotRecorded => actor.subscribed = false,
                Carried::Overtaken(obstacle) => {
                    actor.fleet.commit_beats(&decision);
                    return actor.look_again(obstacle, ctx);
                }
                Carried::Recorded { verdicts, launches } => {
                    actor.fleet.commit(decision);
                    if verdicts == Outcome::Done {
                        actor.fleet.told();
                    }
                    if launches == Outcome::Done {
                        return;
                    }
                }
            }
            actor.known = Known::Lanes;
            actor.set_alarm(RETRY_MS, ctx);
        }));
    }

    /// Has the commits of suspected runs looked up. Nobody waits for it: what is found
    /// is for the next look.
    fn inquire(&mut self, suspects: Vec<Suspect>, now: Moment, ctx: &mut Context<Self>) {
        let Some(questions) = self.fleet.ask_commits(suspects, now) else { return };
        let found = inquire(self.ports.clone(), questions);
        ctx.spawn(wrap_future(found).map(|found: Findings, actor: &mut Self, ctx| {
            let trouble = found.trouble.map(|failed| failed.to_string());
            if let Some(trouble) = trouble.as_ref().filter(|_| trouble != actor.trouble) {
                warn!("commits do not count as progress for now: {trouble}");
            }
            actor.trouble = trouble;
            if actor.fleet.learn_commits(found.answers) {
                actor.look_soon(ctx);
            }
        }));
    }

    /// After a decision that came too late, or not to the mutex at all.
    fn look_again(&mut self, obstacle: Obstacle, ctx: &mut Context<Self>) {
        match (obstacle, self.fleet.is_closed()) {
            (Obstacle::Moved, false) => self.look_soon(ctx),
            // The last look is one that went through.
            (Obstacle::Moved, true) => self.look_now(ctx),
            (Obstacle::Busy, false) => self.set_alarm(RETRY_MS, ctx),
            (Obstacle::Busy, true) => {
                warn!("leases that stopped workers left behind stay until they expire");
            }
        }
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
        let found = reconcile(self.ports.clone(), self.fleet.settings().clone());
        ctx.wait(wrap_future(found).map(|found, actor: &mut Self, ctx| match found {
            Ok(found) => {
                actor.recall(&found, ctx);
                for (run, hold) in found.living {
                    actor.fleet.adopt(run, hold);
                }
                for (run_id, loop_ts) in found.left {
                    actor.fleet.bury(run_id, loop_ts);
                }
                actor.known = Known::All;
                actor.look_soon(ctx);
            }
            Err(failed) => {
                warn!("nothing is started before earlier runs are reconciled: {failed}");
                actor.set_alarm(RETRY_MS, ctx);
            }
        }));
    }

    fn start_ticking(&mut self, ctx: &mut Context<Self>) {
        let ticks = ctx.run_interval(self.fleet.settings().tick, |actor, ctx| {
            // A journal that was made again in the meantime has lost our bell.
            actor.subscribed = false;
            actor.look_soon(ctx);
        });
        if let Some(earlier) = self.ticks.replace(ticks) {
            ctx.cancel_future(earlier);
        }
    }

    fn subscribe(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.subscribed, true) {
            return;
        }
        let doorbell = self.ports.doorbell.clone();
        let bell = ctx.address().recipient();
        let asked = async move { doorbell.ask(Subscribe { bell }).await };
        ctx.spawn(wrap_future(asked).map(|asked, actor: &mut Self, _| {
            if let Err(gone) = asked {
                warn!("foreign rows are seen at the tick only: {gone}");
                actor.subscribed = false;
            }
        }));
    }
}

impl Actor for SupervisorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1024);
        self.look(ctx);
        self.start_ticking(ctx);
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
        self.record(&ended.run.lane, aftermath, ctx);
    }
}

impl Handler<Reconfigure> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, message: Reconfigure, ctx: &mut Self::Context) {
        // Between two looks, as everything that is handled: no decision is under way.
        let same_tick = self.fleet.settings().tick == message.settings.tick;
        self.fleet.reconfigure(message.settings);
        if !same_tick {
            self.start_ticking(ctx);
        }
        self.look_soon(ctx);
    }
}

impl Handler<Close> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, _: Close, _: &mut Self::Context) {
        // A look that is under way holds the mailbox: when this is handled,
        // there is none.
        self.fleet.close();
    }
}

impl Handler<Shutdown> for SupervisorActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) -> Self::Result {
        let (done, ended) = oneshot::channel();
        self.fleet.close();
        if self.known == Known::All {
            self.look_now(ctx);
        }
        // Polled when nothing is waited for any more: after that look.
        ctx.spawn(wrap_future(async {}).map(|(), _: &mut Self, ctx| {
            // Nobody who asked may be left.
            let _ = done.send(());
            ctx.stop();
        }));
        Box::pin(async move {
            let _ = ended.await;
        })
    }
}

impl Handler<GetFleet> for SupervisorActor {
    type Result = MessageResult<GetFleet>;

    fn handle(&mut self, _: GetFleet, _: &mut Self::Context) -> Self::Result {
        MessageResult(FleetView {
            plan: self.fleet.plan().cloned(),
            runs: self.fleet.runs(),
            gave_up: self.fleet.gave_up(),
            beats: self.seen.as_ref().map(newest_beats).unwrap_or_default(),
        })
    }
}

/// When the newest beat of each lane was that somebody holds, epoch ms.
fn newest_beats(seen: &Observation) -> Vec<(String, i64)> {
    let beats = seen.leases.iter().filter_map(|live| {
        let age_ms = live.progress.newest_heartbeat_age_ms?;
        Some((live.lease.lane().to_owned(), seen.now_ms - age_ms))
    });
    beats.collect()
}
