//! The closed tokens that refusals carry, and what kind of reason each is.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::string::String;

/// What kind of reason a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// There really is no work left.
    TrueDrain,
    /// Somebody claims the work, and may be gone.
    StaleClaim,
    /// A person has to open it.
    OperatorGate,
    /// The request went to the wrong place.
    Misroute,
    /// Nobody knows.
    Unclassified,
}

impl Category {
    /// The category of this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "TRUE_DRAIN" => Self::TrueDrain,
            "STALE_CLAIM" => Self::StaleClaim,
            "OPERATOR_GATE" => Self::OperatorGate,
            "MISROUTE" => Self::Misroute,
            _ => Self::Unclassified,
        }
    }
}

const BUILT_IN: [(&str, Category); 10] = [
    ("LANE_DRAINED", Category::TrueDrain),
    ("LANE_BLOCKED_ON_SOAK_GATED_PHASES", Category::OperatorGate),
    ("LANE_LEASE_HELD_BY_LIVE_DISPATCH_LOOP", Category::OperatorGate),
    ("LANE_ALL_INFLIGHT_OR_DEFERRED", Category::StaleClaim),
    ("LANE_ALL_SHIPPED_INFLIGHT_OR_STALE_STAMP", Category::StaleClaim),
    ("LANE_ALL_BLOCKED_OR_STALE_STAMP", Category::OperatorGate),
    ("LANE_BLOCKED_ON_OPERATOR_DECISION", Category::OperatorGate),
    ("SELF_MODIFY", Category::Misroute),
    ("SCHEMA_UNREADABLE", Category::Misroute),
    ("UNKNOWN_LANE", Category::Misroute),
];

/// The longest text that can be a token.
const LONGEST_TOKEN: usize = 64;

/// The tokens that a workspace knows: those that everybody knows, and its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasons {
    known: BTreeMap<String, (Category, bool)>,
}

impl Default for Reasons {
    fn default() -> Self {
        let known =
            BUILT_IN.iter().map(|(token, category)| ((*token).to_owned(), (*category, true)));
        Self { known: known.collect() }
    }
}

impl Reasons {
    /// Adds a token of the workspace. One that does not refuse only advises.
    pub fn declare(&mut self, token: &str, category: Category, refuses: bool) {
        self.known.insert(key(token), (category, refuses));
    }

    /// The category of a token; one that nobody declared is unclassified.
    #[must_use]
    pub fn category(&self, token: &str) -> Category {
        self.known.get(&key(token)).map_or(Category::Unclassified, |(category, _)| *category)
    }

    /// Whether a verdict with this token must not be acted on. What nobody declared
    /// refuses, to be safe.
    #[must_use]
    pub fn refuses(&self, token: &str) -> bool {
        self.known.get(&key(token)).is_none_or(|(_, refuses)| *refuses)
    }

    /// The token in a field; empty when the field holds prose, which some writers put
    /// there.
    #[must_use]
    pub(super) fn token(&self, text: &str) -> String {
        let token = key(text);
        if self.known.contains_key(&token) || has_shape_of_token(&token) {
            token
        } else {
            String::new()
        }
    }
}

fn key(token: &str) -> String {
    token.trim().to_uppercase()
}

fn has_shape_of_token(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (2..=LONGEST_TOKEN).contains(&text.len())
        && text.bytes().all(rest)
        && text.bytes().next().is_some_and(|first| first.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{Category, Reasons};

    #[test]
    fn prose_is_no_token() {
        let reasons = Reasons::default();
        assert_eq!(reasons.token(" lane_drained "), "LANE_DRAINED");
        assert_eq!(reasons.token("Some_New_1"), "SOME_NEW_1");
        for prose in ["", " ", "X", "EVERY LANE IS HELD", "9A", "ÜBER", &"A".repeat(65)] {
            assert_eq!(reasons.token(prose), "", "{prose}");
        }
    }

    #[test]
    fn a_workspace_adds_its_own() {
        let mut reasons = Reasons::default();
        assert!(reasons.refuses("SOAKING"));
        reasons.declare("soaking", Category::of("OPERATOR_GATE"), false);
        assert!(!reasons.refuses("Soaking"));
        assert_eq!(reasons.category("SOAKING"), Category::OperatorGate);
        assert_eq!(reasons.category("else"), Category::Unclassified);
        assert_eq!(Category::of("TRUE_DRAIN"), reasons.category("LANE_DRAINED"));
    }
}
