//! How an actor tells its maker how it ended.

use tokio::sync::mpsc::UnboundedSender;

/// The ways an actor ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It stopped because it was asked to, or because nobody can reach it.
    Stopped,
    /// One of its handlers panicked; what it held in memory is gone.
    Panicked,
}

/// Which actor ended, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorEnded {
    /// The actor's name.
    pub actor: &'static str,
    /// How it ended.
    pub how: Ended,
}

/// Lives inside an actor and reports when the actor is dropped.
///
/// actix's own supervisor does not survive a panic: the mailbox closes and
/// nothing restarts. The drop happens while the thread unwinds, which is how
/// the two endings are told apart.
#[derive(Debug)]
pub struct EndGuard {
    actor: &'static str,
    report: UnboundedSender<ActorEnded>,
}

impl EndGuard {
    /// A guard for the actor named `actor`.
    #[must_use]
    pub fn new(actor: &'static str, report: UnboundedSender<ActorEnded>) -> Self {
        Self { actor, report }
    }
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        let how = if std::thread::panicking() { Ended::Panicked } else { Ended::Stopped };
        // Nobody listens once the daemon itself is gone.
        let _ = self.report.send(ActorEnded { actor: self.actor, how });
    }
}
