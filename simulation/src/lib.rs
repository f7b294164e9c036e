//! The whole actor system on one thread, under virtual time, in a world of fakes, with
//! everything random from one seed.
//!
//! # Theory of operation
//!
//! A run has two parts. In the first one a schedule that is drawn from the seed injects faults
//! while the real actors work: the daemon is killed, loses power, or is told to stop, actors
//! panic, the disk fails, others write to the journals, sinks and workers misbehave, clocks
//! jump. In the second one nothing goes wrong any more, and everything has to come to rest: the
//! population at its target, exporters caught up, no intent without an outcome. The named
//! invariants ([`dosd_kernel::invariant`]) are checked all along.
//!
//! **The same seed is the same run, to the letter.** There is one thread, blocking work is done
//! on it in turn, time is the runtime's virtual time, and nothing reads a clock, the system or
//! a random number but through the world. So a failing seed is replayed, with all that happened
//! in its trace.
//!
//! **What is real**: journals, supervisor, spawner, witness and exporters, with their wiring
//! and their re-creation after panics mirrored from the daemon. **What is not**: files,
//! processes, the helper, the repository, the surface, sinks, the control socket, signals and
//! the configuration.

mod chaos;
mod daemon;
mod fault;
mod panics;
mod quiet;
mod run;
mod summary;
mod trace;
mod world;

pub use fault::Fault;
pub use run::{Report, run};
pub use summary::Summary;
pub use trace::{Finding, Show};
