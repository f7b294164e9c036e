//! The pure verdicts of `dosd`: values in, values out.
//!
//! Nothing here reads a clock, a file or the environment, and nothing waits. The
//! crate is `no_std`, so the compiler checks that. Evidence and policy come in as
//! values, typed verdicts come out, and the callers act on them.
//!
//! # Glossary
//!
//! One word for one concept, in every crate of the workspace:
//!
//! | word | meaning |
//! | --- | --- |
//! | lane | a named slot for one worker, with the part of the tree that it may touch |
//! | region | the extent of a lane: the literal prefixes of its path globs |
//! | lease | who holds a lane now; its identity is `(loop_ts, lane)` |
//! | run | one life of one worker, named by a run id |
//! | journal | an append-only JSON Lines file, the only durable state |
//! | row | one line of a journal, a JSON object |
//! | draft | a row that the journal has not numbered yet |
//! | fold | the state that a journal's rows add up to, row by row |
//! | beat | a row that says that a lease's holder lives (ACQUIRE or HEARTBEAT) |
//! | event | a row that says that something moved at the lease layer |
//! | liveness | whether a run advances, spins or has stalled |
//! | roster | the lanes that a plan looks at, in declared order |
//! | plan | what a population of lanes needs now: spawn, reap, flag, propose a halt |
//! | request | what somebody asks of the arbiter: a lane, a kind, a tree |
//! | verdict | the typed answer of one pure function |
//! | claim | what a worker says that it did |
//! | surface | a part of the world whose state can be read back |
//! | witness | a read-back of a surface that the claimant did not author |
//! | rung | how accountable a witness is: agent authored, OS recorded, third party |
//! | severity | how loud a verdict is: information, warning, error |
//!
//! Times are `i64` milliseconds since the Unix epoch, and their names end in `_ms`.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod audit;
pub mod invalid;
pub mod stamp;

pub mod checksum;
pub mod damage;
pub mod draft;
pub mod fold;
pub mod lines;

pub mod lane;

pub mod arbiter;
pub mod cooldown;
pub mod data_class;
pub mod lint;
pub mod liveness;
pub mod population;
pub mod reasons;
pub mod region;
pub mod restart;
pub mod retention;
pub mod ship;

pub mod decisions;
pub mod frame;

pub mod effect_witness;
pub mod evidence;
pub mod state_diff;

pub mod intent;
pub mod run_id;
pub mod telemetry;
pub mod trace;
pub mod verdict;

pub mod eval;
pub mod invariant;
pub mod watchdog;

/// A JSON object with its keys in order.
pub type Map = serde_json::Map<alloc::string::String, serde_json::Value>;
