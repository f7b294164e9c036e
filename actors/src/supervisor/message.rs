//! What a [`SupervisorActor`](super::SupervisorActor) is asked.

use actix::Message;
use dosd_kernel::population::Plan;
use serde::{Deserialize, Serialize};

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

/// Forget the tries of lanes, because an operator says so: their failures, their
/// delays, and that they were given up. Answered when that is on disk.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Vec<LaneReset>, ResetError>")]
pub struct Reset {
    /// Which lanes.
    pub which: Which,
}

/// Which lanes are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// These.
    Named(Vec<String>),
    /// All that were given up.
    GivenUp,
}

/// A lane that was reset, and what was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneReset {
    /// The lane.
    pub lane: String,
    /// How it stood.
    pub was: Slate,
    /// Failures that counted.
    pub failures: u32,
    /// How long it would have waited still, ms; none if it did not wait.
    pub wait_ms: Option<i64>,
}

/// How a lane stands with the restart rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Slate {
    /// It gets no further worker.
    GaveUp,
    /// It gets its next worker after a delay.
    Waiting,
    /// Runs that ended before count for its next delay.
    Counted,
    /// There is nothing to forget.
    Clean,
}

/// Why no lane was reset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResetError {
    /// There are no such lanes.
    #[error("no lane `{}`\n  help: the lanes are `{}`", lanes.join("`, `"), known.join("`, `"))]
    Unknown {
        /// The names that no lane has.
        lanes: Vec<String>,
        /// The lanes that there are.
        known: Vec<String>,
    },
    /// The supervisor was made just now and does not know yet how the lanes stand.
    #[error("the fleet is being looked up still\n  help: try again")]
    NotReady,
    /// It may not be on disk, and nothing is forgotten.
    #[error("the reset could not be recorded\n  help: look at the daemon's log")]
    NotRecorded,
}

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
    /// The lanes that somebody held at the last look, and when the newest beat there was,
    /// epoch ms.
    pub beats: Vec<(String, i64)>,
}
