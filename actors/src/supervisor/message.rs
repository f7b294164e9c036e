//! What a [`SupervisorActor`](super::SupervisorActor) is asked.

use actix::Message;
use dosd_kernel::population::Plan;
use serde::Serialize;

use super::settings::FleetSettings;

/// Start nothing more; go on recording what ends. Answered when no launch is under
/// way.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Close;

/// Keep the population by other settings from now on, and look at once. Runs that live
/// stay, those on lanes that are gone too; these get no successor.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Reconfigure {
    /// The roster and the policies.
    pub settings: FleetSettings,
}

/// Take back the leases that ended workers left behind, and end. Answered when that
/// is on disk.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// What the supervisor knows now.
#[derive(Debug, Message)]
#[rtype(result = "FleetView")]
pub struct GetFleet;

/// A cheap view of the fleet, the same for tests, the log and status commands.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FleetView {
    /// The last plan.
    pub plan: Option<Plan>,
    /// Runs that are being started or live: lane and run id.
    pub runs: Vec<(String, String)>,
    /// Lanes that were given up.
    pub gave_up: Vec<String>,
}
