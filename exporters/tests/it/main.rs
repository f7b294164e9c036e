//! The sinks against the real receivers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "slack")]
mod slack_peer;
