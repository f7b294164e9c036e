//! Work that needs the mutex of the lane leases: it waits in one line, and whatever
//! waits when the mutex comes is done under it.
//!
//! Rulings that go together share one sync, and nobody is told one before it.
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
use crate::journal::message::Origin;
use crate::journal::mutex::{LeaseHold, LeaseMutex, Pauses};

/// So many at a time: others wait for the mutex, too, and no longer than a second.
const AT_A_TIME: usize = 256;

/// The mutex, or why there is none.
pub(super) type Held<'a> = Result<&'a LeaseHold, &'a JournalError>;

/// What waits for the mutex.
pub(super) enum Work<F: Fold> {
    /// Rules, writes the rows of the ruling, and leaves the sync to the turns.
    Ruling(Rule<F>),
    /// Does something that needs everything before it to be on disk.
    Alone(Task<F>),
}

type Rule<F> = Box<dyn FnOnce(&mut JournalActor<F>, Held<'_>) -> Tell>;
type Task<F> = Box<dyn FnOnce(&mut JournalActor<F>, Held<'_>, &mut Context<JournalActor<F>>)>;

/// Tells whoever asked for a ruling, when it is known whether its rows are on disk.
pub(super) type Tell = Box<dyn FnOnce(Result<(), JournalError>)>;

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
    pub(super) fn take_turn(&mut self, patience: Duration, work: Work<F>, ctx: &mut Context<Self>) {
        let is_first = self.turns.waiting.is_empty();
        let until = self.clock.monotonic() + patience;
        self.turns.waiting.push_back(Turn { until, work });
        if is_first {
            // Polled after the messages that wait now: they go together.
            ctx.spawn(wrap_future(async {}).map(|(), actor: &mut Self, ctx| actor.try_turns(ctx)));
        }
    }

    fn try_turns(&mut self, ctx: &mut Context<Self>) {
        match self.mutex().try_take() {
            Ok(Some(hold)) => {
                self.turns.pauses = Pauses::default();
                self.do_turns(&hold, ctx);
            }
            Ok(None) => self.send_away(ctx),
            Err(failed) => {
                for turn in std::mem::take(&mut self.turns.waiting) {
                    self.refuse(turn, &failed, ctx);
                }
            }
        }
        if !self.turns.waiting.is_empty() {
            let pause = self.turns.pauses.next_pause();
            ctx.run_later(pause, Self::try_turns);
        }
    }

    /// Does what waits, as far as it may go at a time.
    fn do_turns(&mut self, hold: &LeaseHold, ctx: &mut Context<Self>) {
        let mut ruled = Vec::new();
        for _ in 0..AT_A_TIME {
            let Some(turn) = self.turns.waiting.pop_front() else { break };
            match turn.work {
                Work::Ruling(rule) => ruled.push(rule(self, Ok(hold))),
                Work::Alone(work) => {
                    self.settle(&mut ruled, ctx);
                    work(self, Ok(hold), ctx);
                }
            }
        }
        self.settle(&mut ruled, ctx);
    }

    /// One sync for all these rulings, and then everybody is told.
    fn settle(&mut self, ruled: &mut Vec<Tell>, ctx: &mut Context<Self>) {
        if ruled.is_empty() {
            return;
        }
        let settled = self.log.settle();
        for tell in ruled.drain(..) {
            tell(settled.clone().map(|_| ()));
        }
        self.tell();
        match settled {
            Ok(true) => self.ring(Origin::Own),
            Ok(false) => {}
            Err(failed) => Self::end_if_fatal(&failed, ctx),
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
            self.refuse(turn, &busy, ctx);
        }
    }

    fn refuse(&mut self, turn: Turn<F>, why: &JournalError, ctx: &mut Context<Self>) {
        match turn.work {
            Work::Ruling(rule) => rule(self, Err(why))(Ok(())),
            Work::Alone(work) => work(self, Err(why), ctx),
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
