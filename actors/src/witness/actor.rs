//! The actor that owns the surfaces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, Context, Handler, ResponseActFuture};
use futures_util::future::join_all;
use tracing::{info, warn};

use super::judge::{Reading, Sight, address, event, judge};
use super::message::{Claim, EndRun, Judged, TakeBaseline};
use super::surface::{SharedSurface, SurfaceError};
use crate::guard::EndGuard;
use crate::journal::{Append, JournalError, JournalErrorKind};
use crate::port::SharedClock;
use crate::reach::Reach;

/// Takes baselines and judges claims.
pub struct WitnessActor {
    surfaces: Vec<SharedSurface>,
    /// For each run, what was read of each surface, in the order of `surfaces`.
    baselines: BTreeMap<String, Vec<Reading>>,
    /// Surfaces that could not be read for the last baseline.
    unreadable: BTreeSet<String>,
    ports: WitnessPorts,
    _guard: Option<EndGuard>,
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
            unreadable: BTreeSet::new(),
            ports,
            _guard: guard,
        }
    }

    /// Says when a surface cannot be read, and when it can again: once each.
    fn tell_changes(&mut self, readings: &[Reading]) {
        for (surface, reading) in self.surfaces.iter().zip(readings) {
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

    /// What there is to see for a claim, before the fresh reads.
    fn sights(&self, claim: &Claim) -> (String, Vec<(SharedSurface, Option<Reading>)>) {
        let known = self.surfaces.iter().map(|surface| surface.name());
        let (chosen, entity) = address(&claim.key, known);
        let baseline = self.baselines.get(&claim.run_id);
        let surfaces = self
            .surfaces
            .iter()
            .enumerate()
            .filter(|(_, surface)| chosen.is_none_or(|name| surface.name() == name))
            .map(|(at, surface)| {
                (Arc::clone(surface), baseline.and_then(|readings| readings.get(at).cloned()))
            })
            .collect();
        (entity.to_owned(), surfaces)
    }
}

/// Reads a surface where blocking is allowed.
async fn read(surface: SharedSurface) -> Reading {
    let name = surface.name().to_owned();
    match tokio::task::spawn_blocking(move || surface.read()).await {
        Ok(reading) => reading.map(Arc::new),
        Err(panicked) => {
            Err(SurfaceError { surface: name, cause: format!("its reader failed: {panicked}") })
        }
    }
}

impl Actor for WitnessActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1024);
    }
}

impl Handler<TakeBaseline> for WitnessActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, message: TakeBaseline, _: &mut Self::Context) -> Self::Result {
        let reads = join_all(self.surfaces.iter().cloned().map(read));
        Box::pin(wrap_future(reads).map(|readings, actor: &mut Self, _| {
            actor.tell_changes(&readings);
            actor.baselines.insert(message.run_id, readings);
        }))
    }
}

impl Handler<EndRun> for WitnessActor {
    type Result = ();

    fn handle(&mut self, message: EndRun, _: &mut Self::Context) {
        self.baselines.remove(&message.run_id);
    }
}

impl Handler<Claim> for WitnessActor {
    type Result = actix::ResponseFuture<Result<Judged, JournalError>>;

    fn handle(&mut self, claim: Claim, _: &mut Self::Context) -> Self::Result {
        let (entity, chosen) = self.sights(&claim);
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
            let report = judge(&claim, &entity, &sights);
            let row = event(&claim, &report, &sights).draft(ports.clock.now_ms());
            let committed = ports.verdicts.ask(Append::one(row)).await.map_err(|_| {
                JournalError { path: "verdicts".into(), kind: JournalErrorKind::Unreachable }
            })??;
            info!(
                lane = claim.lane,
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
