//! Deciding about lanes on what the journal holds, and writing the decision.
//!
//! Read, decide, prove, write: all under the mutex that every writer takes who
//! decides. Nothing here decides anything itself.

use dosd_kernel::fold::Fold;
use dosd_kernel::lane::{Docket, HolderProcess, LaneFold, Lease, Matter};

use super::Log;
use super::replaced::Unread;
use crate::journal::error::JournalError;
use crate::journal::mutex::LeaseHold;

/// Rows of rulings that are written and folded, and that no sync covers yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsettled {
    /// Where the first of them begins.
    began: u64,
    /// The number of the last one.
    last_seq: u64,
}

impl Log<LaneFold> {
    /// Rules on a matter and writes the rows of the ruling, if it has any.
    ///
    /// The proof that the mutex is still held is the last thing before the write: a
    /// process that was stopped for longer than others wait has its ruling refused,
    /// and nothing of it is written.
    ///
    /// # Errors
    /// [`Busy`](crate::journal::JournalErrorKind::Busy) when `hold` was lost meanwhile; otherwise as
    /// [`Log::append`].
    pub fn rule<M: Matter>(
        &mut self,
        hold: &LeaseHold,
        matter: M,
        now_ms: i64,
        process: &dyn Fn(&Lease) -> HolderProcess,
    ) -> Result<M::Answer, JournalError> {
        let answer = self.rule_unsettled(hold, matter, now_ms, process)?;
        self.settle()?;
        Ok(answer)
    }

    /// [`Log::rule`] up to the moment when the rows are written. Nobody may be told the answer
    /// before [`Log::settle`], which has to come before anything but further rulings: many
    /// share one sync.
    pub(in crate::journal) fn rule_unsettled<M: Matter>(
        &mut self,
        hold: &LeaseHold,
        matter: M,
        now_ms: i64,
        process: &dyn Fn(&Lease) -> HolderProcess,
    ) -> Result<M::Answer, JournalError> {
        // Nobody else decides meanwhile, and rows of those who only tell are found when ours
        // are put beside them.
        if self.unsettled.is_none() {
            self.follow()?;
        }
        let ruling = matter.rule(&Docket { lanes: &self.fold, now_ms, process });
        if !ruling.rows.is_empty() {
            hold.prove()?;
            let began = self.unsettled.map_or(self.folded, |it| it.began);
            let last_seq = self.write_unsettled(&ruling.rows)?;
            self.unsettled = Some(Unsettled { began, last_seq });
        }
        Ok(ruling.answer)
    }
}

impl<F: Fold> Log<F> {
    /// Makes sure of all rulings since the last call, by one sync. Says whether there were
    /// rows of any.
    ///
    /// # Errors
    /// As [`Log::append`]: then nobody knows which of those rulings are on disk, and none may
    /// be told to anybody.
    pub(in crate::journal) fn settle(&mut self) -> Result<bool, JournalError> {
        self.check_usable()?;
        let Some(Unsettled { began, last_seq }) = self.unsettled.take() else { return Ok(false) };
        self.sync()?;
        // A file renamed over ours meanwhile: the rows are in one that nobody reads any more.
        self.catch_up(Unread::Own(began))?;
        self.synced_seq = last_seq;
        Ok(true)
    }
}
