//! The witness and its surfaces.

use std::sync::Arc;

use actix::{Actor, Addr};
use dosd_actors::witness::{WitnessActor, WitnessPorts, WitnessSettings};

use super::{Cast, WITNESS};
use crate::surfaces;

impl Cast {
    /// The surfaces of the configuration.
    pub(super) fn witness_settings(&self) -> WitnessSettings {
        surfaces::settings(&self.options.config, &self.options.workspace, &self.ports.children)
    }

    pub(super) fn make_witness(&self) -> Addr<WitnessActor> {
        let ports = WitnessPorts {
            clock: Arc::clone(&self.ports.clock),
            storage: Arc::clone(&self.ports.storage),
            verdicts: self.verdicts.append.clone(),
        };
        let guard = Some(self.guard(WITNESS));
        let actor = WitnessActor::new(self.witness_settings(), ports, guard).start();
        self.claim.point_at(&actor);
        self.baseline.point_at(&actor);
        self.run_ended.point_at(&actor);
        self.reconfigure_witness.point_at(&actor);
        actor
    }
}
