//! End-to-end tests, through the real binary.

mod bad_input;
mod contention;
mod fleet;
mod leases;
mod peer_reads;
mod reads;
mod support;
