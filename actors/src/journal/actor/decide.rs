//! Decisions about lanes: made and written under the mutex.

use actix::{Context, Handler, ResponseFuture};
use dosd_kernel::lane::{LaneFold, Matter};
use tokio::sync::oneshot;

use super::JournalActor;
use crate::journal::error::{JournalError, JournalErrorKind};
use crate::journal::message::{Decide, Origin};
use crate::journal::mutex::LeaseHold;

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
        self.take_turn(
            patience,
            |actor, hold, ctx| {
                let ruled = hold.map_err(Clone::clone).and_then(|it| actor.rule(it, matter, ctx));
                // Whoever asked may have lost patience: what was decided stands.
                let _ = answer.send(ruled);
            },
            ctx,
        );
        Box::pin(async move { answered.await.unwrap_or(Err(gone)) })
    }
}

impl JournalActor<LaneFold> {
    fn rule<M: Matter>(
        &mut self,
        hold: &LeaseHold,
        matter: M,
        ctx: &mut Context<Self>,
    ) -> Result<M::Answer, JournalError> {
        let before = self.log.end();
        let ruled = self.log.rule(hold, matter, self.clock.now_ms(), &*self.holders);
        self.tell();
        match &ruled {
            Ok(_) if self.log.end() != before => self.ring(Origin::Own),
            Ok(_) => {}
            Err(failed) => Self::end_if_fatal(failed, ctx),
        }
        ruled
    }
}
