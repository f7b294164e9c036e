//! The actions that follow from a sink's answer, performed.

use std::time::Duration;

use dosd_actors::journal::{Cursor, EventId};
use tracing::{error, info, warn};

use super::pump::{Pump, TICK};
use super::shared::Step;
use super::status::Phase;
use crate::delivery::{Action, Change};
use crate::sink::{Refusal, Sink};

impl<S: Sink> Pump<S> {
    /// Does one thing that follows from the answer to a batch.
    pub(super) async fn perform(&mut self, action: Action) -> Step<()> {
        match action {
            Action::DeadLetter(refused) => self.bury(&refused).await,
            Action::MoveCursor(events) => match self.queue.settle(events) {
                Some((event, after)) => self.move_cursor(after, Some(event)).await,
                None => Ok(()),
            },
            Action::Announce(change) => {
                self.announce(&change);
                Ok(())
            }
            Action::WaitFor(long) | Action::Probe(long) => self.leave_alone(long).await,
            Action::Disable(reason) => self.disable(reason).await,
        }
    }

    /// Puts events into the dead letters before the cursor moves over them.
    async fn bury(&mut self, refused: &[Refusal]) -> Step<()> {
        let (batch, now_ms) = (self.queue.waiting(), self.clock.now_ms());
        let path = self.dead_letters.path().display().to_string();
        let what = format!("dead letters `{path}`");
        self.shared
            .persist(&what, async || self.dead_letters.bury(batch, refused, now_ms).await)
            .await?;
        if let Some(first) = refused.first() {
            warn!(
                exporter = %self.shared.name(),
                refused = refused.len(),
                "the sink refused events for good: {}; they are in `{path}`",
                first.reason,
            );
        }
        self.shared.update(|status| status.dead_lettered += refused.len() as u64);
        Ok(())
    }

    /// Settles everything before `cursor`, on disk.
    pub(super) async fn move_cursor(&mut self, cursor: Cursor, over: Option<EventId>) -> Step<()> {
        self.saved.advance(cursor, over);
        self.save().await?;
        self.shared.update(|status| status.last_event_id.clone_from(&self.saved.event_id));
        self.show_lag();
        Ok(())
    }

    /// Saves the cursor. Nothing else is sent until that worked: after a crash,
    /// all of it would be sent again.
    async fn save(&self) -> Step<()> {
        let what = format!("cursor file `{}`", self.cursor_file.path().display());
        let now_ms = self.clock.now_ms();
        self.shared.persist(&what, async || self.cursor_file.save(&self.saved, now_ms).await).await
    }

    async fn leave_alone(&mut self, long: Duration) -> Step<()> {
        let long_ms = i64::try_from(long.as_millis()).unwrap_or(i64::MAX);
        let until_ms = self.clock.now_ms().saturating_add(long_ms);
        self.shared.update(|status| status.phase = Phase::Waiting { until_ms });
        self.shared.wait(long).await?;
        self.measure_lag().await;
        Ok(())
    }

    fn announce(&self, change: &Change) {
        let exporter = self.shared.name();
        match change {
            Change::Opened { reason } => warn!(
                exporter = %exporter,
                "the sink fails again and again, last: {reason}; only probes are sent until it works"
            ),
            Change::Closed { open_ms } => {
                info!(exporter = %exporter, "the sink works again, after {open_ms} ms");
            }
        }
    }

    async fn disable(&mut self, reason: String) -> Step<()> {
        error!(
            exporter = %self.shared.name(),
            "the sink is gone for good: {reason}; nothing is sent until \
             `dosd exporters resume {}`",
            self.shared.name()
        );
        self.saved.disabled = Some(reason);
        self.save().await
    }

    /// Waits for a resume, also over restarts of the daemon.
    pub(super) async fn wait_until_resumed(&mut self) -> Step<()> {
        let reason = self.saved.disabled.clone().unwrap_or_default();
        self.shared.update(|status| status.phase = Phase::Disabled { reason });
        loop {
            self.measure_lag().await;
            if self.shared.wait_for_resume(TICK).await? {
                break;
            }
        }
        self.saved.disabled = None;
        self.save().await?;
        info!(exporter = %self.shared.name(), "resumed");
        Ok(())
    }
}
