//! What a row of the lane journal says happened.

use core::fmt;

/// The kind of a row. What other programs write and we do not know is [`Op::Unknown`]:
/// such a row is kept and changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// A lease was granted.
    Acquire,
    /// A lease was restored; it counts as granted.
    Reconcile,
    /// A lease was given back.
    Release,
    /// A lease was taken back.
    Scavenge,
    /// A lease's holder lives.
    Heartbeat,
    /// A lease has another holder now.
    Adopt,
    /// All leases, after a compaction.
    Checkpoint,
    /// A worker is about to be started.
    Spawn,
    /// A worker is to be stopped.
    Halt,
    /// A request for a lane was refused.
    Refuse,
    /// A tool call was intervened in.
    Enforce,
    /// A unit of work was attempted.
    Attempt,
    /// A worker's process exists.
    WorkerStarted,
    /// A worker's process is gone.
    WorkerExited,
    /// A lane's worker failed too often.
    WorkerGaveUp,
    /// A lane's tries are forgotten.
    WorkerReset,
    /// A line that did not parse was here.
    Corrupt,
    /// Something else.
    Unknown,
}

impl Op {
    /// The kind that this text names.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text {
            "ACQUIRE" => Self::Acquire,
            "RECONCILE" => Self::Reconcile,
            "RELEASE" => Self::Release,
            "SCAVENGE" => Self::Scavenge,
            "HEARTBEAT" => Self::Heartbeat,
            "ADOPT" => Self::Adopt,
            "CHECKPOINT" => Self::Checkpoint,
            "SPAWN" => Self::Spawn,
            "HALT" => Self::Halt,
            "REFUSE" => Self::Refuse,
            "ENFORCE" => Self::Enforce,
            "ATTEMPT" => Self::Attempt,
            "WORKER_STARTED" => Self::WorkerStarted,
            "WORKER_EXITED" => Self::WorkerExited,
            "WORKER_GAVE_UP" => Self::WorkerGaveUp,
            "WORKER_RESET" => Self::WorkerReset,
            "_CORRUPT" => Self::Corrupt,
            _ => Self::Unknown,
        }
    }

    /// The kind's name in the journal; empty for one that we do not know.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acquire => "ACQUIRE",
            Self::Reconcile => "RECONCILE",
            Self::Release => "RELEASE",
            Self::Scavenge => "SCAVENGE",
            Self::Heartbeat => "HEARTBEAT",
            Self::Adopt => "ADOPT",
            Self::Checkpoint => "CHECKPOINT",
            Self::Spawn => "SPAWN",
            Self::Halt => "HALT",
            Self::Refuse => "REFUSE",
            Self::Enforce => "ENFORCE",
            Self::Attempt => "ATTEMPT",
            Self::WorkerStarted => "WORKER_STARTED",
            Self::WorkerExited => "WORKER_EXITED",
            Self::WorkerGaveUp => "WORKER_GAVE_UP",
            Self::WorkerReset => "WORKER_RESET",
            Self::Corrupt => "_CORRUPT",
            Self::Unknown => "",
        }
    }

    /// Whether such a row moves its lease: progress at the lease layer.
    #[must_use]
    pub fn is_event(self) -> bool {
        matches!(self, Self::Acquire | Self::Reconcile | Self::Release | Self::Scavenge)
    }

    /// Whether such a row says that its lease's holder lives.
    #[must_use]
    pub fn is_beat(self) -> bool {
        matches!(self, Self::Acquire | Self::Heartbeat)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
