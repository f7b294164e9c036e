//! Whether a worker may take a lane, and which one.
//!
//! Owns the rules of admission: what runs alone, what may share the tree, which lane
//! a request without a wish gets. Never grants anything: a decision is a value, and a
//! lease only exists once somebody journals it.

mod decide;
mod decision;
mod extent;
mod overlap;

pub use decide::{Request, Rules, arbitrate};
pub use decision::{Decision, Outcome};
pub use overlap::{Overlap, OverlapPolicy};

#[cfg(test)]
mod tests;
