//! What a run set out to do, and how far the evidence says that it came.
//!
//! Owns the fold of a run's intent ledger and the verdict on going on where it stopped. The
//! run writes its ledger itself, so nothing in it is believed: a step is done when a commit
//! of the history shows it. Never reads a file or a history.

mod ledger;
mod ordered;
mod resume;
mod schema;

pub use ledger::{Ledger, Verified};
pub use ordered::Ordered;
pub use resume::{Footing, Resume, ResumePlan, footings, resume_plan};
