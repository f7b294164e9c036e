//! Work that needs the mutex of the lane leases: it waits in one line, and whatever
//! waits when the mutex comes is done under it.
//!
//! The actor goes on with its other work meanwhile. Callers lose patience one by
//! one, each at its own time.

use std::collections::VecDeque;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{ActorFutureExt, AsyncContext, Context};
use dosd_kernel::fold::Fold;

use super::JournalActor;
use crate::journal::error::JournalError;
use crate::journal::mutex::{LeaseHold, LeaseMutex, Pauses};

/// So many at a time: others wait for the mutex, too, and no longer than a second.
const AT_A_TIME: usize = 16;

/// What is done under the mutex, or told why there is none.
type Work<F> = Box<
    dyn FnOnce(
        &mut JournalActor<F>,
        Result<&LeaseHold, &JournalError>,
        &mut Context<JournalActor<F>>,
    ),
>;

/// Everybody who waits for the mutex.
pub(super) struct Turns<F: Fold> {
    waiting: VecDeque<Turn<F>>,
    pauses: Pauses,
}

impl<F: Fold> Default for Turns<F> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), pauses: Pauses::default() }
    }
}

struct Turn<F: Fold> {
    /// Monotonic time when patience ends.
    until: Duration,
    work: Work<F>,
}

impl<F: Fold> JournalActor<F> {
    /// Has `work` done under the mutex, which it waits for as long as `patience`.
    pub(super) fn take_turn(
        &mut self,
        patience: Duration,
        work: impl FnOnce(&mut Self, Result<&LeaseHold, &JournalError>, &mut Context<Self>) + 'static,
        ctx: &mut Context<Self>,
    ) {
        let is_first = self.turns.waiting.is_empty();
        let until = self.clock.monotonic() + patience;
        self.turns.waiting.push_back(Turn { until, work: Box::new(work) });
        if is_first {
            // Polled after the messages that wait now: they go together.
            ctx.spawn(wrap_future(async {}).map(|(), actor: &mut Self, ctx| actor.try_turns(ctx)));
        }
    }

    fn try_turns(&mut self, ctx: &mut Context<Self>) {
        match self.mutex().try_take() {
            Ok(Some(hold)) => {
                self.turns.pauses = Pauses::default();
                for _ in 0..AT_A_TIME {
                    let Some(turn) = self.turns.waiting.pop_front() else { break };
                    (turn.work)(self, Ok(&hold), ctx);
                }
            }
            Ok(None) => self.send_away(ctx),
            Err(failed) => {
                for turn in std::mem::take(&mut self.turns.waiting) {
                    (turn.work)(self, Err(&failed), ctx);
                }
            }
        }
        if !self.turns.waiting.is_empty() {
            let pause = self.turns.pauses.next_pause();
            ctx.run_later(pause, Self::try_turns);
        }
    }

    /// Those whose patience has ended are told that the mutex is busy.
    fn send_away(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.monotonic();
        let waiting = std::mem::take(&mut self.turns.waiting);
        let (gone, left): (VecDeque<_>, VecDeque<_>) =
            waiting.into_iter().partition(|turn| turn.until <= now);
        self.turns.waiting = left;
        let busy = self.mutex().busy();
        for turn in gone {
            (turn.work)(self, Err(&busy), ctx);
        }
    }

    fn mutex(&self) -> LeaseMutex {
        let settings = &self.compaction;
        LeaseMutex::new(
            self.log.storage().clone(),
            self.clock.clone(),
            settings.lock.clone(),
            settings.owner.clone(),
        )
    }
}
