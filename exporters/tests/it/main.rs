//! Sinks against the programs that they are made for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "statsd")]
mod statsd_peer;
