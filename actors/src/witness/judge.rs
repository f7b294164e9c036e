//! From what the sources show to a verdict. Pure.

use std::collections::BTreeSet;

use dosd_kernel::Map;
use dosd_kernel::effect_witness::{self, EffectReport};
use dosd_kernel::evidence::{Fact, Stance};
use dosd_kernel::state_diff::{Change, Digest, Tally};
use dosd_kernel::verdict::VerdictEvent;

use super::message::Claim;
use super::surface::{Source, Unreadable};

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
pub(super) fn address<'a, 'n>(
    key: &'a str,
    surfaces: impl Iterator<Item = &'n str>,
) -> Address<'a> {
    let key = key.trim();
    let named = surfaces
        .filter_map(|name| {
            let entity = key.strip_prefix(name)?.trim_start().strip_prefix(':')?;
            Some((&key[..name.len()], entity))
        })
        .max_by_key(|(name, _)| name.len());
    match named {
        Some((name, entity)) => Address { surface: Some(name), entity: entity.trim() },
        None => Address { surface: None, entity: key },
    }
}

/// What one source shows about one entity.
#[derive(Debug, Clone)]
pub struct Sight {
    /// As a fact for the join.
    pub fact: Fact,
    /// Whether the source holds the entity, so that its no is a no about this very one.
    pub knows: bool,
}

impl Sight {
    /// From the difference of two reads; with `expected`, the entity must have this value
    /// as well. A change is an effect of the run only if the entity is there after it. A
    /// fresh read that is `unfinished`, as it says, may lack just this entity.
    #[must_use]
    pub fn of_tally(
        source: &Source,
        entity: &str,
        tally: &Tally,
        expected: Option<Digest>,
        unfinished: Option<&str>,
    ) -> Self {
        let mut detail = tally.describe(entity);
        let mut is_there = tally.asked.is_effect();
        if is_there && expected.is_some_and(|wanted| tally.asked.after() != Some(wanted)) {
            detail.push_str(", but not with the expected value");
            is_there = false;
        }
        if let Some(what) = unfinished.filter(|_| !is_there) {
            return Self::nothing(source, entity, format!("{detail}, but {what}"));
        }
        Self {
            fact: fact(source, entity, Some(is_there), detail),
            knows: tally.asked != Change::Absent,
        }
    }

    /// From the answer of a probe. It is asked about every key, so its no says little
    /// about a key that it was not meant for.
    #[must_use]
    pub fn of_answer(source: &Source, entity: &str, answer: Result<bool, Unreadable>) -> Self {
        match answer {
            Ok(yes) => {
                let detail = if yes { "it says yes" } else { "it says no" };
                Self { fact: fact(source, entity, Some(yes), detail.to_owned()), knows: yes }
            }
            Err(failed) => Self::nothing(source, entity, failed.to_string()),
        }
    }

    /// Of a source that could not be seen, and why.
    #[must_use]
    pub fn nothing(source: &Source, entity: &str, why: String) -> Self {
        Self { fact: fact(source, entity, None, why), knows: false }
    }

    /// Whether the effect is there, as far as this source goes.
    #[must_use]
    pub fn attests(&self) -> bool {
        self.fact.decides(Stance::Attested)
    }
}

fn fact(source: &Source, entity: &str, is_there: Option<bool>, detail: String) -> Fact {
    Fact {
        source_name: source.name().to_owned(),
        accountability: source.accountability(),
        stance: match is_there {
            Some(true) => Stance::Attested,
            Some(false) => Stance::Refuted,
            None => Stance::NoSignal,
        },
        reachable: is_there.is_some(),
        subject: entity.to_owned(),
        detail,
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
    let facts = if address.surface.is_none() { anywhere(sights) } else { each(sights) };
    let mut report = effect_witness::join(&claimed, &facts);
    if report.verdict == effect_witness::EffectVerdict::Unwitnessed {
        report.reason = why_unwitnessed(&facts);
    } else {
        // What was seen, beside who saw it: of those who refute, or of those who attest.
        let stance = if report.refuted { Stance::Refuted } else { Stance::Attested };
        let whys = facts.iter().filter(|fact| fact.decides(stance));
        let whys: Vec<&str> = whys.map(|fact| fact.detail.as_str()).collect();
        report.reason = format!("{} ({})", report.reason, whys.join("; "));
    }
    report
}

fn each(sights: &[Sight]) -> Vec<Fact> {
    sights.iter().map(|sight| sight.fact.clone()).collect()
}

/// A key that names no surface says that the entity is in one of them. One that never
/// held it contradicts nobody; one that holds it as it was before does. If none shows the
/// effect, it is refuted only by all of them together, each of them read.
fn anywhere(sights: &[Sight]) -> Vec<Fact> {
    let mut facts = each(sights);
    let is_shown = sights.iter().any(Sight::attests);
    let refuted_by_all = facts.iter().all(|fact| fact.stance == Stance::Refuted);
    for (fact, sight) in facts.iter_mut().zip(sights) {
        let counts = if is_shown { sight.knows } else { refuted_by_all };
        if fact.stance == Stance::Refuted && !counts {
            fact.stance = Stance::NoSignal;
        }
    }
    facts
}

fn why_unwitnessed(facts: &[Fact]) -> String {
    if facts.is_empty() {
        return "no surface is configured; add a `[[dosd.witness]]`".to_owned();
    }
    let whys: BTreeSet<&str> = facts.iter().map(|fact| fact.detail.as_str()).collect();
    whys.into_iter().filter(|why| !why.is_empty()).collect::<Vec<_>>().join("; ")
}

/// A reason is cut to so many characters: an error of a surface may be long.
const MOST_REASON: usize = 500;

/// The row for the verdict journal, with the lane of the run and the root of its lineage. Its subject is the claimed key; its detail
/// holds what was counted here, never the worker's words.
pub(super) fn event(
    claim: &Claim,
    (lane, root_id): (String, Option<&str>),
    report: &EffectReport,
    sights: &[Sight],
    looks: u32,
) -> VerdictEvent {
    let mut detail = Map::new();
    detail.insert("surfaces".into(), sights.len().into());
    detail.insert("silent".into(), report.silent_witnesses.len().into());
    if let Some(root_id) = root_id {
        detail.insert("root_id".into(), root_id.into());
    }
    if looks > 1 {
        detail.insert("looks".into(), looks.into());
    }
    if !report.witness.is_empty() {
        detail.insert("witness".into(), report.witness.clone().into());
    }
    // What was seen, in our words: whoever is paged by a refuted claim asks why first.
    if report.verdict != effect_witness::EffectVerdict::Confirmed {
        let reason: String = report.reason.chars().take(MOST_REASON).collect();
        detail.insert("reason".into(), reason.into());
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
