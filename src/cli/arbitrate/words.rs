//! A decision in sentences.

use dosd_kernel::arbiter::{Decision, Outcome};

/// The decision for somebody who does not read JSON.
pub(super) fn plain(decision: &Decision) -> String {
    match decision.outcome {
        Outcome::Acquire => format!("yes: work can start on {}", chosen(decision)),
        Outcome::Refuse => format!("not now: {}", decision.reason),
    }
}

/// What whoever asked should do next.
pub(super) fn next_step(decision: &Decision) -> String {
    match decision.outcome {
        Outcome::Acquire => {
            format!("GO: take {} with `dosd lease-lane acquire`; then start", chosen(decision))
        }
        Outcome::Refuse if decision.free_clusters.is_empty() => {
            "STOP: do not start; no other lane is free, so ask again later".to_owned()
        }
        Outcome::Refuse => {
            let free = decision.free_clusters.join("`, `");
            format!("STOP: do not start on this lane; without a lease now: `{free}`")
        }
    }
}

fn chosen(decision: &Decision) -> String {
    let picked = if decision.auto_picked { ", picked for you" } else { "" };
    format!("lane `{}`{picked}", decision.lane)
}
