//! What is said over the control socket. Adding a key is compatible; a request
//! that is not known is refused with its name.

use dosd_actors::journal::Compacted;
use dosd_actors::supervisor::LaneReset;
use dosd_exporters::ExporterStatus;
use dosd_kernel::effect_witness::EffectReport;
use dosd_kernel::lane::{LaneReply, LaneRequest};
use serde::{Deserialize, Deserializer, Serialize};
use std::path::PathBuf;

/// What a command line asks of the daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Judge a worker's claim.
    Claim {
        /// The run that claims.
        run_id: String,
        /// Its lane.
        lane: String,
        /// The effect's key.
        key: String,
        /// The worker's words.
        narrated: String,
        /// The value that the entity has, as the worker says; null is one, too.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
        expect: Option<serde_json::Value>,
        /// Whether the answer is the verdict; else it comes at once.
        #[serde(default = "yes")]
        wait: bool,
    },
    /// Compact the lane journal.
    Compact,
    /// Decide about lanes, in this journal and no other.
    Lanes {
        /// The lane journal that is meant.
        journal: PathBuf,
        /// What is asked.
        request: Box<LaneRequest>,
        /// How long to wait for the mutex.
        patience_ms: u64,
    },
    /// Stop a worker of the daemon and prove that nobody of its group is left.
    HaltWorker {
        /// The lane journal of the daemon that is meant.
        journal: PathBuf,
        /// A run id, a lane, or a pid.
        handle: String,
        /// The operator's own command, for the record.
        command: Option<String>,
        /// Why.
        reason: String,
    },
    /// Forget how the tries of lanes went, so that they get workers again.
    Reset {
        /// The lane journal of the daemon that is meant.
        journal: PathBuf,
        /// Which lanes; none for all that were given up.
        lanes: Option<Vec<String>>,
    },
    /// Tell how each exporter goes.
    Exporters,
    /// Have an exporter send again that its sink disabled.
    ResumeExporter {
        /// Its name.
        name: String,
    },
}

fn yes() -> bool {
    true
}

/// A value that is there, whatever it is: serde takes null for none.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(from).map(Some)
}

/// What became of an order to stop a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaltedWorker {
    /// Whether the intent is on disk.
    pub recorded: bool,
    /// Whether it is proven that nobody of the group is left.
    pub enacted: bool,
    /// Its lane; empty when no worker is meant.
    pub lane: String,
    /// The stamp of its lease.
    pub loop_ts: String,
    /// Its run.
    pub run_id: Option<String>,
    /// Members of its group that outlived KILL, by pid.
    pub survivors: Vec<u32>,
    /// What there is to say when it was not stopped.
    pub note: Option<String>,
}

/// What the daemon answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The verdict on a claim.
    Claim {
        /// The verdict with its reason.
        report: Box<EffectReport>,
        /// The number of its row in the verdict journal.
        seq: u64,
    },
    /// The daemon has the claim and will judge it.
    Accepted,
    /// What a compaction did.
    Compact(Compacted),
    /// The answer to a request about lanes.
    Lanes(Box<LaneReply>),
    /// What became of a worker that was to be stopped.
    HaltWorker(HaltedWorker),
    /// The lanes that were meant, and what was forgotten of each.
    Reset(Vec<LaneReset>),
    /// How each exporter goes.
    Exporters(Vec<ExporterStatus>),
    /// The exporter sends.
    Resumed {
        /// Whether it did not before.
        was_disabled: bool,
    },
    /// The request was not carried out.
    Error(Refusal),
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of reason.
    pub kind: ErrorKind,
    /// The reason, for people.
    pub message: String,
}

/// The kinds of reasons, by what the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The line is not a request: mend the caller.
    InvalidRequest,
    /// A lane is named that is not there: name another.
    UnknownLane,
    /// An exporter is named that is not there: name another.
    UnknownExporter,
    /// The daemon keeps another journal than the one that is meant.
    OtherJournal,
    /// Somebody else holds what is needed: try again.
    Busy,
    /// The daemon could not do it: look at its log.
    Failed,
}
