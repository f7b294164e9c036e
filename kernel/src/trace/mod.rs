//! One run across all that was written about it: lineage, intent, leases.
//!
//! Owns the join, always by an id that somebody recorded and never by a guess about times.
//! It judges nothing, and never reads a file.

mod leases;
mod lineage;
mod steps;

pub use leases::{LeaseEvent, Leases, leases};
pub use lineage::{Kin, Lineage};
pub use steps::{Step, StepState, residual, steps};
