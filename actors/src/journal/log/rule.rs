//! Deciding about lanes on what the journal holds, and writing the decision.
//!
//! Read, decide, prove, write: all under the mutex that every writer takes who
//! decides. Nothing here decides anything itself.

use dosd_kernel::lane::{Docket, HolderProcess, LaneFold, Lease, Matter};

use super::Log;
use crate::journal::error::JournalError;
use crate::journal::mutex::LeaseHold;

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
        self.follow()?;
        let ruling = matter.rule(&Docket { lanes: &self.fold, now_ms, process });
        if !ruling.rows.is_empty() {
            hold.prove()?;
            self.append_here(&ruling.rows)?;
        }
        Ok(ruling.answer)
    }
}
