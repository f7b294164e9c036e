//! `dosd` keeps a fleet of agent workers alive, checks what they claim against the
//! world, and streams the verdicts to where people look.
//!
//! This crate is the edge: configuration, command line, control socket and the
//! wiring of the daemon. It is the only one that reads the environment, prints, and
//! ends the process. What is decided is decided in `dosd-kernel`; who does what
//! while the daemon runs stands in `dosd-actors`.

pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod env;
pub mod fleet;
pub mod follow;
pub mod git;
pub mod host;
pub mod http;
pub mod intent;
pub mod leases;
pub mod remote;
pub mod scratch;
pub mod screen;
pub mod secrets;
pub mod sinks;
pub mod surfaces;
pub mod workspace;
