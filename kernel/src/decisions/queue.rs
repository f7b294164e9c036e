//! Which decisions are shown, and in which order.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Decision, Kind, Resolver};

const DAY_SECONDS: f64 = 86_400.0;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Only what this one can settle; none shows all.
    pub resolver: Option<Resolver>,
    /// Refusals that are older, or have no time, are past; none keeps all. A proposed
    /// halt never is.
    pub max_age_days: Option<f64>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { resolver: Some(Resolver::Human), max_age_days: Some(30.0) }
    }
}

/// The decisions to show: the most urgent kind first, the oldest of a kind first, and
/// one for all that say the same.
#[must_use]
pub fn queue(decisions: Vec<Decision>, policy: &Policy) -> Vec<Decision> {
    let mut shown: Vec<Decision> = Vec::new();
    // What a person would take for the same decision: kind, lane, token, reason.
    let mut places = BTreeMap::new();
    for decision in decisions {
        let is_wanted = policy.resolver.is_none_or(|resolver| decision.resolver_kind == resolver);
        if !is_wanted || is_past(&decision, policy.max_age_days) {
            continue;
        }
        let Decision { kind, lane, reason_token, reason_text, .. } = &decision;
        let words = (*kind, lane.clone(), reason_token.clone(), reason_text.clone());
        let place = *places.entry(words).or_insert(shown.len());
        match shown.get_mut(place) {
            Some(known) => known.dup_count += 1,
            None => shown.push(decision),
        }
    }
    // What has no time comes after what has.
    shown.sort_by_key(|decision| (decision.kind, -decision.age_seconds.unwrap_or(-1)));
    shown
}

fn is_past(decision: &Decision, max_age_days: Option<f64>) -> bool {
    let Some(days) = max_age_days.filter(|_| decision.kind != Kind::Liveness) else { return false };
    #[expect(clippy::cast_precision_loss, reason = "an age fits a float for 285 million years")]
    decision.age_seconds.is_none_or(|age| age as f64 > days * DAY_SECONDS)
}
