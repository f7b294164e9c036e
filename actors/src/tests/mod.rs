//! The actors together, over a disk in memory, processes that are only told of,
//! and a clock that jumps. Nothing here waits.

mod commits;
mod fleet;
mod lease_lock;
mod life;
mod probe;
mod reset;
mod restart;
mod settle;
mod spawn;
mod stage;
mod witness;
