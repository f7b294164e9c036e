//! End-to-end tests, through the real binary.

mod bad_input;
mod fleet;
mod outlive;
mod peer_reads;
mod reads;
mod support;
