//! From two reads to a verdict. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use dosd_kernel::Map;
use dosd_kernel::effect_witness::{self, EffectReport};
use dosd_kernel::evidence::{Accountability, Fact, Stance};
use dosd_kernel::state_diff::{self, Snapshot};
use dosd_kernel::verdict::VerdictEvent;

use super::message::Claim;
use super::surface::SurfaceError;

/// What was read of one surface.
pub(super) type Reading = Result<Arc<Snapshot>, SurfaceError>;

/// What is known of one surface when a claim is judged.
pub(super) struct Sight {
    pub(super) surface: String,
    pub(super) accountability: Accountability,
    /// The read at the run's start; `None` when the run is not known.
    pub(super) before: Option<Reading>,
    /// The read made for this claim.
    pub(super) after: Reading,
}

/// What a claimed key is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// The surface that it names; none means that any may hold the entity.
    pub(super) surface: Option<&'a str>,
    /// The entity key, trimmed. Blank claims nothing.
    pub(super) entity: &'a str,
}

/// The address in a key. A key may hold colons of its own: only the name of one of
/// `surfaces` counts, and of two that fit the longer.
pub(super) fn address<'a>(key: &'a str, surfaces: impl Iterator<Item = &'a str>) -> Address<'a> {
    let key = key.trim();
    let named = surfaces
        .filter_map(|name| Some((name, key.strip_prefix(name)?.trim_start().strip_prefix(':')?)))
        .max_by_key(|(name, _)| name.len());
    match named {
        Some((name, entity)) => Address { surface: Some(name), entity: entity.trim() },
        None => Address { surface: None, entity: key },
    }
}

/// Joins a claim with what was seen.
pub(super) fn judge(claim: &Claim, address: &Address<'_>, sights: &[Sight]) -> EffectReport {
    if address.entity.is_empty() {
        return EffectReport::no_claim();
    }
    let claimed = effect_witness::Claim {
        key: claim.key.clone(),
        subject: address.entity.to_owned(),
        narrated: claim.narrated.clone(),
    };
    let mut facts: Vec<Fact> = sights.iter().map(|sight| sight.fact(&claimed)).collect();
    if address.surface.is_none() {
        anywhere(&mut facts);
    }
    let mut report = effect_witness::join(&claimed, &facts);
    if report.verdict == effect_witness::EffectVerdict::Unwitnessed {
        report.reason = why_unwitnessed(&facts);
    }
    report
}

/// A key that names no surface says that the entity is in one of them. Those that do
/// not hold it refute that only together, and only if all of them could be read.
fn anywhere(facts: &mut [Fact]) {
    let refuted_by_all = facts.iter().all(|fact| fact.stance == Stance::Refuted);
    if !refuted_by_all {
        for fact in facts.iter_mut().filter(|fact| fact.stance == Stance::Refuted) {
            fact.stance = Stance::NoSignal;
        }
    }
}

impl Sight {
    fn fact(&self, claim: &effect_witness::Claim) -> Fact {
        let before = match &self.before {
            Some(Ok(before)) => before,
            Some(Err(error)) => return self.silent(&format!("at the run's start, {error}")),
            None => {
                return self
                    .silent("no baseline: this run is over, or was not started by this daemon");
            }
        };
        let after = match &self.after {
            Ok(after) => after,
            Err(error) => return self.silent(&error.to_string()),
        };
        let delta = state_diff::diff(before, after);
        match state_diff::fact(&delta, claim, self.accountability, &self.surface) {
            Ok(fact) => fact,
            Err(invalid) => self.silent(&invalid.to_string()),
        }
    }

    /// A witness that saw nothing, and why.
    fn silent(&self, why: &str) -> Fact {
        Fact {
            source_name: self.surface.clone(),
            accountability: self.accountability,
            stance: Stance::NoSignal,
            reachable: false,
            subject: String::new(),
            detail: why.to_owned(),
        }
    }
}

fn why_unwitnessed(facts: &[Fact]) -> String {
    if facts.is_empty() {
        return "no surface is configured; add a `[[dosd.witness]]`".to_owned();
    }
    let whys: BTreeSet<&str> = facts.iter().map(|fact| fact.detail.as_str()).collect();
    whys.into_iter().filter(|why| !why.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The row for the verdict journal. Its subject is the claimed key; its detail
/// holds what was counted here, never the worker's words.
pub(super) fn event(
    claim: &Claim,
    lane: String,
    report: &EffectReport,
    sights: &[Sight],
) -> VerdictEvent {
    let mut detail = Map::new();
    detail.insert("surfaces".into(), sights.len().into());
    detail.insert("silent".into(), report.silent_witnesses.len().into());
    if !report.witness.is_empty() {
        detail.insert("witness".into(), report.witness.clone().into());
    }
    VerdictEvent {
        syscall: "effect_witness".to_owned(),
        verdict: report.verdict.as_str().to_owned(),
        run_id: claim.run_id.clone(),
        lane,
        subject: claim.key.clone(),
        detail,
        ..VerdictEvent::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, address};

    fn of(key: &str) -> Address<'_> {
        address(key, ["orders", "a", "a:b"].into_iter())
    }

    #[test]
    fn colons_in_a_key_are_its_own_unless_a_surface_is_named() {
        let entity = |surface, entity| Address { surface, entity };
        assert_eq!(of("orders:42"), entity(Some("orders"), "42"));
        assert_eq!(of(" orders : 4:2 "), entity(Some("orders"), "4:2"));
        assert_eq!(of("urn:isbn:42"), entity(None, "urn:isbn:42"));
        assert_eq!(of("ordersx:42"), entity(None, "ordersx:42"));
        assert_eq!(of("a:b:c"), entity(Some("a:b"), "c"));
        assert_eq!(of("a:c"), entity(Some("a"), "c"));
        assert_eq!(of("orders:"), entity(Some("orders"), ""));
        assert_eq!(of(" "), entity(None, ""));
    }
}
