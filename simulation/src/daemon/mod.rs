//! One daemon process: its actors, kept alive until there is a reason to end. What is decided
//! here mirrors `src/daemon/mod.rs` of the binary.

pub(crate) mod cast;
pub(crate) mod plan;
mod tap;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dosd_actors::guard::{ActorEnded, Ended};
use dosd_actors::spawn::{HaltRun, Halting};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::Instant;

use self::cast::{Cast, Doors, LANE, VERDICT};
use self::plan::{OnShutdown, Plan};
use crate::trace::Finding;
use crate::world::World;
use crate::world::life::Life;

/// So many panics within [`PANIC_WINDOW`] end the daemon.
const PANICS_AT_MOST: usize = 5;

/// See [`PANICS_AT_MOST`].
const PANIC_WINDOW: Duration = Duration::from_mins(1);

/// What a daemon is told from outside.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// TERM.
    Stop,
    /// Panic in this actor.
    Panic(&'static str),
    /// HUP, with another number of workers.
    Target(i64),
    /// `halt --enact` of a lane.
    Halt(String),
}

/// How a daemon ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was told to.
    Stopped,
    /// It could not begin.
    NotStarted(String),
    /// A journal is no more.
    JournalEnded(&'static str),
    /// An actor keeps panicking, or could not be made again.
    CannotGoOn(String),
}

/// A daemon that runs.
pub(crate) struct Process {
    pub(crate) life: Life,
    pub(crate) orders: UnboundedSender<Order>,
    pub(crate) task: JoinHandle<Outcome>,
    doors: Arc<Mutex<Option<Doors>>>,
}

impl Process {
    /// Starts a daemon with a thread of its own, so to speak: what belongs to it ends with it.
    pub(crate) fn start(world: &World, plan: Plan, pid: u32, random: fastrand::Rng) -> Self {
        world.trace.note(format_args!("daemon {pid} starts"));
        let life = Life::default();
        let (orders, ordered) = unbounded_channel();
        let doors = Arc::default();
        let served =
            serve(world.clone(), plan, (life.clone(), pid, random), (ordered, Arc::clone(&doors)));
        let task = tokio::task::spawn_local(async move {
            let own = LocalSet::new();
            own.run_until(served).await
        });
        Self { life, orders, task, doors }
    }

    /// Whom to ask, once it has begun.
    pub(crate) fn doors(&self) -> Option<Doors> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills it: whatever it has in memory is gone.
    pub(crate) async fn kill(mut self, world: &World) {
        self.life.kill();
        world.open_door(None);
        self.task.abort();
        // It is gone when this is answered.
        let _ = (&mut self.task).await;
    }
}

async fn serve(
    world: World,
    plan: Plan,
    (life, pid, random): (Life, u32, fastrand::Rng),
    (orders, doors): (UnboundedReceiver<Order>, Arc<Mutex<Option<Doors>>>),
) -> Outcome {
    let (report, ended) = unbounded_channel();
    let on_shutdown = plan.on_shutdown;
    let mut cast = match Cast::assemble(world.clone(), plan, (life, pid, random), report) {
        Ok(cast) => cast,
        Err(failed) => return Outcome::NotStarted(failed.to_string()),
    };
    let own = cast.doors();
    world.open_door(Some(own.claim.clone()));
    *doors.lock().unwrap_or_else(PoisonError::into_inner) = Some(own);
    let outcome = attend(&mut cast, ended, orders).await;
    world.trace.note(format_args!("daemon {pid} ends: {outcome:?}"));
    world.open_door(None);
    cast.close().await;
    if on_shutdown == OnShutdown::Stop {
        cast.stop_workers().await;
    }
    cast.stop().await;
    outcome
}

/// Keeps the actors alive until there is a reason to end.
async fn attend(
    cast: &mut Cast,
    mut ended: UnboundedReceiver<ActorEnded>,
    mut orders: UnboundedReceiver<Order>,
) -> Outcome {
    let mut panics: Vec<Instant> = Vec::new();
    loop {
        let ended = tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::Stop) | None => return Outcome::Stopped,
                Some(order) => {
                    obey(cast, order).await;
                    continue;
                }
            },
            ended = ended.recv() => match ended {
                Some(ended) => ended,
                None => return Outcome::Stopped,
            },
        };
        match ended.how {
            Ended::Panicked => {
                let now = Instant::now();
                panics.retain(|at| now - *at < PANIC_WINDOW);
                panics.push(now);
                if panics.len() > PANICS_AT_MOST {
                    return Outcome::CannotGoOn(format!("{} keeps panicking", ended.actor));
                }
                if let Err(failed) = cast.remake(ended.actor).await {
                    return Outcome::CannotGoOn(failed.to_string());
                }
            }
            Ended::Stopped if [LANE, VERDICT].contains(&ended.actor) => {
                return Outcome::JournalEnded(ended.actor);
            }
            Ended::Stopped => {}
        }
    }
}

async fn obey(cast: &mut Cast, order: Order) {
    match order {
        Order::Stop => {}
        Order::Panic(actor) => {
            if let Some(reach) = cast.doors().panics.get(actor).cloned() {
                cast.life.will_panic();
                tokio::task::spawn_local(async move {
                    // It does not live to answer.
                    let _ = reach.ask(dosd_actors::panic_now::PanicNow).await;
                });
            }
        }
        Order::Target(target) => cast.apply(target).await,
        Order::Halt(lane) => {
            let (halt, world) = (cast.doors().halt, cast.world.clone());
            tokio::task::spawn_local(halt_lane(world, halt, lane));
        }
    }
}

/// Whoever is told that a worker is stopped can rely on it.
async fn halt_lane(world: World, halt: dosd_actors::reach::Reach<HaltRun>, lane: String) {
    let order = HaltRun { handle: lane, command: None, reason: "a test of patience".to_owned() };
    let Ok(halting) = halt.ask(order).await else { return };
    world.trace.note(format_args!("halt: {halting:?}"));
    if let Halting::Stopped(run) = halting
        && world.machine.has_processes(&run.run_id)
    {
        let what = format!("`{}` was said to be stopped, and lives", run.run_id);
        world.trace.find(Finding::Process(what));
    }
}
