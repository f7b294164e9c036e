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

/// The surface that a claimed key names, if it names one of `surfaces`, and the
/// entity key. A key may hold colons of its own: only a known name counts.
pub(super) fn address<'a, 'k>(
    key: &'k str,
    mut surfaces: impl Iterator<Item = &'a str>,
) -> (Option<&'k str>, &'k str) {
    match key.split_once(':') {
        Some((name, entity)) if surfaces.any(|known| known == name.trim()) => {
            (Some(name.trim()), entity)
        }
        Some(_) | None => (None, key),
    }
}

/// Joins a claim with what was seen.
pub(super) fn judge(claim: &Claim, entity: &str, sights: &[Sight]) -> EffectReport {
    let claimed = effect_witness::Claim {
        key: claim.key.clone(),
        subject: entity.to_owned(),
        narrated: claim.narrated.clone(),
    };
    let facts: Vec<Fact> = sights.iter().map(|sight| sight.fact(&claimed)).collect();
    let mut report = effect_witness::join(&claimed, &facts);
    if report.verdict == effect_witness::EffectVerdict::Unwitnessed {
        report.reason = why_unwitnessed(&facts);
    }
    report
}

impl Sight {
    fn fact(&self, claim: &effect_witness::Claim) -> Fact {
        let before = match &self.before {
            Some(Ok(before)) => before,
            Some(Err(error)) => return self.silent(&format!("at the run's start, {error}")),
            None => return self.silent("no baseline: this run was not started by this daemon"),
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
pub(super) fn event(claim: &Claim, report: &EffectReport, sights: &[Sight]) -> VerdictEvent {
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
        lane: claim.lane.clone(),
        subject: claim.key.clone(),
        detail,
        ..VerdictEvent::default()
    }
}
