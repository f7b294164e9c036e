//! What can happen to a worker, and what is done about it.

use std::time::Duration;

use dosd_kernel::restart::Excuse;

use crate::exec::ExitRecord;
use crate::port::{Exit, GroupMember, ProcessIdentity, Signal};

/// Something that happened to one run. Times are readings of the monotonic clock, ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::spawn) enum Event {
    /// Its intent is on disk, and it is to be started.
    Ordered,
    /// The witness has read the surfaces, or cannot.
    BaselineTaken,
    /// Its process exists.
    Launched {
        /// Who it is.
        process: ProcessIdentity,
        /// When it began.
        began_ms: i64,
    },
    /// No process came to be; why, in words.
    LaunchFailed(String),
    /// A process of it was found alive, which an earlier daemon started.
    Found {
        /// Who it is.
        process: ProcessIdentity,
        /// When it began; before zero when that was before this daemon.
        began_ms: i64,
    },
    /// Its helper was found at work, and no worker.
    HelperFound {
        /// Whether the end of the worker is recorded already.
        has_record: bool,
    },
    /// Nothing of it was found.
    NobodyFound,
    /// The leader of its group has ended.
    LeaderExited {
        /// Who ended.
        process: ProcessIdentity,
        /// How; empty when this daemon is not its parent.
        exit: Exit,
        /// When that was seen.
        at_ms: i64,
    },
    /// Its group was looked at.
    GroupSeen {
        /// Whose group.
        process: ProcessIdentity,
        /// Which look it was.
        look: u32,
        /// What was seen.
        group: Group,
    },
    /// The record of its end was read; none if there is none.
    EndLearnt(Option<ExitRecord>),
    /// Its end is on disk and told.
    EndTold,
    /// Somebody wants it stopped.
    StopAsked,
    /// It was given its time after TERM.
    TermTimedOut,
    /// It was given its time after KILL.
    KillTimedOut,
}

/// What a look at a process group shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::spawn) enum Group {
    /// Nobody is left, or zombies only, which somebody else has to wait for.
    Empty,
    /// It is there. Whether with living members was not looked at.
    Present,
    /// These live.
    Members(Vec<GroupMember>),
}

/// How closely a group is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spawn) enum Look {
    /// Whether it exists, zombies included: one system call.
    Glance,
    /// Who lives in it: a walk over all processes of the machine.
    Closely,
}

/// What is to be done. The actions of one step are performed in order; those that wait
/// for something go on side by side, and each ends in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::spawn) enum Action {
    /// Have the surfaces read; ends in [`Event::BaselineTaken`].
    TakeBaseline,
    /// Start the process; ends in [`Event::Launched`] or [`Event::LaunchFailed`].
    Launch,
    /// Put its start on disk, and tell of it.
    RecordStart(ProcessIdentity),
    /// Wait for the leader's end; ends in [`Event::LeaderExited`].
    WatchLeader(ProcessIdentity),
    /// Look what the helper has done meanwhile; ends in [`Event::Found`],
    /// [`Event::HelperFound`] or [`Event::NobodyFound`].
    LookForWorker,
    /// Look at the group after a pause; ends in [`Event::GroupSeen`].
    LookAtGroup {
        /// Whose group.
        process: ProcessIdentity,
        /// The pause.
        after: Duration,
        /// How closely.
        how: Look,
        /// The number of this look: only the newest one asks for another.
        look: u32,
    },
    /// Say that the leader is gone and these are not.
    SayWhoIsLeft(Vec<GroupMember>),
    /// Signal the group.
    Signal(ProcessIdentity, Signal),
    /// Give it time after TERM; ends in [`Event::TermTimedOut`].
    AwaitTerm,
    /// Give it time after KILL; ends in [`Event::KillTimedOut`].
    AwaitKill,
    /// Read the helper's record of the end; ends in [`Event::EndLearnt`].
    LearnEnd,
    /// Put its end on disk, with the release of its lease if the daemon holds that.
    RecordEnd(End),
    /// Tell whoever plans; ends in [`Event::EndTold`].
    TellSupervisor(End),
    /// Have what changed and nobody claimed counted, and append the verdict about the end.
    TellVerdict(End),
    /// Remove the run's directory.
    CleanUp,
    /// Tell everybody who wants it stopped that it is not.
    AnswerStop(Answer),
    /// It is over: let it out of hand. Whoever wanted it stopped hears that it is.
    Leave,
}

impl Action {
    /// Whether it waits for something outside, and so goes on beside the others.
    pub(in crate::spawn) fn is_errand(&self) -> bool {
        match self {
            Self::TakeBaseline
            | Self::Launch
            | Self::WatchLeader(_)
            | Self::LookForWorker
            | Self::LookAtGroup { .. }
            | Self::AwaitTerm
            | Self::AwaitKill
            | Self::LearnEnd => true,
            Self::RecordStart(_)
            | Self::SayWhoIsLeft(_)
            | Self::Signal(..)
            | Self::RecordEnd(_)
            | Self::TellVerdict(_)
            | Self::CleanUp
            | Self::TellSupervisor(_)
            | Self::AnswerStop(_)
            | Self::Leave => false,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::spawn) struct End {
    /// Its process, if it had one.
    pub(in crate::spawn) pid: Option<u32>,
    /// How the process ended.
    pub(in crate::spawn) exit: Exit,
    /// How long it lived, ms; never negative.
    pub(in crate::spawn) ran_ms: i64,
    /// Why it could not be started, in words.
    pub(in crate::spawn) failure: Option<String>,
    /// Why it does not count for the restart rule; none if it does.
    pub(in crate::spawn) excused: Option<Excuse>,
}

/// What those hear who want a worker stopped and wait in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::spawn) enum Answer {
    /// Its group outlived KILL.
    Outlived(ProcessIdentity),
    /// Its end did not reach the disk in time: nothing is proven.
    Unproven,
}
