//! Surfaces over real programs and real servers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod exit;
mod git;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod http_server;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_server;
mod support;
