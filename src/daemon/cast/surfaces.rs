//! The witness and its surfaces.

use std::sync::Arc;

use actix::{Actor, Addr};
use dosd_actors::witness::{JsonSurface, SharedSurface, WitnessActor, WitnessPorts};

use super::{Cast, WITNESS};
use crate::config::{Surface, Witness};

impl Cast {
    /// Makes a surface for every witness of the configuration that has none. One that has
    /// keeps it, because baselines are of that very surface.
    pub(super) fn renew_surfaces(&mut self) {
        let known = std::mem::take(&mut self.surfaces);
        let kept = |witness: &Witness| known.iter().find(|(it, _)| it == witness);
        let renewed = self.options.config.witnesses.iter().map(|witness| match kept(witness) {
            Some(kept) => kept.clone(),
            None => (witness.clone(), self.surface(witness)),
        });
        self.surfaces = renewed.collect();
    }

    fn surface(&self, witness: &Witness) -> SharedSurface {
        let Surface::Json { path } = &witness.surface;
        let path = self.options.workspace.resolve_path(path);
        let storage = Arc::clone(&self.ports.storage);
        Arc::new(JsonSurface::new(witness.name.clone(), path, witness.rung, storage))
    }

    /// The surfaces of the configuration, in its order.
    pub(super) fn surfaces(&self) -> Vec<SharedSurface> {
        self.surfaces.iter().map(|(_, surface)| Arc::clone(surface)).collect()
    }

    pub(super) fn make_witness(&self) -> Addr<WitnessActor> {
        let ports = WitnessPorts {
            clock: Arc::clone(&self.ports.clock),
            verdicts: self.verdicts.append.clone(),
        };
        let actor = WitnessActor::new(self.surfaces(), ports, Some(self.guard(WITNESS))).start();
        self.claim.point_at(&actor);
        self.baseline.point_at(&actor);
        self.run_ended.point_at(&actor);
        self.reconfigure_witness.point_at(&actor);
        actor
    }
}
