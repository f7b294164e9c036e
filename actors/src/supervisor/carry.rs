//! Carrying a decision out: its rows to the disk, then its launches to the spawner.
//! Decides nothing, remembers nothing.

use dosd_kernel::draft::Draft;
use tracing::error;

use super::actor::SupervisorPorts;
use crate::journal::{Append, JournalError};
use crate::reach::Reach;
use crate::spawn::{Run, Spawn};

/// What became of a decision.
pub(super) enum Carried {
    /// Its rows may not be on disk; nothing was launched.
    NotRecorded,
    /// Its rows are on disk.
    Recorded {
        /// Whether its verdict is, too, if it has one.
        verdict: Outcome,
        /// Whether the spawner has every launch.
        launches: Outcome,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Missed,
}

/// The rows first; when they are on disk, the launches and the verdict.
pub(super) async fn carry_out(
    ports: SupervisorPorts,
    rows: Vec<Draft>,
    launches: Vec<Run>,
    verdict: Option<Draft>,
) -> Carried {
    if !rows.is_empty() && !recorded(&ports.lanes, rows).await {
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
    if let Some(verdict) = verdict
        && recorded(&ports.verdicts, vec![verdict]).await
    {
        told = Outcome::Done;
    }
    Carried::Recorded { verdict: told, launches: started }
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
