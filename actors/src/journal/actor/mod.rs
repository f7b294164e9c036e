//! The actor around a [`Log`]: who it tells of what, and how it ends.

mod answer;
mod commit;
mod compact;
mod decide;
mod turns;

use std::sync::Arc;

use actix::{Actor, ActorContext, AsyncContext, Context, Recipient, StreamHandler};
use dosd_kernel::fold::Fold;
use dosd_kernel::lane::{HolderProcess, Lease};
use dosd_kernel::retention::Attempt;
use tracing::{error, info, warn};

use super::error::JournalError;
use super::log::{Log, Report};
use super::message::{JournalMoved, Origin};
use crate::guard::EndGuard;
use crate::port::{ChangeStream, SharedClock};

pub use compact::CompactSettings;

/// Enough for every caller of a large fleet to wait inside the mailbox, which is
/// where a batch is gathered.
const MAILBOX: usize = 4096;

/// Looks the process in a lease up.
pub type HolderLookup = Arc<dyn Fn(&Lease) -> HolderProcess + Send + Sync>;

/// The one writer of one journal file.
///
/// It blocks its thread while the disk works, so it wants an arbiter of its
/// own. Whatever arrived meanwhile waits in the mailbox and is the next batch.
pub struct JournalActor<F: Fold> {
    log: Log<F>,
    clock: SharedClock,
    changes: Option<ChangeStream>,
    batch: commit::Batch,
    compaction: CompactSettings,
    turns: turns::Turns<F>,
    holders: HolderLookup,
    last_compaction: Option<Attempt>,
    bells: Vec<Recipient<JournalMoved>>,
    _guard: Option<EndGuard>,
}

impl<F: Fold> JournalActor<F> {
    /// An actor over an open log. `changes` tells of foreign writes; without it
    /// they are seen at the next append or observation.
    #[must_use]
    pub fn new(
        log: Log<F>,
        clock: SharedClock,
        changes: Option<ChangeStream>,
        guard: Option<EndGuard>,
    ) -> Self {
        let compaction = CompactSettings::beside(log.path());
        Self {
            log,
            clock,
            changes,
            batch: commit::Batch::default(),
            compaction,
            turns: turns::Turns::default(),
            holders: Arc::new(|_| HolderProcess::MayLive),
            last_compaction: None,
            bells: Vec::new(),
            _guard: guard,
        }
    }

    /// Compacts by these settings instead of the defaults. Lane journal only.
    #[must_use]
    pub fn with_compaction(mut self, settings: CompactSettings) -> Self {
        self.compaction = settings;
        self
    }

    /// Decides with what this says about the holders of leases; without it, no holder
    /// is known to be gone. Lane journal only.
    #[must_use]
    pub fn with_holders(mut self, holders: HolderLookup) -> Self {
        self.holders = holders;
        self
    }

    /// Tells people what became of the file, and rings if others moved it.
    fn tell(&mut self) {
        if self.log.take_moved() {
            self.ring(Origin::Foreign);
        }
        for report in self.log.take_reports() {
            let path = self.log.path().display();
            match report {
                Report::Damaged { .. } | Report::TornTail { .. } | Report::ShortWrite { .. } => {
                    warn!(journal = %path, "{report}");
                }
                Report::Rewritten { .. } | Report::SavedLateRows { .. } => {
                    info!(journal = %path, "{report}");
                }
            }
        }
    }

    /// After a fatal error there is no writer any more: whoever asks next is
    /// told that it is not running, and the daemon ends.
    fn end_if_fatal(failed: &JournalError, ctx: &mut Context<Self>) {
        if failed.kind.is_fatal() {
            error!("{failed}");
            ctx.stop();
        }
    }

    fn ring(&mut self, origin: Origin) {
        // A full mailbox already holds a ring; a closed one will never want one.
        self.bells.retain(|bell| {
            !matches!(bell.try_send(JournalMoved { origin }), Err(actix::dev::SendError::Closed(_)))
        });
    }

    /// Looks for foreign rows.
    fn follow(&mut self, ctx: &mut Context<Self>) -> Result<(), JournalError> {
        let followed = self.log.follow();
        self.tell();
        if let Err(failed) = &followed {
            Self::end_if_fatal(failed, ctx);
        }
        followed.map(|_| ())
    }
}

impl<F: Fold> Actor for JournalActor<F> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.tell();
        if let Some(changes) = self.changes.take() {
            ctx.add_stream(changes);
        }
    }
}

impl<F: Fold> StreamHandler<()> for JournalActor<F> {
    fn handle(&mut self, (): (), ctx: &mut Self::Context) {
        // Our own writes are seen here too: then there is nothing to follow.
        if let Err(failed) = self.follow(ctx) {
            warn!("{failed}");
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {
        warn!(
            journal = %self.log.path().display(),
            "no more notices of foreign writes; they are seen at the next tick"
        );
    }
}

#[cfg(test)]
mod tests;
