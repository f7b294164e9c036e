//! Exporters end to end: a real journal, a real disk, real receivers, through the public
//! API only.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod file;
#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "slack")]
mod slack_peer;
#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "statsd")]
mod statsd_peer;
mod support;
#[cfg(feature = "webhook")]
mod webhook;
#[cfg(feature = "webhook")]
mod webhook_peer;
