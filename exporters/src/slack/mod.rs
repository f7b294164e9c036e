//! The sink `slack`: verdicts told to people, in a channel.
//!
//! People are told of kinds (syscall, verdict, lane), not of events: at most one message in
//! `group_interval`, and a kind is news at most once in `repeat`. What a message does not
//! tell is counted in a file before it is accepted, and told by a later message. So a batch
//! is accepted when it is told or counted, and a backlog costs one message an interval,
//! however long it is.
//!
//! A kind stands for itself: a CONFIRMED does not make an earlier REFUTED news again. On a
//! lane where both come by turns, that would tell every one of them.

mod answer;
mod book;
mod config;
mod escape;
mod gather;
mod line;
mod message;
mod notice;
mod state_file;
mod status;
#[cfg(test)]
mod tests;
mod transport;
mod wire;

pub use config::{API, Destination, GROUP_INTERVAL, GROUP_WAIT, REPEAT, SlackConfig, TIMEOUT};
pub use gather::Gathered;
pub use notice::{SlackNotice, post_notice};
pub use state_file::StateFile;
pub use transport::SlackSink;
