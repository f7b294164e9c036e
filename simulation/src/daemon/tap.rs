//! Between whoever writes and a journal: it notes what was acknowledged, and is otherwise as
//! if it were not there. When the journal is gone, so is the answer.

use std::future::Future;

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, Addr, Context, Handler, Message};
use dosd_actors::journal::{Append, Decide, JournalActor};
use dosd_actors::spawn::EndRows;
use dosd_actors::supervisor::{Proposal, Standing};
use dosd_kernel::checksum;
use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold;
use dosd_kernel::invariant;
use dosd_kernel::lane::{LaneFold, Op};

use std::path::Path;

use crate::world::World;
use crate::world::life::Life;

/// The tap on one journal actor.
pub(super) struct Tap<F: Fold> {
    pub(super) journal: Addr<JournalActor<F>>,
    pub(super) name: &'static str,
    pub(super) world: World,
    pub(super) life: Life,
}

impl<F: Fold> Actor for Tap<F> {
    type Context = Context<Self>;
}

/// Who notes what.
#[derive(Clone)]
struct Notes {
    name: &'static str,
    world: World,
    life: Life,
}

impl Notes {
    fn acknowledged(&self, rows: Vec<Draft>) {
        // What a dead process hears nobody does.
        if self.life.is_dead() {
            return;
        }
        let path = Path::new(self.name);
        if self.life.is_spoilt(path) {
            // The answer may have been under way, with what was synced before.
            let synced = usize::try_from(self.life.synced(path)).unwrap_or_default();
            let bytes = self.world.disk.bytes(path);
            let standing = invariant::rows(&bytes[..synced.min(bytes.len())]);
            let rows = rows.iter().map(Draft::fields);
            self.world.trace.violated(invariant::acknowledged_rows_stay(&standing, rows));
        }
        for row in rows {
            self.world.acknowledged.add(self.name, row.fields().clone());
        }
    }
}

impl Notes {
    /// Whether the end of this run stands in the journal in other words: then that one counts,
    /// and these rows were not written.
    fn has_another_end(&self, rows: &[Draft]) -> bool {
        let ended = rows.iter().find(|row| row.fields()["op"] == Op::WorkerExited.as_str());
        let Some(ended) = ended.map(Draft::fields) else { return false };
        let standing = self.world.all_rows(self.name);
        let mut ends = standing
            .into_iter()
            .filter(|row| row.op() == Op::WorkerExited && row.fields["run_id"] == ended["run_id"]);
        ends.any(|mut row| {
            row.fields.remove("seq");
            row.fields.remove(checksum::KEY);
            row.fields != *ended
        })
    }
}

impl<F: Fold> Tap<F> {
    fn notes(&self) -> Notes {
        Notes { name: self.name, world: self.world.clone(), life: self.life.clone() }
    }
}

impl<F: Fold> Handler<Append> for Tap<F> {
    type Result = Passed<<Append as Message>::Result>;

    fn handle(&mut self, message: Append, _: &mut Self::Context) -> Self::Result {
        let (journal, notes, rows) = (self.journal.clone(), self.notes(), message.rows.clone());
        Passed::on(async move {
            let answer = journal.send(message).await.ok()?;
            if answer.is_ok() {
                notes.acknowledged(rows);
            }
            Some(answer)
        })
    }
}

impl Handler<Decide<Proposal>> for Tap<LaneFold> {
    type Result = Passed<<Decide<Proposal> as Message>::Result>;

    fn handle(&mut self, message: Decide<Proposal>, _: &mut Self::Context) -> Self::Result {
        let (journal, notes) = (self.journal.clone(), self.notes());
        let rows = message.matter.rows().to_vec();
        Passed::on(async move {
            let answer = journal.send(message).await.ok()?;
            if answer == Ok(Standing::Written) {
                notes.acknowledged(rows);
            }
            Some(answer)
        })
    }
}

impl Handler<Decide<EndRows>> for Tap<LaneFold> {
    type Result = Passed<<Decide<EndRows> as Message>::Result>;

    fn handle(&mut self, message: Decide<EndRows>, _: &mut Self::Context) -> Self::Result {
        let (journal, notes) = (self.journal.clone(), self.notes());
        let rows = message.matter.rows();
        Passed::on(async move {
            let answer = journal.send(message).await.ok()?;
            if answer.is_ok() && !notes.has_another_end(&rows) {
                notes.acknowledged(rows);
            }
            Some(answer)
        })
    }
}

/// An answer that is passed on, if one comes.
pub(super) struct Passed<T>(std::pin::Pin<Box<dyn Future<Output = Option<T>>>>);

impl<T> Passed<T> {
    fn on(answer: impl Future<Output = Option<T>> + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl<A, M, T> MessageResponse<A, M> for Passed<T>
where
    A: Actor,
    M: Message<Result = T>,
    T: 'static,
{
    fn handle(self, _: &mut A::Context, sender: Option<OneshotSender<T>>) {
        actix_rt::spawn(async move {
            // Without an answer the sender goes, and whoever waits hears that.
            if let (Some(answer), Some(sender)) = (self.0.await, sender) {
                let _ = sender.send(answer);
            }
        });
    }
}
