//! One run from its start to its recorded end: what happens to it is given to its
//! [`Worker`](super::worker::Worker), and what that wants is done.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedReceiver;

use super::living::News;
use super::message::Run;
use super::perform::Performer;
use super::shared::Shared;
use super::worker::{Action, Event};
use crate::port::Launched;

/// Sees a run through until it leaves. `found` is its process, when it has one already.
pub(super) async fn live(
    shared: Rc<Shared>,
    run: Run,
    found: Option<Launched>,
    mut news: UnboundedReceiver<News>,
) {
    let performer = Performer::new(Rc::clone(&shared), run, found);
    let mut doing = FuturesUnordered::new();
    loop {
        let next = poll_fn(|context: &mut Context<'_>| {
            while let Poll::Ready(Some(())) = doing.poll_next_unpin(context) {}
            news.poll_recv(context)
        });
        // The last sender goes with the run.
        let event = match next.await {
            Some(News::Event(event)) => event,
            Some(News::StopWanted(waiting)) => {
                performer.let_wait(waiting);
                Event::StopAsked
            }
            None => return,
        };
        let actions = shared.living.step(&performer.run().run_id, event);
        if !actions.is_empty() {
            doing.push(perform(&performer, actions));
        }
    }
}

/// Performs the actions of one step in order. What waits for something goes on beside.
async fn perform(performer: &Performer, actions: Vec<Action>) {
    let mut errands = FuturesUnordered::new();
    for action in actions {
        if action.is_errand() {
            errands.push(performer.perform(action));
        } else {
            performer.perform(action).await;
        }
    }
    while errands.next().await.is_some() {}
}
