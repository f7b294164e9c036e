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
mod example;
mod export;
mod exporting;
#[cfg(feature = "failpoints")]
mod failpoints;
mod fleet;
mod git_verbs;
mod http;
mod leases;
mod notify;
mod outlive;
mod peer_reads;
mod reads;
mod remote;
mod reread;
mod reset;
mod retention;
mod screen;
mod sections;
mod small_verbs;
mod supervision;
mod support;
mod top;
mod watchdog;
mod watching;
mod witness;
