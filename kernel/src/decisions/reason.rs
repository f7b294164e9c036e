//! The tokens that refusals carry, looked up by the reasons that a workspace knows.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::reasons::{Category, Reason, built_in, key};

/// The longest text that can be a token.
const LONGEST_TOKEN: usize = 64;

/// The tokens that a workspace knows: those that everybody knows, and its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasons {
    known: BTreeMap<String, (Category, bool)>,
}

impl Default for Reasons {
    fn default() -> Self {
        Self::of(&built_in())
    }
}

impl Reasons {
    /// The tokens of these reasons. One that does not refuse only advises.
    #[must_use]
    pub fn of(reasons: &[Reason]) -> Self {
        let known = reasons.iter().map(|one| (one.key(), (one.category, one.refusal)));
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
    use super::{Category, Reason, Reasons, built_in};
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
        let own = Reason {
            token: "soaking".into(),
            category: Category::OperatorGate,
            refusal: false,
            see_also: Vec::new(),
        };
        let mut known = built_in();
        known.push(own);
        let reasons = Reasons::of(&known);
        assert!(!reasons.refuses("Soaking"));
        assert_eq!(reasons.category("SOAKING"), Category::OperatorGate);
        assert_eq!(reasons.category("else"), Category::Unclassified);
        assert_eq!(reasons.category("LANE_DRAINED"), Category::TrueDrain);
    }
}
