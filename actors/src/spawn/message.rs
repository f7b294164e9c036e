//! What a [`SpawnActor`](super::SpawnActor) is asked, and what it tells.

use actix::Message;
use dosd_kernel::restart::Excuse;
use dosd_kernel::run_id::ROOT_ID_VARIABLE;

use super::settings::WorkerPolicy;
use crate::port::{Exit, GroupMember, ProcessIdentity};

/// One run of one worker: what every later event is matched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The run's id; a late event of an older run never touches a newer one.
    pub run_id: String,
    /// The lane it works on.
    pub lane: String,
    /// With the lane, the identity of its lease.
    pub loop_ts: String,
    /// The variables that hand its lineage on. A run of an earlier daemon has them
    /// already; here it has the root alone, if the journal says so.
    pub lineage: Vec<(&'static str, String)>,
    /// Whether the daemon journals the lease for it, and so its release.
    pub leased: bool,
}

impl Run {
    /// The run at the root of its lineage, as far as that is known.
    #[must_use]
    pub fn root_id(&self) -> Option<&str> {
        let root = self.lineage.iter().find(|(name, _)| *name == ROOT_ID_VARIABLE);
        root.map(|(_, root_id)| root_id.as_str())
    }
}

/// Start a worker. Its intent row is on disk already. Answered at once; what
/// happens is told in [`ProcessEvent`]s.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Spawn {
    /// What to start.
    pub run: Run,
}

/// Begin runs by this policy from now on. Those that were ordered before go on by theirs.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Reconfigure {
    /// How workers are started from now on.
    pub workers: WorkerPolicy,
}

/// Reconcile runs that an earlier daemon left open: watch those whose process
/// lives, record the end of the others. Answers with those that live, once those
/// ends are on disk: a run that never had a lease keeps nobody from its lane.
#[derive(Debug, Message)]
#[rtype(result = "Vec<Run>")]
pub struct ReadoptRuns {
    /// Runs without an outcome, with the process that was started for each, if
    /// it came so far.
    pub open: Vec<(Run, Option<ProcessIdentity>)>,
}

/// Stop one worker because an operator says so: a HALT row first, then its group, then
/// the proof that the group is empty.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Halting")]
pub struct HaltRun {
    /// A run id, a lane with one worker, or a worker's pid.
    pub handle: String,
    /// The operator's own command, for the record.
    pub command: Option<String>,
    /// Why, for people.
    pub reason: String,
}

/// What became of an order to stop a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halting {
    /// Nobody of its group is left, and its end is on disk.
    Stopped(Run),
    /// Members of its group outlived KILL.
    Survived(Survivors),
    /// Its group was signalled; its end is not on disk yet.
    Unproven(Run),
    /// The intent did not reach the disk, so nobody was signalled.
    NotRecorded(Run),
    /// No worker of this daemon is meant.
    Unknown,
    /// Several are, with these run ids.
    Ambiguous(Vec<String>),
}

/// Stop every worker, group by group, and prove that the groups are empty.
#[derive(Debug, Message)]
#[rtype(result = "Vec<Survivors>")]
pub struct StopAll;

/// Wait until every worker has ended by itself and that is on disk.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct AwaitEnds;

/// Members of a group that outlived KILL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivors {
    /// The run whose group it is.
    pub run: Run,
    /// Who is left.
    pub members: Vec<GroupMember>,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub enum ProcessEvent {
    /// Its process exists.
    Started {
        /// Which run.
        run_id: String,
        /// Its process.
        pid: u32,
    },
    /// Its process is gone, or never came to be.
    Ended(RunEnd),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// Which run.
    pub run: Run,
    /// Its process, if it had one.
    pub pid: Option<u32>,
    /// How the process ended.
    pub exit: Exit,
    /// How long it lived, ms.
    pub ran_ms: i64,
    /// Why it could not be started, in words.
    pub failure: Option<String>,
    /// Why it does not count for the restart rule; none if it does.
    pub excused: Option<Excuse>,
}

impl RunEnd {
    /// Whether it counts as a failure for the restart rule.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        !self.exit.is_success()
    }
}
