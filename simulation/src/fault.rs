//! The kinds of faults, each counted.

use std::fmt;

/// What can be done to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The daemon is killed; the machine goes on.
    Kill,
    /// The daemon is killed in the middle of its work on the disk.
    KillAtDisk,
    /// The machine loses power.
    PowerLoss,
    /// The machine lost power in the middle of a line: a part of it stays.
    TornTail,
    /// The daemon is told to stop.
    Stop,
    /// An actor panics.
    Panic,
    /// The disk refuses a write, a sync, or another call.
    DiskError,
    /// The disk takes a part of a write.
    ShortWrite,
    /// The disk takes long.
    Stall,
    /// Somebody else writes rows of their own.
    ForeignRow,
    /// Somebody else leaves a line that is not whole.
    ForeignTear,
    /// Somebody else takes a lane.
    ForeignLease,
    /// Somebody else keeps the mutex.
    ForeignLock,
    /// A sink is slow, fails, refuses, or is gone.
    Sink,
    /// A sink panics.
    SinkPanic,
    /// A worker crashes, is killed, or cannot be started.
    Worker,
    /// A worker leaves processes behind, or ignores a signal.
    Lingering,
    /// A worker claims what is not so.
    FalseClaim,
    /// A surface cannot be read.
    Surface,
    /// The wall clock is set.
    ClockJump,
    /// The configuration is changed.
    Reconfigure,
    /// An operator stops a worker.
    Halt,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 22] = [
        Self::Kill,
        Self::KillAtDisk,
        Self::PowerLoss,
        Self::TornTail,
        Self::Stop,
        Self::Panic,
        Self::DiskError,
        Self::ShortWrite,
        Self::Stall,
        Self::ForeignRow,
        Self::ForeignTear,
        Self::ForeignLease,
        Self::ForeignLock,
        Self::Sink,
        Self::SinkPanic,
        Self::Worker,
        Self::Lingering,
        Self::FalseClaim,
        Self::Surface,
        Self::ClockJump,
        Self::Reconfigure,
        Self::Halt,
    ];

    /// Its name in traces and summaries.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::KillAtDisk => "kill-at-disk",
            Self::PowerLoss => "power-loss",
            Self::TornTail => "torn-tail",
            Self::Stop => "stop",
            Self::Panic => "panic",
            Self::DiskError => "disk-error",
            Self::ShortWrite => "short-write",
            Self::Stall => "stall",
            Self::ForeignRow => "foreign-row",
            Self::ForeignTear => "foreign-tear",
            Self::ForeignLease => "foreign-lease",
            Self::ForeignLock => "foreign-lock",
            Self::Sink => "sink",
            Self::SinkPanic => "sink-panic",
            Self::Worker => "worker",
            Self::Lingering => "lingering",
            Self::FalseClaim => "false-claim",
            Self::Surface => "surface",
            Self::ClockJump => "clock-jump",
            Self::Reconfigure => "reconfigure",
            Self::Halt => "halt",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
