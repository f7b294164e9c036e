//! What a [`WitnessActor`](super::WitnessActor) is asked.

use actix::Message;
use dosd_kernel::effect_witness::EffectReport;

use super::surface::SharedSurface;
use crate::journal::JournalError;

/// Read every surface for a run that is about to start. Answered when they are
/// read, so that nothing the run does can be in its baseline.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct TakeBaseline {
    /// The run.
    pub run_id: String,
    /// Its lane: what a claim of this run is filed under, whatever the claim says.
    pub lane: String,
}

/// Read these surfaces from now on. Baselines hold for those that were there before, the
/// same ones and not others of their names.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Reconfigure {
    /// The surfaces.
    pub surfaces: Vec<SharedSurface>,
}

/// Forget the baseline of a run that is over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EndRun {
    /// The run.
    pub run_id: String,
}

/// Judge what a worker says that it did. Answered when the verdict is on disk.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Judged, JournalError>")]
pub struct Claim {
    /// The run that claims.
    pub run_id: String,
    /// Its lane, as it says; used only for a run that is not known.
    pub lane: String,
    /// The effect: an entity key, or `surface:key`.
    pub key: String,
    /// The worker's own words; recorded nowhere but in the answer.
    pub narrated: String,
}

/// A judged claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict with its reason.
    pub report: EffectReport,
    /// The number of the verdict's row in the verdict journal.
    pub seq: u64,
}
