//! The watchdog: which of the runs that somebody watches should be stopped.
//!
//! Owns what a watched run is called, and the memory that keeps one bad hour from
//! becoming a hundred proposals. It proposes and never enacts; whether a proposal
//! was written down, its caller says.

mod report;
mod track;
mod watch;

pub use report::Report;
pub use track::TrackedRun;
pub use watch::{Judgement, Policy, Watchdog};
