//! Why a lane may be left alone: the closed vocabulary of reasons, to which a
//! workspace adds its own.
//!
//! Owns the built-in words and what makes a declared one usable. It never explains
//! one to people.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

/// What a reason rolls up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// There really is no work left.
    TrueDrain,
    /// A person has to open it.
    OperatorGate,
    /// Somebody claims the work, and may be gone.
    StaleClaim,
    /// The request went to the wrong place.
    Misroute,
    /// Nobody knows.
    Unclassified,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::TrueDrain, Self::OperatorGate, Self::StaleClaim, Self::Misroute, Self::Unclassified];

    /// The token that configuration and programs use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrueDrain => "TRUE_DRAIN",
            Self::OperatorGate => "OPERATOR_GATE",
            Self::StaleClaim => "STALE_CLAIM",
            Self::Misroute => "MISROUTE",
            Self::Unclassified => "UNCLASSIFIED",
        }
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The word itself, as it was declared.
    pub token: String,
    /// What it rolls up to.
    pub category: Category,
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
    let rows: [(&str, Category, &[&str]); 10] = [
        ("LANE_DRAINED", Category::TrueDrain, ORACLE),
        (
            "LANE_BLOCKED_ON_SOAK_GATED_PHASES",
            Category::OperatorGate,
            &["meta gates_on_soak", "meta soak_until", "oracle picker_oracle"],
        ),
        (
            "LANE_LEASE_HELD_BY_LIVE_DISPATCH_LOOP",
            Category::OperatorGate,
            &["lane <holder>", "oracle picker_oracle"],
        ),
        ("LANE_ALL_INFLIGHT_OR_DEFERRED", Category::StaleClaim, ORACLE),
        ("LANE_ALL_SHIPPED_INFLIGHT_OR_STALE_STAMP", Category::StaleClaim, SHIPS),
        ("LANE_ALL_BLOCKED_OR_STALE_STAMP", Category::OperatorGate, SHIPS),
        ("LANE_BLOCKED_ON_OPERATOR_DECISION", Category::OperatorGate, ORACLE),
        ("SELF_MODIFY", Category::Misroute, &["dos man lane", "dos arbitrate"]),
        (
            "SCHEMA_UNREADABLE",
            Category::Misroute,
            &["durable_schema", "resume", "dos man wedge SELF_MODIFY"],
        ),
        (
            "UNKNOWN_LANE",
            Category::Misroute,
            &["lane", "dos arbitrate", "dos man wedge SELF_MODIFY"],
        ),
    ];
    let reason = |(token, category, see_also): (&str, Category, &[&str])| Reason {
        token: token.into(),
        category,
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
    fn built_in_reasons_are_distinct() {
        let reasons = built_in();
        let keys: BTreeSet<String> = reasons.iter().map(Reason::key).collect();
        assert_eq!(keys.len(), reasons.len());
    }

    #[test]
    fn case_and_blanks_do_not_count() {
        assert_eq!(key(" self_modify "), key("SELF_MODIFY"));
    }
}
