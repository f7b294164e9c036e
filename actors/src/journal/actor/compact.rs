//! Compaction, on request and by size and age. The mutex is waited for without
//! blocking the actor.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actix::{Context, Handler, ResponseFuture};
use dosd_kernel::lane::LaneFold;
use dosd_kernel::retention::{self, Attempt};
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::JournalActor;
use super::turns::{Held, Work};
use crate::journal::error::{JournalError, JournalErrorKind};
use crate::journal::log::Compacted;
use crate::journal::message::{Compact, Origin, ReplaceCaps};
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
    /// The size and age at which the journal is compacted without being asked;
    /// `None` leaves that to whoever asks.
    pub caps: Option<retention::Policy>,
}

impl CompactSettings {
    /// The defaults: the lock file beside the journal, a week, and only on request.
    #[must_use]
    pub fn beside(journal: &Path) -> Self {
        Self {
            lock: journal.with_file_name(".lane-lease.lock"),
            owner: LockOwner::of_this_process(),
            retention: RETENTION,
            caps: None,
        }
    }

    /// Compacts by these caps: what is no part of the fold stays as long as a
    /// journal may become old, or a week when that has no limit.
    #[must_use]
    pub fn with_caps(self, caps: retention::Policy) -> Self {
        let max_age_ms = caps.journal_max_age_ms().and_then(|age_ms| u64::try_from(age_ms).ok());
        let retention = max_age_ms.map_or(RETENTION, Duration::from_millis);
        Self { retention, caps: Some(caps), ..self }
    }
}

/// What a compaction comes to.
type Outcome = Result<Compacted, JournalError>;

impl Handler<Compact> for JournalActor<LaneFold> {
    type Result = ResponseFuture<Outcome>;

    fn handle(&mut self, _: Compact, ctx: &mut Self::Context) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        let kind = JournalErrorKind::Unreachable;
        let gone = JournalError { path: self.log.path().to_owned(), kind };
        self.compact_in_turn(
            |outcome, _| {
                // Whoever asked may have lost patience: what was done stands.
                let _ = answer.send(outcome);
            },
            ctx,
        );
        Box::pin(async move { answered.await.unwrap_or(Err(gone)) })
    }
}

impl Handler<ReplaceCaps> for JournalActor<LaneFold> {
    type Result = ();

    fn handle(&mut self, message: ReplaceCaps, _: &mut Self::Context) {
        self.compaction = self.compaction.clone().with_caps(message.caps);
    }
}

impl JournalActor<LaneFold> {
    /// Compacts when the journal has become too long or too old.
    pub(super) fn compact_if_due(&mut self, now_ms: i64, ctx: &mut Context<Self>) {
        let census = self.log.fold().census();
        let is_due = |caps| retention::is_due(census, caps, self.last_compaction, now_ms);
        if !self.compaction.caps.as_ref().is_some_and(is_due) {
            return;
        }
        // Whatever comes of it, the next one is a while away.
        self.last_compaction = Some(Attempt { at_ms: now_ms, kept: None });
        self.compact_in_turn(
            |outcome, actor| {
                if let Err(failed) = outcome {
                    let journal = actor.log.path().display();
                    warn!(%journal, "the journal is over its size or age, and stays so: {failed}");
                }
            },
            ctx,
        );
    }

    /// Compacts when it has the mutex, and says what came of it.
    fn compact_in_turn(
        &mut self,
        tell: impl FnOnce(Outcome, &Self) + 'static,
        ctx: &mut Context<Self>,
    ) {
        let work = |actor: &mut Self, hold: Held<'_>, ctx: &mut Context<Self>| {
            let outcome = hold.map_err(Clone::clone).and_then(|hold| actor.compact(hold, ctx));
            tell(outcome, actor);
        };
        self.take_turn(LOCK_PATIENCE, Work::Alone(Box::new(work)), ctx);
    }

    fn compact(&mut self, hold: &LeaseHold, ctx: &mut Context<Self>) -> Outcome {
        let now_ms = self.clock.now_ms();
        let outcome = self.log.compact(hold, now_ms, self.compaction.retention);
        self.tell();
        match &outcome {
            Ok(compacted) => {
                let kept = compacted.entries_after;
                self.last_compaction = Some(Attempt { at_ms: now_ms, kept: Some(kept) });
                if compacted.archive.is_some() {
                    info!(
                        journal = %self.log.path().display(),
                        before = compacted.entries_before,
                        after = kept,
                        "compacted"
                    );
                    self.ring(Origin::Own);
                }
            }
            Err(failed) => Self::end_if_fatal(failed, ctx),
        }
        outcome
    }
}
