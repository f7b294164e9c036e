//! The closed tokens that refusals carry, and what kind of reason each is.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::reasons::{self, Reason, key};

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

/// The longest text that can be a token.
const LONGEST_TOKEN: usize = 64;

/// The tokens that a workspace knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasons {
    known: BTreeMap<String, (Category, bool)>,
}

impl Default for Reasons {
    /// Those that every workspace knows.
    fn default() -> Self {
        Self::of(&reasons::built_in())
    }
}

impl Reasons {
    /// These; of two alike the last counts.
    #[must_use]
    pub fn of(reasons: &[Reason]) -> Self {
        let known = reasons
            .iter()
            .map(|reason| (reason.key(), (Category::of(&reason.category), reason.refusal)));
        Self { known: known.collect() }
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

fn has_shape_of_token(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (2..=LONGEST_TOKEN).contains(&text.len())
        && text.bytes().all(rest)
        && text.bytes().next().is_some_and(|first| first.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{Category, Reasons};
    use crate::reasons::{self, Reason};
    use alloc::vec::Vec;

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
        assert!(Reasons::default().refuses("SOAKING"));
        let mut declared = reasons::built_in();
        declared.push(Reason {
            token: "soaking".into(),
            category: "OPERATOR_GATE".into(),
            refusal: false,
            see_also: Vec::new(),
        });
        let reasons = Reasons::of(&declared);
        assert!(!reasons.refuses("Soaking"));
        assert_eq!(reasons.category("SOAKING"), Category::OperatorGate);
        assert_eq!(reasons.category("else"), Category::Unclassified);
        assert_eq!(Category::of("TRUE_DRAIN"), reasons.category("LANE_DRAINED"));
    }
}
