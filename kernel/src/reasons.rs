//! Why a lane may be left alone: the closed vocabulary of reasons, to which a
//! workspace adds its own.
//!
//! Owns the built-in words and what makes a declared one usable. It never explains
//! one to people.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

/// What a reason may roll up to.
pub const CATEGORIES: [&str; 5] =
    ["TRUE_DRAIN", "OPERATOR_GATE", "STALE_CLAIM", "MISROUTE", "UNCLASSIFIED"];

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The word itself, as it was declared.
    pub token: String,
    /// What it rolls up to; one of [`CATEGORIES`].
    pub category: String,
    /// Whether a lane with this reason is refused, not only advised against.
    pub refusal: bool,
    /// Where to read on. `lane NAME` points at a lane.
    pub see_also: Vec<String>,
}

impl Reason {
    /// What the word is compared by: case and blanks around it do not count.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.token)
    }
}

/// What a token is compared by.
#[must_use]
pub fn key(token: &str) -> String {
    token.trim().to_uppercase()
}

/// The reasons that every workspace has, in their order.
#[must_use]
pub fn built_in() -> Vec<Reason> {
    const ORACLE: &[&str] = &["oracle picker_oracle"];
    const SHIPS: &[&str] = &["oracle ship_oracle"];
    let rows: [(&str, &str, &[&str]); 10] = [
        ("LANE_DRAINED", "TRUE_DRAIN", ORACLE),
        (
            "LANE_BLOCKED_ON_SOAK_GATED_PHASES",
            "OPERATOR_GATE",
            &["meta gates_on_soak", "meta soak_until", "oracle picker_oracle"],
        ),
        (
            "LANE_LEASE_HELD_BY_LIVE_DISPATCH_LOOP",
            "OPERATOR_GATE",
            &["lane <holder>", "oracle picker_oracle"],
        ),
        ("LANE_ALL_INFLIGHT_OR_DEFERRED", "STALE_CLAIM", ORACLE),
        ("LANE_ALL_SHIPPED_INFLIGHT_OR_STALE_STAMP", "STALE_CLAIM", SHIPS),
        ("LANE_ALL_BLOCKED_OR_STALE_STAMP", "OPERATOR_GATE", SHIPS),
        ("LANE_BLOCKED_ON_OPERATOR_DECISION", "OPERATOR_GATE", ORACLE),
        ("SELF_MODIFY", "MISROUTE", &["dos man lane", "dos arbitrate"]),
        (
            "SCHEMA_UNREADABLE",
            "MISROUTE",
            &["durable_schema", "resume", "dos man wedge SELF_MODIFY"],
        ),
        ("UNKNOWN_LANE", "MISROUTE", &["lane", "dos arbitrate", "dos man wedge SELF_MODIFY"]),
    ];
    let reason = |(token, category, see_also): (&str, &str, &[&str])| Reason {
        token: token.into(),
        category: category.into(),
        refusal: true,
        see_also: see_also.iter().copied().map(String::from).collect(),
    };
    rows.map(reason).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn built_in_reasons_are_distinct_and_of_known_categories() {
        let reasons = built_in();
        let keys: BTreeSet<String> = reasons.iter().map(Reason::key).collect();
        assert_eq!(keys.len(), reasons.len());
        assert!(reasons.iter().all(|reason| CATEGORIES.contains(&reason.category.as_str())));
    }

    #[test]
    fn case_and_blanks_do_not_count() {
        assert_eq!(key(" self_modify "), key("SELF_MODIFY"));
    }
}
