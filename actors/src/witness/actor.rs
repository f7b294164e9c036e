//! The actor that owns the surfaces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture};
use futures_util::future::join_all;
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::judge::{Address, Reading, Sight, address, event, judge};
use super::message::{Claim, EndRun, Judged, Reconfigure, TakeBaseline};
use super::surface::{SharedSurface, SurfaceError};
use crate::guard::EndGuard;
use crate::journal::{Append, JournalError, JournalErrorKind};
use crate::port::SharedClock;
use crate::reach::Reach;

/// How long a read may take: a surface that hangs must not hold a worker back, or
/// a claim, for ever.
const READ_AT_MOST: Duration = Duration::from_mins(1);

/// Takes baselines and judges claims.
pub struct WitnessActor {
    surfaces: Vec<SharedSurface>,
    baselines: BTreeMap<String, Baseline>,
    /// Runs whose baseline is read next, and who waits for it.
    waiting: Vec<(TakeBaseline, oneshot::Sender<()>)>,
    /// Surfaces are being read for the runs that waited before.
    reading: bool,
    /// Surfaces that could not be read for the last baseline.
    unreadable: BTreeSet<String>,
    ports: WitnessPorts,
    _guard: Option<EndGuard>,
}

/// What is known of a run.
struct Baseline {
    lane: String,
    /// What was read of each surface before the run started. Runs that start together
    /// share it.
    readings: Arc<[(SharedSurface, Reading)]>,
}

impl Baseline {
    /// What it says of a surface: of this very one, not of another that had its name.
    fn of(&self, surface: &SharedSurface) -> Reading {
        let mut readings = self.readings.iter();
        match readings.find(|(read, _)| Arc::ptr_eq(read, surface)) {
            Some((_, reading)) => reading.clone(),
            None => Err(SurfaceError {
                surface: surface.name().to_owned(),
                cause: "it was not in the configuration, or was another one".to_owned(),
            }),
        }
    }
}

/// Everything that a [`WitnessActor`] works with.
#[derive(Clone)]
pub struct WitnessPorts {
    /// Time.
    pub clock: SharedClock,
    /// The verdict journal.
    pub verdicts: Reach<Append>,
}

impl WitnessActor {
    /// An actor over these surfaces.
    #[must_use]
    pub fn new(surfaces: Vec<SharedSurface>, ports: WitnessPorts, guard: Option<EndGuard>) -> Self {
        Self {
            surfaces,
            baselines: BTreeMap::new(),
            waiting: Vec::new(),
            reading: false,
            unreadable: BTreeSet::new(),
            ports,
            _guard: guard,
        }
    }

    /// Says when a surface cannot be read, and when it can again: once each.
    fn tell_changes(&mut self, readings: &[(SharedSurface, Reading)]) {
        for (surface, reading) in readings {
            let name = surface.name();
            match reading {
                Ok(_) => {
                    if self.unreadable.remove(name) {
                        info!("surface `{name}` can be read again");
                    }
                }
                Err(failed) => {
                    if self.unreadable.insert(name.to_owned()) {
                        warn!("claims of runs that start now stay unwitnessed: {failed}");
                    }
                }
            }
        }
    }

    /// Reads every surface once for all runs that wait now. Whoever comes while
    /// that is under way gets a read of its own time, together with others.
    fn read_for_waiting(&mut self, ctx: &mut Context<Self>) {
        if self.reading || self.waiting.is_empty() {
            return;
        }
        self.reading = true;
        let waiting = std::mem::take(&mut self.waiting);
        let reads = join_all(self.surfaces.iter().cloned().map(|surface| async move {
            let reading = read(Arc::clone(&surface)).await;
            (surface, reading)
        }));
        ctx.spawn(wrap_future(reads).map(move |readings, actor: &mut Self, ctx| {
            actor.tell_changes(&readings);
            let readings: Arc<[_]> = readings.into();
            for (TakeBaseline { run_id, lane }, done) in waiting {
                let baseline = Baseline { lane, readings: Arc::clone(&readings) };
                actor.baselines.insert(run_id, baseline);
                // Whoever asked may have given up.
                let _ = done.send(());
            }
            actor.reading = false;
            actor.read_for_waiting(ctx);
        }));
    }

    /// What there is to see for a claim, before the fresh reads: the surfaces that
    /// it may be about, and what the run's baseline says of each.
    fn sights(&self, address: &Address<'_>, run_id: &str) -> Vec<(SharedSurface, Option<Reading>)> {
        if address.entity.is_empty() {
            return Vec::new();
        }
        let baseline = self.baselines.get(run_id);
        self.surfaces
            .iter()
            .filter(|surface| address.surface.is_none_or(|name| surface.name() == name))
            .map(|surface| {
                let before = baseline.map(|baseline| baseline.of(surface));
                (Arc::clone(surface), before)
            })
            .collect()
    }
}

/// Reads a surface where blocking is allowed.
async fn read(surface: SharedSurface) -> Reading {
    let name = surface.name().to_owned();
    let failed = |cause| Err(SurfaceError { surface: name, cause });
    let reading = tokio::task::spawn_blocking(move || surface.read());
    match tokio::time::timeout(READ_AT_MOST, reading).await {
        Ok(Ok(reading)) => reading.map(Arc::new),
        Ok(Err(panicked)) => failed(format!("its reader failed: {panicked}")),
        Err(_) => failed(format!("it gave no answer within {} s", READ_AT_MOST.as_secs())),
    }
}

impl Actor for WitnessActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1024);
    }
}

impl Handler<TakeBaseline> for WitnessActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, message: TakeBaseline, ctx: &mut Self::Context) -> Self::Result {
        let (done, read) = oneshot::channel();
        self.waiting.push((message, done));
        self.read_for_waiting(ctx);
        Box::pin(async move {
            // It fails only with the actor, and then the asker is told by that.
            let _ = read.await;
        })
    }
}

impl Handler<Reconfigure> for WitnessActor {
    type Result = ();

    fn handle(&mut self, message: Reconfigure, _: &mut Self::Context) {
        self.surfaces = message.surfaces;
        let names: BTreeSet<&str> = self.surfaces.iter().map(|surface| surface.name()).collect();
        self.unreadable.retain(|name| names.contains(name.as_str()));
    }
}

impl Handler<EndRun> for WitnessActor {
    type Result = ();

    fn handle(&mut self, message: EndRun, _: &mut Self::Context) {
        self.baselines.remove(&message.run_id);
    }
}

impl Handler<Claim> for WitnessActor {
    type Result = ResponseFuture<Result<Judged, JournalError>>;

    fn handle(&mut self, claim: Claim, _: &mut Self::Context) -> Self::Result {
        let names: Vec<String> =
            self.surfaces.iter().map(|surface| surface.name().to_owned()).collect();
        let chosen =
            self.sights(&address(&claim.key, names.iter().map(String::as_str)), &claim.run_id);
        let known = self.baselines.get(&claim.run_id);
        let lane = known.map_or_else(|| claim.lane.clone(), |baseline| baseline.lane.clone());
        let ports = self.ports.clone();
        Box::pin(async move {
            let sights = join_all(chosen.into_iter().map(|(surface, before)| async move {
                let after = read(Arc::clone(&surface)).await;
                Sight {
                    surface: surface.name().to_owned(),
                    accountability: surface.accountability(),
                    before,
                    after,
                }
            }))
            .await;
            let address = address(&claim.key, names.iter().map(String::as_str));
            let report = judge(&claim, &address, &sights);
            let row = event(&claim, lane.clone(), &report, &sights).draft(ports.clock.now_ms());
            let committed = ports.verdicts.ask(Append::one(row)).await.map_err(|_| {
                JournalError { path: "verdicts".into(), kind: JournalErrorKind::Unreachable }
            })??;
            info!(
                lane,
                run = claim.run_id,
                claim = claim.key,
                "claim {}: {}",
                report.verdict.as_str(),
                report.reason
            );
            Ok(Judged { report, seq: committed.last_seq })
        })
    }
}
