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
use crate::journal::log::Committed;
use crate::journal::message::{Append, Origin};

/// The longest wait for callers of the last batch to come back with more.
const LINGER_AT_MOST: Duration = Duration::from_micros(200);

/// Rows that wait for the disk, and who waits for them.
#[derive(Default)]
pub(super) struct Batch {
    rows: Vec<Draft>,
    callers: Vec<Caller>,
    /// When the first of `callers` came.
    since: Duration,
    /// How many callers the last batch answered, and how long the disk took.
    last_callers: usize,
    last_sync: Duration,
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

impl<F: Fold + Unpin> JournalActor<F> {
    /// Whether it pays to wait for more: the callers of the last batch have just
    /// been answered and are likely on their way back. Never longer than a
    /// part of what the disk takes, and not at all for a single caller.
    fn expects_more(&self) -> bool {
        let batch = &self.batch;
        let linger = (batch.last_sync / 2).min(LINGER_AT_MOST);
        batch.callers.len() < batch.last_callers
            && self.clock.monotonic().saturating_sub(batch.since) < linger
    }

    /// Everything that waits goes out as one write and one sync.
    fn commit(&mut self, ctx: &mut Context<Self>) {
        let callers = std::mem::take(&mut self.batch.callers);
        let began = self.clock.monotonic();
        let outcome = self.log.append(&self.batch.rows);
        self.batch.last_sync = self.clock.monotonic().saturating_sub(began);
        self.batch.last_callers = callers.len();
        self.batch.rows.clear();
        self.tell();
        match outcome {
            Ok(committed) => {
                let mut first_seq = committed.first_seq;
                for caller in callers {
                    let next = first_seq + caller.rows as u64;
                    caller.reply(Ok(Committed {
                        first_seq,
                        last_seq: next - 1,
                        end: committed.end,
                    }));
                    first_seq = next;
                }
                self.ring(Origin::Own);
            }
            Err(failed) => {
                for caller in callers {
                    caller.reply(Err(failed.clone()));
                }
                Self::end_if_fatal(&failed, ctx);
            }
        }
    }
}

impl<F: Fold + Unpin> Handler<Append> for JournalActor<F> {
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

impl<F: Fold + Unpin> MessageResponse<JournalActor<F>, Append> for Later {
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

impl<F: Fold + Unpin> ActorFuture<JournalActor<F>> for Commit {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut JournalActor<F>,
        ctx: &mut Context<JournalActor<F>>,
        task: &mut TaskContext<'_>,
    ) -> Poll<()> {
        if actor.expects_more() {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        actor.commit(ctx);
        Poll::Ready(())
    }
}
