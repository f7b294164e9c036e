//! End-to-end tests, through the real binary.

mod arbitrate;
mod bad_input;
mod config_alike;
mod contention;
mod counters;
mod decisions;
mod defects;
mod differential;
mod eval;
mod export;
mod fleet;
mod git_verbs;
mod leases;
mod outlive;
mod peer_reads;
mod reads;
mod retention;
mod sections;
mod small_verbs;
mod supervision;
mod support;
mod top;
mod watchdog;
mod watching;
