//! End-to-end tests, through the real binary.

mod bad_input;
mod config_alike;
mod counters;
mod fleet;
mod peer_reads;
mod reads;
mod retention;
mod small_verbs;
mod support;
