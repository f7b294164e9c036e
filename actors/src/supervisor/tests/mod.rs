//! The pure part against a small model of the world: the journal is a real fold, a
//! process is an entry in a set, time is two numbers.

mod concern;
mod invariants;
mod ledger;
mod order;
mod reconfigure;
mod regression;
mod world;
