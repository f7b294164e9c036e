//! Whether a commit did the kind of thing that its subject says.
//!
//! Owns the grading: the kind of claim in a subject, the kind of file behind a path, and
//! whether one witnesses the other. Whoever wrote a subject could have written anything; the
//! files it came with are a fact. Never reads a history, and never asks whether the work is
//! right.

mod claim;
mod path;
mod sweep;
mod verdict;

pub use claim::{ClaimKind, claim_kind};
pub use sweep::{KindCount, Sweep, sweep};
pub use verdict::{Audit, ClaimVerdict, Policy, Touched, Witness, audit};

/// How many commits of a range are looked at.
pub const LIMIT: usize = 500;
