//! What a [`WitnessActor`](super::WitnessActor) is asked.

use actix::Message;
use dosd_kernel::effect_witness::EffectReport;
use serde_json::Value;

use super::settings::WitnessSettings;
use crate::journal::JournalError;

/// Read the surfaces of its lane for a run that is about to start. Answered when they are
/// read, so that nothing the run does can be in its baseline.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct TakeBaseline {
    /// The run.
    pub run_id: String,
    /// Its lane: what a claim of this run is filed under, whatever the claim says.
    pub lane: String,
}

/// Ask these surfaces from now on. Baselines hold for those that are defined as before.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Reconfigure {
    /// The surfaces of all lanes.
    pub settings: WitnessSettings,
}

/// Read the surfaces once more for a run that is over, and forget it. Answered with the
/// changes since its start that nobody claimed.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Unclaimed")]
pub struct EndRun {
    /// The run.
    pub run_id: String,
}

/// Changes on the surfaces of a run that nobody claimed while it was open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unclaimed {
    /// How many; none when no surface could be compared.
    pub count: Option<u64>,
    /// The first of them, as `surface:key`.
    pub keys: Vec<String>,
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
    /// The value that the entity has, as the worker says; any when none is given.
    pub expect: Option<Value>,
}

/// A judged claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict with its reason.
    pub report: EffectReport,
    /// The number of the verdict's row in the verdict journal.
    pub seq: u64,
}
