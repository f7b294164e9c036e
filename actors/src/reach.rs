//! How one actor reaches another across a restart of that other.

use std::sync::{Arc, PoisonError, RwLock};

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message, Recipient};

/// The actor asked is not there: it panicked and is being made again, or the
/// daemon is going down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the `{0}` actor is not running")]
pub struct Unreachable(pub &'static str);

/// A place where the current address of an actor is found.
///
/// Holds a [`Recipient`], never an actor's type, so that a probe can stand in;
/// the daemon points it at the new actor when it has made one.
pub struct Reach<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    name: &'static str,
    current: Arc<RwLock<Option<Recipient<M>>>>,
}

impl<M> Clone for Reach<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn clone(&self) -> Self {
        Self { name: self.name, current: Arc::clone(&self.current) }
    }
}

impl<M> Reach<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// A reach that points nowhere yet. `name` is the actor's, for errors.
    #[must_use]
    pub fn unset(name: &'static str) -> Self {
        Self { name, current: Arc::new(RwLock::new(None)) }
    }

    /// A reach that points at `recipient`.
    #[must_use]
    pub fn to(name: &'static str, recipient: Recipient<M>) -> Self {
        Self { name, current: Arc::new(RwLock::new(Some(recipient))) }
    }

    /// Points every clone of this reach at `actor`.
    pub fn point_at<A>(&self, actor: &Addr<A>)
    where
        A: Actor + Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) =
            Some(actor.clone().recipient());
    }

    /// Points every clone nowhere, so that the actor can end.
    pub fn clear(&self) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`Unreachable`] when there is no such actor now.
    pub async fn ask(&self, message: M) -> Result<M::Result, Unreachable> {
        let recipient = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        match recipient {
            Some(recipient) => recipient.send(message).await.map_err(|_| Unreachable(self.name)),
            None => Err(Unreachable(self.name)),
        }
    }

    /// The recipient of this moment, for callers that keep their own.
    #[must_use]
    pub fn recipient(&self) -> Option<Recipient<M>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
