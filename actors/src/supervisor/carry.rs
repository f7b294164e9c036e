//! Carrying a decision out: its rows to the disk, then its launches to the spawner.
//! Decides nothing, remembers nothing.

use std::sync::Arc;

use dosd_kernel::draft::Draft;
use dosd_kernel::lane::Lease;
use tracing::{error, warn};

use super::actor::SupervisorPorts;
use super::proposal::{Proposal, Standing, moves_leases};
use crate::canary::{Canary, is_planted};
use crate::journal::{Append, Decide, JournalError, JournalErrorKind, LOCK_PATIENCE};
use crate::reach::Reach;
use crate::spawn::{Run, Spawn};

/// What became of a decision.
pub(super) enum Carried {
    /// Its rows may not be on disk; nothing was launched.
    NotRecorded,
    /// Its beats are on disk. None of its rows is: somebody else decided about leases
    /// meanwhile, or is deciding.
    Overtaken(Obstacle),
    /// Its rows are on disk.
    Recorded {
        /// Whether its verdicts are, too, if it has any.
        verdicts: Outcome,
        /// Whether the spawner has every launch.
        launches: Outcome,
    },
}

/// What kept a decision from being written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The leases are others by now: the next decision is another one.
    Moved,
    /// The mutex is held by somebody else for long.
    Busy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Missed,
}

/// The rows of a decision, with what they were decided on.
pub(super) struct Orders {
    pub(super) beats: Vec<Draft>,
    pub(super) rows: Vec<Draft>,
    pub(super) seen: Vec<Arc<Lease>>,
    pub(super) launches: Vec<Run>,
    pub(super) verdicts: Vec<Draft>,
}

/// The rows first; when they are on disk, the launches and the verdicts.
pub(super) async fn carry_out(ports: SupervisorPorts, orders: Orders) -> Carried {
    let Orders { beats, rows, seen, launches, verdicts } = orders;
    if !beats.is_empty() && !recorded(&ports.lanes, beats).await {
        return Carried::NotRecorded;
    }
    if is_planted(Canary::LaunchBeforeIntent) {
        for run in launches.clone() {
            let _ = ports.spawner.ask(Spawn { run }).await;
        }
    }
    if moves_leases(&rows) {
        match proposed(&ports.decide, Proposal::new(rows, seen)).await {
            Some(Ok(())) => {}
            Some(Err(obstacle)) => return Carried::Overtaken(obstacle),
            None => return Carried::NotRecorded,
        }
    } else if !rows.is_empty() && !recorded(&ports.lanes, rows).await {
        return Carried::NotRecorded;
    }
    let mut started = Outcome::Done;
    for run in launches {
        if let Err(gone) = ports.spawner.ask(Spawn { run }).await {
            // Its intent is on disk: it is reconciled before the next plan.
            error!("a worker is not started: {gone}");
            started = Outcome::Missed;
        }
    }
    let mut told = Outcome::Missed;
    if !verdicts.is_empty() && recorded(&ports.verdicts, verdicts).await {
        told = Outcome::Done;
    }
    Carried::Recorded { verdicts: told, launches: started }
}

/// Has rows about leases written under the mutex; none when it is not known whether
/// they were.
async fn proposed(
    lanes: &Reach<Decide<Proposal>>,
    matter: Proposal,
) -> Option<Result<(), Obstacle>> {
    match lanes.ask(Decide { matter, patience: LOCK_PATIENCE }).await {
        Ok(Ok(Standing::Written)) => Some(Ok(())),
        Ok(Ok(Standing::Overtaken)) => Some(Err(Obstacle::Moved)),
        Ok(Err(JournalError { kind: JournalErrorKind::Busy { lock }, .. })) => {
            warn!(
                lock = %lock.display(),
                "another process decides about leases for long; the fleet waits for it"
            );
            Some(Err(Obstacle::Busy))
        }
        Ok(Err(failed)) => {
            error!("a decision is not recorded: {failed}");
            None
        }
        Err(gone) => {
            error!("a decision is not recorded: {gone}");
            None
        }
    }
}

pub(super) async fn recorded(journal: &Reach<Append>, rows: Vec<Draft>) -> bool {
    let answer: Result<Result<_, JournalError>, _> = journal.ask(Append { rows }).await;
    match answer {
        Ok(Ok(_)) => true,
        Ok(Err(failed)) => {
            error!("a decision is not recorded: {failed}");
            false
        }
        Err(gone) => {
            error!("a decision is not recorded: {gone}");
            false
        }
    }
}
