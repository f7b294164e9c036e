//! Compaction on request. The mutex is waited for without blocking the actor.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{ActorFutureExt, Context, Handler, ResponseActFuture};
use dosd_kernel::lane::LaneFold;
use tracing::info;

use super::JournalActor;
use crate::journal::error::JournalError;
use crate::journal::log::Compacted;
use crate::journal::message::{Compact, Origin};
use crate::journal::mutex::{LeaseHold, LeaseMutex, LockOwner};

/// How long rows that are no part of the fold stay in the live file: a week.
const RETENTION: Duration = Duration::from_hours(7 * 24);

/// How a lane journal is compacted.
#[derive(Debug, Clone)]
pub struct CompactSettings {
    /// The lock file of the lane leases.
    pub lock: PathBuf,
    /// Who we are in that lock file.
    pub owner: LockOwner,
    /// How long rows that are no part of the fold stay in the live file. The
    /// archive keeps all.
    pub retention: Duration,
}

impl CompactSettings {
    /// The defaults: the lock file beside the journal, and a week.
    #[must_use]
    pub fn beside(journal: &Path) -> Self {
        Self {
            lock: journal.with_file_name(".lane-lease.lock"),
            owner: LockOwner::of_this_process(),
            retention: RETENTION,
        }
    }
}

impl Handler<Compact> for JournalActor<LaneFold> {
    type Result = ResponseActFuture<Self, Result<Compacted, JournalError>>;

    fn handle(&mut self, _: Compact, _: &mut Self::Context) -> Self::Result {
        let CompactSettings { lock, owner, .. } = self.compaction.clone();
        let storage = self.log.storage().clone();
        let mutex = LeaseMutex::new(storage, self.clock.clone(), lock, owner);
        let hold = wrap_future::<_, Self>(async move { mutex.take().await });
        Box::pin(hold.map(|hold, actor, ctx| actor.compact(&hold?, ctx)))
    }
}

impl JournalActor<LaneFold> {
    fn compact(
        &mut self,
        hold: &LeaseHold,
        ctx: &mut Context<Self>,
    ) -> Result<Compacted, JournalError> {
        let outcome = self.log.compact(hold, self.clock.now_ms(), self.compaction.retention);
        self.tell();
        match &outcome {
            Ok(Compacted { archive: None, .. }) => {}
            Ok(compacted) => {
                info!(
                    journal = %self.log.path().display(),
                    before = compacted.entries_before,
                    after = compacted.entries_after,
                    "compacted"
                );
                self.ring(Origin::Own);
            }
            Err(failed) => Self::end_if_fatal(failed, ctx),
        }
        outcome
    }
}
