//! The actor that every sink shares. It performs; what follows from a sink's
//! answer is decided in [`crate::delivery`].

mod journal;
mod message;
mod pump;
mod settle;
mod shared;
mod show;
mod start;
mod status;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::rc::Rc;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{
    Actor, ActorContext, AsyncContext, Context, Handler, MessageResult, ResponseActFuture,
};
use dosd_actors::guard::EndGuard;
use dosd_actors::journal::{JournalMoved, ReadFrom, Subscribe};
use dosd_actors::port::{SharedClock, SharedStorage};
use dosd_actors::reach::Reach;
use dosd_actors::supervisor::GetFleet;

use crate::delivery::Policy;
use crate::filter::Filter;
use crate::sink::Sink;
use pump::Pump;
use shared::Shared;

pub use message::{Drain, DrainEnd, Drained, GetStatus, Resume};
pub use start::StartFrom;
pub use status::{ExporterStatus, Failures, Phase};

/// Everything that an exporter is made of.
pub struct ExporterParts<S> {
    /// Its name, which names its files too: letters, digits, `_` and `-`.
    pub name: String,
    /// Where events go.
    pub sink: S,
    /// Which events.
    pub filter: Filter,
    /// Where it begins when it has no cursor yet.
    pub from: StartFrom,
    /// How patient it is.
    pub policy: Policy,
    /// Where its cursor and its dead letters are: `.dos/exporters`.
    pub directory: PathBuf,
    /// Time.
    pub clock: SharedClock,
    /// Files.
    pub storage: SharedStorage,
    /// Randomness, for the jitter of retries.
    pub rng: fastrand::Rng,
    /// The verdict journal.
    pub read: Reach<ReadFrom>,
    /// The verdict journal's doorbell.
    pub subscribe: Reach<Subscribe>,
    /// How the fleet stands, for sinks that show it.
    pub fleet: Reach<GetFleet>,
}

/// Delivers the verdict journal to one sink, until it is asked to [`Drain`]: it
/// does not end because nobody holds its address.
pub struct ExporterActor<S: Sink> {
    /// Until it starts.
    parts: Option<Box<ExporterParts<S>>>,
    clock: SharedClock,
    shared: Rc<Shared>,
    _guard: EndGuard,
}

impl<S: Sink> ExporterActor<S> {
    /// An exporter that begins when it is started. `guard` tells the daemon how it
    /// ended.
    #[must_use]
    pub fn new(parts: ExporterParts<S>, guard: EndGuard) -> Self {
        let status = ExporterStatus::new(&parts.name, parts.sink.kind(), parts.sink.assurance());
        Self {
            clock: parts.clock.clone(),
            shared: Rc::new(Shared::new(status)),
            parts: Some(Box::new(parts)),
            _guard: guard,
        }
    }
}

impl<S: Sink> Actor for ExporterActor<S> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Inside of the actor, so that a panic in a sink unwinds the actor too.
        if let Some(parts) = self.parts.take() {
            let bell = ctx.address().recipient();
            ctx.spawn(wrap_future(Pump::run(*parts, bell, Rc::clone(&self.shared))));
        }
    }
}

impl<S: Sink> Handler<JournalMoved> for ExporterActor<S> {
    type Result = ();

    fn handle(&mut self, _: JournalMoved, _: &mut Self::Context) {
        self.shared.ring();
    }
}

impl<S: Sink> Handler<GetStatus> for ExporterActor<S> {
    type Result = MessageResult<GetStatus>;

    fn handle(&mut self, _: GetStatus, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.shared.status(self.clock.now_ms()))
    }
}

impl<S: Sink> Handler<Resume> for ExporterActor<S> {
    type Result = ();

    fn handle(&mut self, _: Resume, _: &mut Self::Context) {
        self.shared.order_resume();
    }
}

impl<S: Sink> Handler<Drain> for ExporterActor<S> {
    type Result = ResponseActFuture<Self, Drained>;

    fn handle(&mut self, drain: Drain, _: &mut Self::Context) -> Self::Result {
        let drained = self.shared.order_drain(drain.within);
        Box::pin(wrap_future(drained).map(|drained, _, ctx: &mut Context<Self>| {
            ctx.stop();
            drained
        }))
    }
}
