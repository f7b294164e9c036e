//! `dosd journal compact`: through the daemon when one runs, because it is the journal's one writer,
//! and in this process otherwise.

use super::claim::no_answer;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{Layout, Output};
use crate::control::{self, Answer, ClientError, Request};
use clap::Args;
use dosd_actors::journal::{CompactSettings, Compacted, LOCK_PATIENCE, LeaseMutex, Log};
use dosd_actors::port::{SharedClock, SystemClock, machine};
use dosd_kernel::lane::LaneFold;
use std::sync::Arc;
use std::time::Duration;

/// How long a daemon may take; a journal of a million rows takes a few seconds.
const PATIENCE: Duration = Duration::from_mins(5);

const EXAMPLES: &str = "\
Examples:
  dosd journal compact
  dosd journal compact --workspace /srv/fleet

Prints {\"entries_before\",\"entries_after\",\"bytes_reclaimed\"} as one JSON object.";

/// Fold the lane journal to a checkpoint; what goes away is archived beside it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {}

impl Arguments {
    /// Compacts the lane journal and prints what became of it.
    ///
    /// # Errors
    ///
    /// When somebody else is deciding on the journal, or it cannot be written.
    #[expect(clippy::unused_self, reason = "a verb without options of its own is still a verb")]
    pub(super) fn execute(&self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        output.json(&compact(context)?, Layout::Compact);
        Ok(Exit::SUCCESS)
    }
}

/// Compacts the lane journal, by the daemon when one runs.
pub(super) fn compact(context: &Context) -> Result<Compacted, Failure> {
    let socket = context.workspace()?.socket(context.environment());
    match control::call(&socket, &Request::Compact, PATIENCE) {
        Ok(Answer::Compact(compacted)) => Ok(compacted),
        Ok(other) => Err(no_answer(other)),
        Err(ClientError::NotRunning { .. }) => in_this_process(context),
        Err(failed @ ClientError::NoAnswer { .. }) => Err(failed.into()),
    }
}

fn in_this_process(context: &Context) -> Result<Compacted, Failure> {
    let config = context.config()?;
    let workspace = context.workspace()?;
    let journal = workspace.lane_journal(&config.paths, context.environment());
    // Nobody has written yet: there is nothing to fold, and maybe no directory for the lock.
    if matches!(journal.try_exists(), Ok(false)) {
        return Ok(Compacted {
            entries_before: 0,
            entries_after: 0,
            bytes_reclaimed: 0,
            archive: None,
        });
    }
    let storage = machine::storage();
    let clock: SharedClock = Arc::new(SystemClock::new());
    let settings = CompactSettings {
        lock: workspace.lease_lock(&config.paths, context.environment()),
        ..CompactSettings::beside(&journal).with_caps(config.retention)
    };
    let now_ms = clock.now_ms();
    let mutex = LeaseMutex::new(Arc::clone(&storage), clock, settings.lock, settings.owner);
    // The mutex first, as everybody who decides: whoever waits for it keeps nobody else from writing.
    let hold = super::waiting()?.block_on(mutex.take(LOCK_PATIENCE))?;
    let mut log = Log::<LaneFold>::open(storage, &journal)?;
    Ok(log.compact(&hold, now_ms, settings.retention)?)
}
