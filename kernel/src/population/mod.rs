//! What a population of lanes needs: the plan of one tick.
//!
//! Owns the decision and the evidence it takes. Never starts, stops or watches a
//! process; a plan is a list of proposals for those who do.

mod by_lane;
mod gather;
mod occupancy;
mod plan;
mod roster;
mod supervise;

pub use by_lane::{ByLane, is_handle};
pub use gather::{COOLDOWN_MS, LaneFacts, gather, judge};
pub use plan::{Disposition, Item, Outcome, Plan};
pub use roster::{Evidence, LaneEvidence, Lanes, Policy};
pub use supervise::{MOST_WORKERS, supervise};
