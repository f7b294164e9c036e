//! The verdict journal as an exporter sees it: pages, and a doorbell that
//! survives a new journal actor.

use std::rc::Rc;

use actix::{Recipient, WeakRecipient};
use dosd_actors::journal::{JournalMoved, Page, ReadFrom, Start, Subscribe};
use dosd_actors::reach::{Reach, Unreachable};

use super::shared::{Shared, Step};

pub(super) struct Journal {
    read: Reach<ReadFrom>,
    subscribe: Reach<Subscribe>,
    bell: Recipient<JournalMoved>,
    /// Whom the bell was given to. A journal actor that was made again knows
    /// nothing of it. Weak, so that the journal can end.
    subscribed: Option<WeakRecipient<Subscribe>>,
    shared: Rc<Shared>,
}

impl Journal {
    pub(super) fn new(
        read: Reach<ReadFrom>,
        subscribe: Reach<Subscribe>,
        bell: Recipient<JournalMoved>,
        shared: Rc<Shared>,
    ) -> Self {
        Self { read, subscribe, bell, subscribed: None, shared }
    }

    /// Reads a page; asks again until the journal answers.
    pub(super) async fn page(
        &mut self,
        start: Start,
        max_rows: usize,
        max_bytes: usize,
    ) -> Step<Page> {
        let shared = Rc::clone(&self.shared);
        shared
            .persist("verdict journal", async || self.try_page(start, max_rows, max_bytes).await)
            .await
    }

    /// Reads a page, or says why not.
    pub(super) async fn try_page(
        &mut self,
        start: Start,
        max_rows: usize,
        max_bytes: usize,
    ) -> Result<Page, String> {
        // The bell first, so that whatever comes after this page rings it.
        self.hang_the_bell().await.map_err(|error| error.to_string())?;
        match self.read.ask(ReadFrom { start, max_rows, max_bytes }).await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) => Err(error.to_string()),
            Err(unreachable) => Err(unreachable.to_string()),
        }
    }

    async fn hang_the_bell(&mut self) -> Result<(), Unreachable> {
        let current = self.subscribe.recipient();
        let subscribed = self.subscribed.as_ref().and_then(WeakRecipient::upgrade);
        if current.is_none() || current != subscribed {
            self.subscribe.ask(Subscribe { bell: self.bell.clone() }).await?;
            self.subscribed = current.map(|journal| journal.downgrade());
        }
        Ok(())
    }
}
