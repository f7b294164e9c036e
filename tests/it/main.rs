//! End-to-end tests, through the real binary.

mod arbitrate;
mod bad_input;
mod decisions;
mod eval;
mod fleet;
mod git_verbs;
mod peer_reads;
mod reads;
mod support;
mod top;
mod watchdog;
mod watching;
