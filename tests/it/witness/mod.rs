//! Claims through a real daemon, checked against the real things.

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
