//! End-to-end tests, through the real binary.

mod arbitrate;
mod bad_input;
mod commit_progress;
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
mod reread;
mod reset;
mod retention;
mod sections;
mod small_verbs;
mod support;
mod top;
mod watchdog;
mod watching;
