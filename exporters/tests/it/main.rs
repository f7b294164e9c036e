//! Sinks against the programs that they are made for, through the public API only.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod otlp_peer;
