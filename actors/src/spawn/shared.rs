//! What all runs of one actor share, and their way to the journals.

use std::time::Duration;

use dosd_kernel::draft::Draft;
use dosd_kernel::lane::LaneRow;
use dosd_kernel::verdict::VerdictEvent;
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

use super::end_rows::EndRows;
use super::living::Living;
use super::message::ProcessEvent;
use super::settings::SpawnSettings;
use super::terms::TermBook;
use crate::journal::{Append, Decide, JournalError, JournalErrorKind, LOCK_PATIENCE};
use crate::port::{ProcessIdentity, SharedClock, SharedLauncher, SharedRepository, SharedStorage};
use crate::reach::{Reach, Unreachable};
use crate::witness::{EndRun, TakeBaseline};

/// A journal that panicked is there again within this. One that failed for good is not, and the
/// daemon ends with it.
const MADE_AGAIN_WITHIN: Duration = Duration::from_secs(2);

/// Between two looks whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What all runs of one actor share.
pub(super) struct Shared {
    pub(super) settings: SpawnSettings,
    pub(super) terms: TermBook,
    pub(super) clock: SharedClock,
    pub(super) storage: SharedStorage,
    pub(super) launcher: SharedLauncher,
    pub(super) repository: SharedRepository,
    pub(super) lanes: Reach<Append>,
    pub(super) ends: Reach<Decide<EndRows>>,
    pub(super) verdicts: Reach<Append>,
    pub(super) baseline: Reach<TakeBaseline>,
    pub(super) run_ended: Reach<EndRun>,
    pub(super) supervisor: Reach<ProcessEvent>,
    pub(super) living: Living,
}

impl Shared {
    /// When a process began, as a reading of the monotonic clock; before zero when that
    /// was before this daemon.
    pub(super) fn began_ms(&self, process: &ProcessIdentity) -> i64 {
        let age = self.launcher.age(process).unwrap_or_default();
        let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        self.clock.monotonic_ms().saturating_sub(age_ms)
    }

    /// Puts a verdict about a run on disk.
    pub(super) async fn tell_verdict(&self, verdict: VerdictEvent) {
        append(&self.verdicts, vec![verdict.draft(self.clock.now_ms())]).await;
    }

    /// Puts the end of a run on disk with the release of its lease. If somebody keeps
    /// the mutex for long, the end alone: the lease then names a run that is over,
    /// and the supervisor takes it back.
    pub(super) async fn record_end(&self, exited: LaneRow, release: LaneRow) {
        let now_ms = self.clock.now_ms();
        let (exited, release) = (exited.draft(now_ms), release.draft(now_ms));
        let answer = until_there(async || {
            let matter = EndRows::new(exited.clone(), release.clone());
            self.ends.ask(Decide { matter, patience: LOCK_PATIENCE }).await
        });
        match answer.await {
            Ok(Ok(())) => {}
            Ok(Err(JournalError { kind: JournalErrorKind::Busy { lock }, .. })) => {
                warn!(
                    lock = %lock.display(),
                    "another process decides about leases for long; a lease stays until that ends"
                );
                append(&self.lanes, vec![exited]).await;
            }
            Ok(Err(failed)) => error!("the end of a worker is not recorded: {failed}"),
            Err(gone) => error!("the end of a worker is not recorded: {gone}"),
        }
    }

    /// Puts rows into the lane journal. Says whether they are there.
    pub(super) async fn append_lanes(&self, rows: Vec<LaneRow>) -> bool {
        let now_ms = self.clock.now_ms();
        append(&self.lanes, rows.iter().map(|row| row.draft(now_ms)).collect()).await
    }

    pub(super) async fn tell(&self, event: ProcessEvent) {
        // A supervisor that is being made again asks for the living runs itself.
        let _ = self.supervisor.ask(event).await;
    }
}

/// Asks a journal until it is there: what a worker did is not asked for a second time.
async fn until_there<T>(
    mut ask: impl AsyncFnMut() -> Result<Result<T, JournalError>, Unreachable>,
) -> Result<Result<T, JournalError>, Unreachable> {
    let until = Instant::now() + MADE_AGAIN_WITHIN;
    loop {
        let answer = ask().await;
        let is_gone = match &answer {
            Ok(Ok(_)) => false,
            Ok(Err(failed)) => failed.kind == JournalErrorKind::Unreachable,
            Err(_) => true,
        };
        if !is_gone || Instant::now() >= until {
            return answer;
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Appends, and says what could not be recorded. The journal's own end stops the
/// daemon, so there is nothing more to do here.
async fn append(journal: &Reach<Append>, rows: Vec<Draft>) -> bool {
    if rows.is_empty() {
        return true;
    }
    match until_there(async || journal.ask(Append { rows: rows.clone() }).await).await {
        Ok(Ok(_)) => return true,
        Ok(Err(failed)) => error!("a worker's row is not recorded: {failed}"),
        Err(gone) => error!("a worker's row is not recorded: {gone}"),
    }
    false
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn gone() -> JournalError {
        JournalError { path: "journal".into(), kind: JournalErrorKind::Unreachable }
    }

    #[tokio::test(start_paused = true)]
    async fn a_journal_that_panicked_is_asked_until_it_is_there_again() {
        let asked = Cell::new(0);
        let answer = until_there(async || {
            asked.set(asked.get() + 1);
            match asked.get() {
                // It died over the question, then it was not there.
                1 => Ok(Err(gone())),
                2..50 => Err(Unreachable("lane")),
                _ => Ok(Ok("done")),
            }
        });
        assert_eq!(answer.await, Ok(Ok("done")));
        assert_eq!(asked.get(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_journal_that_failed_for_good_is_not_waited_for_long() {
        let began = Instant::now();
        let answer = until_there::<()>(async || Err(Unreachable("lane")));
        assert_eq!(answer.await, Err(Unreachable("lane")));
        assert!(began.elapsed() <= 2 * MADE_AGAIN_WITHIN);
    }
}
