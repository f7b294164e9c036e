//! What a [`JournalActor`] answers without writing.

use actix::{Context, Handler, MessageResult};
use dosd_kernel::fold::Fold;
use dosd_kernel::lane::{LaneFold, Observation};

use super::JournalActor;
use crate::journal::error::JournalError;
use crate::journal::message::{Observe, Page, ReadFrom, Recall, Recalled, Subscribe};

impl Handler<Observe> for JournalActor<LaneFold> {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, message: Observe, ctx: &mut Self::Context) -> Self::Result {
        MessageResult(self.observe(message.now_ms, ctx))
    }
}

impl JournalActor<LaneFold> {
    fn observe(
        &mut self,
        now_ms: i64,
        ctx: &mut Context<Self>,
    ) -> Result<Observation, JournalError> {
        self.follow(ctx)?;
        self.compact_if_due(now_ms, ctx);
        Ok(self.log.fold_mut().observe(now_ms))
    }
}

impl Handler<Recall> for JournalActor<LaneFold> {
    type Result = Result<Recalled, JournalError>;

    fn handle(&mut self, _: Recall, ctx: &mut Self::Context) -> Self::Result {
        self.follow(ctx)?;
        let fold = self.log.fold();
        Ok(Recalled {
            open: fold.open_runs().cloned().collect(),
            pasts: fold.pasts().map(|(lane, past)| (lane.clone(), past.clone())).collect(),
            highest_seq: fold.highest_seq(),
        })
    }
}

impl<F: Fold> Handler<ReadFrom> for JournalActor<F> {
    type Result = Result<Page, JournalError>;

    fn handle(&mut self, message: ReadFrom, ctx: &mut Self::Context) -> Self::Result {
        let page = self.log.page(message.start, message.max_rows, message.max_bytes);
        self.tell();
        if let Err(failed) = &page {
            Self::end_if_fatal(failed, ctx);
        }
        page
    }
}

impl<F: Fold> Handler<Subscribe> for JournalActor<F> {
    type Result = ();

    fn handle(&mut self, message: Subscribe, _: &mut Self::Context) {
        if !self.bells.contains(&message.bell) {
            self.bells.push(message.bell);
        }
    }
}
