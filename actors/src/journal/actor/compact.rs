//! Compaction on request. The mutex is waited for without blocking the actor.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actix::{Context, Handler, ResponseFuture};
use dosd_kernel::lane::LaneFold;
use tokio::sync::oneshot;
use tracing::info;

use super::JournalActor;
use crate::journal::error::{JournalError, JournalErrorKind};
use crate::journal::log::Compacted;
use crate::journal::message::{Compact, Origin};
use crate::journal::mutex::{LOCK_PATIENCE, LeaseHold, LockOwner};

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
    type Result = ResponseFuture<Result<Compacted, JournalError>>;

    fn handle(&mut self, _: Compact, ctx: &mut Self::Context) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        let kind = JournalErrorKind::Unreachable;
        let gone = JournalError { path: self.log.path().to_owned(), kind };
        self.take_turn(
            LOCK_PATIENCE,
            |actor, hold, ctx| {
                let outcome = hold.map_err(Clone::clone).and_then(|it| actor.compact(it, ctx));
                // Whoever asked may have lost patience: what was done stands.
                let _ = answer.send(outcome);
            },
            ctx,
        );
        Box::pin(async move { answered.await.unwrap_or(Err(gone)) })
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
