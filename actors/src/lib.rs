//! The actors of `dosd`: who owns what while the daemon runs.
//!
//! # Theory of operation
//!
//! Each journal file has one writer, a [`journal::JournalActor`]; everybody
//! else asks it. *Acknowledged means fsynced*: the answer to
//! [`journal::Append`] comes after `fdatasync`. A
//! [`supervisor::SupervisorActor`] plans, a [`spawn::SpawnActor`] owns
//! processes, a [`witness::WitnessActor`] owns the state surfaces that claims
//! are checked against.
//!
//! **Ordering.** An actor handles its messages in the order of arrival. Rows of
//! one `Append` are contiguous on disk unless a foreign process writes between
//! them; rows of two are in the order of arrival.
//!
//! **Back-pressure.** Mailboxes are bounded and senders wait. The one exception
//! is a doorbell ([`journal::JournalMoved`]): it carries no data, so a bell that
//! finds the mailbox full is dropped, because a ring is already waiting there.
//!
//! **Panics.** An actor that panics unwinds; its [`guard::EndGuard`] says so, and the
//! daemon makes a new one through the same factory that made the first. State
//! comes back from the journal, so there is one way to start, not two. Others
//! hold a [`reach::Reach`], which survives the change of address.
//!
//! **Ports.** Time, files and processes come in through [`port`]; tests jump in
//! time and inject faults.
//!
//! What these actors never do: read the environment, print, exit the process,
//! or name a sink.

pub mod archive_lock;
pub mod canary;
pub mod counter;
pub mod exec;
pub mod guard;
pub mod journal;
pub mod off_thread;
#[cfg(any(test, feature = "testing"))]
pub mod panic_now;
pub mod port;
pub mod reach;
pub mod rotated_log;
pub mod spawn;
pub mod supervisor;
pub mod witness;

#[cfg(test)]
mod tests;
