//! Who can settle a refusal.

use super::reason::Reasons;
use super::{Kind, Resolver};
use crate::reasons::Category;

/// What a refusal says that is over as soon as a lane is given back, in small
/// letters. The first six are what Python programs write.
const CONTENTION: [&str; 9] = [
    "already held by a live loop",
    "overlap too large",
    "unknown blast radius",
    "class_budget",
    "global_loop_ceiling",
    "lane_capacity_saturated",
    "wait for a release",
    "wait for its release",
    "wait for their release",
];

/// Two lanes claim the very same path: that does not go away by waiting.
const SAME_PATH: &str = "exact-glob overlap";

/// Who can settle a decision with this token and this reason.
pub(super) fn resolver(kind: Kind, token: &str, reason: &str, reasons: &Reasons) -> Resolver {
    let is_request = matches!(kind, Kind::ArbiterRefuse | Kind::PreflightRefuse);
    if is_request && is_contention(reason) {
        return Resolver::Backpressure;
    }
    if token.is_empty() {
        return Resolver::Human;
    }
    match reasons.category(token) {
        Category::StaleClaim | Category::TrueDrain => Resolver::Oracle,
        Category::OperatorGate => Resolver::Human,
        Category::Misroute | Category::Unclassified => Resolver::Judge,
    }
}

fn is_contention(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    !reason.contains(SAME_PATH) && CONTENTION.iter().any(|words| reason.contains(words))
}
