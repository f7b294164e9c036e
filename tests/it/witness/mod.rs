//! Claims through a real daemon, checked against the real things.
#![expect(clippy::redundant_closure_for_method_calls, reason = "the rows of a table look alike")]

mod baselines;
mod claims;
mod databases;
mod every_situation;
mod files;
mod fleet;
mod programs;
mod repositories;
mod servers;
mod table;
mod verbs;
mod writer;
