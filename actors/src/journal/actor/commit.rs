//! Group commit: whatever waits goes out as one write and one sync.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use actix::dev::{MessageResponse, OneshotSender};
use actix::{ActorFuture, AsyncContext, Context, Handler, Message};
use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold;

use super::JournalActor;
use crate::journal::error::JournalError;
use crate::journal::log::{Committed, FoldOwn};
use crate::journal::message::{Append, Origin};

/// No longer than this is a batch held open when nobody comes: a disk that was
/// slow once is no reason to be slow again.
const QUIET_AT_MOST: Duration = Duration::from_micros(200);

/// So many rows for a caller take longer to fold than it takes to start the disk
/// first.
const MANY_ROWS: usize = 16;

/// Every so many batches it is tried whether those of the batch before would come
/// along: callers that once fell into two groups would else take turns for good,
/// each waiting for the other's sync.
const BATCHES_PER_TRIAL: u32 = 64;

/// Rows that wait for the disk, and who waits for them.
#[derive(Default)]
pub(super) struct Batch {
    rows: Vec<Draft>,
    callers: Vec<Caller>,
    /// When the first of `callers` came.
    since: Duration,
    /// How many there were at the last look, and since when.
    seen: usize,
    seen_since: Duration,
    /// How many callers there seem to be at a time, and how long the disk takes.
    usual_callers: usize,
    last_callers: usize,
    last_sync: Duration,
    batches: u32,
}

impl Batch {
    /// Whether it pays to wait for more: the callers of the last batch have just
    /// been answered and are on their way back, and whoever comes too late waits
    /// for two syncs. Never for a caller who is alone, never longer than the disk
    /// takes, and only while they keep coming.
    fn expects_more(&mut self, now: Duration) -> bool {
        if self.seen < self.callers.len() {
            self.seen = self.callers.len();
            self.seen_since = now;
        }
        let quiet = (self.last_sync / 4).min(QUIET_AT_MOST);
        self.callers.len() < self.usual_callers
            && now.saturating_sub(self.seen_since) < quiet
            && now.saturating_sub(self.since) < self.last_sync
    }

    /// One caller comes back at once, and would wait for whatever is done after
    /// the answer; many take their time.
    fn when_to_fold(callers: usize, rows: usize) -> FoldOwn {
        if rows / callers.max(1) >= MANY_ROWS { FoldOwn::Meanwhile } else { FoldOwn::Afterwards }
    }

    /// Learns from a batch of so many callers.
    fn learn(&mut self, callers: usize, sync: Duration) {
        self.batches = self.batches.wrapping_add(1);
        let least = if self.batches.is_multiple_of(BATCHES_PER_TRIAL) {
            callers + self.last_callers
        } else {
            callers
        };
        self.usual_callers = least.max(self.usual_callers - self.usual_callers.div_ceil(8));
        self.last_callers = callers;
        self.last_sync = sync;
        self.seen = 0;
    }
}

/// Somebody whose rows are in the batch.
struct Caller {
    rows: usize,
    answer: Answer,
}

/// Where actix's own reply channel is put down until the batch is on disk: no
/// task and no second channel for each caller.
type Answer = Rc<Cell<Option<OneshotSender<Result<Committed, JournalError>>>>>;

/// A reply that is given later.
pub struct Later(Answer);

impl Caller {
    fn reply(self, outcome: Result<Committed, JournalError>) {
        if let Some(sender) = self.answer.take() {
            // A caller that gave up waiting is no error: its rows are on disk.
            let _ = sender.send(outcome);
        }
    }
}

impl<F: Fold> JournalActor<F> {
    /// Everything that waits goes out as one write and one sync. Callers are
    /// answered first; what is left to do is done while they go on.
    fn commit(&mut self, ctx: &mut Context<Self>) {
        let mut callers = std::mem::take(&mut self.batch.callers);
        let mut rows = std::mem::take(&mut self.batch.rows);
        let began = self.clock.monotonic();
        let when = Batch::when_to_fold(callers.len(), rows.len());
        let outcome = self.log.write_rows(&mut rows, when);
        self.batch.learn(callers.len(), self.clock.monotonic().saturating_sub(began));
        match outcome {
            Ok(written) => {
                let Committed { mut first_seq, end, .. } = written.committed;
                for caller in callers.drain(..) {
                    let next = first_seq + caller.rows as u64;
                    caller.reply(Ok(Committed { first_seq, last_seq: next - 1, end }));
                    first_seq = next;
                }
                self.log.fold_written(written);
                self.tell();
                self.ring(Origin::Own);
            }
            Err(failed) => {
                for caller in callers.drain(..) {
                    caller.reply(Err(failed.clone()));
                }
                self.tell();
                Self::end_if_fatal(&failed, ctx);
            }
        }
        rows.clear();
        (self.batch.callers, self.batch.rows) = (callers, rows);
    }
}

impl<F: Fold> Handler<Append> for JournalActor<F> {
    type Result = Later;

    fn handle(&mut self, message: Append, ctx: &mut Self::Context) -> Self::Result {
        let answer = Answer::default();
        let batch = &mut self.batch;
        if batch.callers.is_empty() {
            batch.since = self.clock.monotonic();
            // Polled after the mailbox is drained: that is the whole group commit.
            ctx.spawn(Commit);
        }
        batch.callers.push(Caller { rows: message.rows.len(), answer: Rc::clone(&answer) });
        batch.rows.extend(message.rows);
        Later(answer)
    }
}

impl<F: Fold> MessageResponse<JournalActor<F>, Append> for Later {
    fn handle(
        self,
        _: &mut Context<JournalActor<F>>,
        sender: Option<OneshotSender<<Append as Message>::Result>>,
    ) {
        self.0.set(sender);
    }
}

/// Runs once after the messages that wait now, or a moment later if more are
/// expected.
struct Commit;

impl<F: Fold> ActorFuture<JournalActor<F>> for Commit {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut JournalActor<F>,
        ctx: &mut Context<JournalActor<F>>,
        task: &mut TaskContext<'_>,
    ) -> Poll<()> {
        let now = actor.clock.monotonic();
        if actor.batch.expects_more(now) {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        actor.commit(ctx);
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCHES_PER_TRIAL, Batch};
    use std::time::Duration;

    /// 64 callers that came in two halves stayed in two halves, at two syncs for
    /// each row.
    #[test]
    fn callers_in_two_groups_are_waited_for_now_and_then() {
        let mut batch = Batch::default();
        let longest = (0..BATCHES_PER_TRIAL)
            .map(|_| {
                batch.learn(32, Duration::from_micros(150));
                batch.usual_callers
            })
            .max();
        assert_eq!(longest, Some(64));
        batch.learn(64, Duration::from_micros(150));
        batch.learn(64, Duration::from_micros(150));
        assert_eq!(batch.usual_callers, 64);
    }
}
