//! What a [`WitnessActor`](super::WitnessActor) is asked.

use std::time::Duration;

use actix::Message;
use dosd_kernel::effect_witness::{EffectReport, EffectVerdict};
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
    /// The run at the root of its lineage, for the rows about its claims.
    pub root_id: Option<String>,
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

/// Read the surfaces once more for a run that is over, and forget it.
#[derive(Debug, Clone, Message)]
#[rtype(result = "RunAccount")]
pub struct EndRun {
    /// The run.
    pub run_id: String,
    /// How long the surfaces may be read.
    pub patience: Duration,
}

/// What became of a run's claims, and what happened beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunAccount {
    /// Changes since its start that nobody claimed.
    pub unclaimed: Unclaimed,
    /// Its claims that were judged before its end.
    pub claims: ClaimCounts,
}

/// How many claims of a run had which verdict. Those that claimed nothing do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClaimCounts {
    /// The witness saw the effect.
    pub confirmed: u64,
    /// It saw that there is none.
    pub refuted: u64,
    /// It could not tell.
    pub unwitnessed: u64,
}

impl ClaimCounts {
    /// Whether there were any.
    #[must_use]
    pub fn any(&self) -> bool {
        *self != Self::default()
    }

    /// Counts one more.
    pub(super) fn add(&mut self, verdict: EffectVerdict) {
        match verdict {
            EffectVerdict::Confirmed => self.confirmed += 1,
            EffectVerdict::Refuted => self.refuted += 1,
            EffectVerdict::Unwitnessed => self.unwitnessed += 1,
            EffectVerdict::NoClaim => {}
        }
    }
}

/// Changes on the surfaces of a run that nobody claimed while it was open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unclaimed {
    /// How many; none when no surface could be compared, or not in time.
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
