//! Decisions about lanes: made and written under the mutex.

use actix::{Handler, ResponseFuture};
use dosd_kernel::lane::{LaneFold, Matter};
use tokio::sync::oneshot;

use super::JournalActor;
use super::turns::{Held, Tell, Work};
use crate::journal::error::{JournalError, JournalErrorKind};
use crate::journal::message::Decide;

impl<M> Handler<Decide<M>> for JournalActor<LaneFold>
where
    M: Matter + Send + 'static,
    M::Answer: Send + 'static,
{
    type Result = ResponseFuture<Result<M::Answer, JournalError>>;

    fn handle(&mut self, message: Decide<M>, ctx: &mut Self::Context) -> Self::Result {
        let Decide { matter, patience } = message;
        let (answer, answered) = oneshot::channel();
        let gone =
            JournalError { path: self.log.path().to_owned(), kind: JournalErrorKind::Unreachable };
        let work = |actor: &mut Self, hold: Held<'_>| -> Tell {
            let now_ms = actor.clock.now_ms();
            let ruled = hold
                .map_err(Clone::clone)
                .and_then(|hold| actor.log.rule_unsettled(hold, matter, now_ms, &*actor.holders));
            Box::new(|settled| {
                // Whoever asked may have lost patience: what was decided stands.
                let _ = answer.send(settled.and(ruled));
            })
        };
        self.take_turn(patience, Work::Ruling(Box::new(work)), ctx);
        Box::pin(async move { answered.await.unwrap_or(Err(gone)) })
    }
}
