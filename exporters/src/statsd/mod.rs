//! The sink `statsd`: verdicts as counters, the fleet as gauges, to an agent behind UDP or a
//! Unix socket. It has no acknowledgement to wait for: see [`crate::Assurance`].
//!
//! # What a datagram is worth
//!
//! A batch becomes a few lines, one for each pair of syscall and verdict, so the number of
//! events does not matter to the agent. Lines that left are remembered in memory: when a
//! batch of several datagrams fails in the middle and is sent again, it goes on where it
//! stopped. After a crash it is counted again.
//!
//! A dead agent behind UDP is known by the refusals (ICMP) that come back. On this host that
//! is at once, and the datagram is not counted as sent. From afar the refusal comes after
//! the send: it is found before the next one, and the last datagram is then sent once more.
//! From a refusal on, the sink waits a moment after each datagram for another one, until
//! none comes.

mod config;
mod encode;
mod lines;
mod name;
mod pack;
mod peer;
#[cfg(test)]
mod tests;
mod transport;
mod wire;

pub use config::{
    Address, DEFAULT_HOST, DEFAULT_INTERVAL, DEFAULT_PORT, DEFAULT_PREFIX, StatsdConfig, Tags,
};
pub use encode::Counts;
pub use transport::StatsdSink;
