//! Which commits stamp a phase, and by which rung of the ladder.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::phase::{Spelling, alone, beside_plan, find_any, plan_spellings, strip_any};
use super::text::{blanks, fold, is_boundary, strip};
use super::{Claim, Convention, Entry};

/// How many commits back a message's body is looked into.
const BODY_WINDOW: usize = 50;

/// How a commit stamps a phase, the clearest first. All of them are words of whoever wrote
/// the message; none is proof of what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// The subject begins with the plan and the phase.
    Direct,
    /// The subject ends with both, in parentheses.
    Trailer,
    /// The subject of a release names the phase among others.
    ReleasePrefix,
    /// The subject of a declared bundle describes the phase in prose.
    HygSlug,
    /// The subject stamps the phase that this one is a part of, and mentions the part.
    SubPhaseParent,
    /// The body of a release's message names the phase.
    BodyMention,
}

impl Rung {
    /// The rung's name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Trailer => "trailer",
            Self::ReleasePrefix => "release-prefix",
            Self::HygSlug => "hyg-slug",
            Self::SubPhaseParent => "sub-phase-parent",
            Self::BodyMention => "body-mention",
        }
    }
}

/// A commit that may stamp the phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its place in the history.
    pub place: usize,
    /// By which rung.
    pub rung: Rung,
}

/// The commits that stamp a phase: the clearest rung first, and within a rung the newest
/// first. A claim without a plan or a phase is stamped by nothing.
#[must_use]
pub fn candidates(
    claim: Claim<'_>,
    convention: &Convention,
    history: &[Entry<'_>],
) -> Vec<Candidate> {
    if claim.plan.is_empty() || claim.phase.is_empty() {
        return Vec::new();
    }
    let reader = Reader {
        claim,
        convention,
        beside: beside_plan(claim.plan, claim.phase),
        alone: alone(claim.plan, claim.phase),
    };
    let mut found: Vec<Candidate> = history
        .iter()
        .enumerate()
        .filter_map(|(place, entry)| Some(Candidate { place, rung: reader.rung(entry, place)? }))
        .collect();
    found.sort_by_key(|candidate| candidate.rung);
    found
}

/// A claim, ready to be looked for.
struct Reader<'a> {
    claim: Claim<'a>,
    convention: &'a Convention,
    beside: Vec<Spelling>,
    alone: Vec<Spelling>,
}

impl Reader<'_> {
    fn rung(&self, entry: &Entry<'_>, place: usize) -> Option<Rung> {
        let subject = entry.subject.trim();
        let in_prose = self.convention.is_bundle(self.claim.plan) && self.describes(subject);
        if self.convention.is_bookkeeping(subject) {
            return in_prose.then_some(Rung::HygSlug);
        }
        let ends = |rest: &str| !self.convention.is_progress(rest);
        let summary = self.convention.after_summary(subject);
        if self.begins(subject).is_some_and(ends) {
            Some(Rung::Direct)
        } else if self.convention.trailer_stamp && summary.is_none() && self.trails(subject) {
            Some(Rung::Trailer)
        } else if summary.and_then(|rest| find_any(&self.alone, rest)).is_some_and(ends) {
            Some(Rung::ReleasePrefix)
        } else if in_prose {
            Some(Rung::HygSlug)
        } else if self.stamps_parent(subject) {
            Some(Rung::SubPhaseParent)
        } else {
            let mentioned = || entry.body.lines().any(|line| find_any(&self.alone, line).is_some());
            (place < BODY_WINDOW && summary.is_some() && mentioned()).then_some(Rung::BodyMention)
        }
    }

    /// What follows `AUTH: AUTH2`, or `AUTH2:` where no directory is declared.
    fn begins<'t>(&'t self, subject: &'t str) -> Option<&'t str> {
        self.after_plan(subject)
            .find_map(|rest| strip_any(&self.beside, rest))
            .or_else(|| self.glued(subject))
    }

    /// What follows the plan and a blank, read in every way.
    fn after_plan<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.convention.after_directory(text).filter_map(|text| {
            let rest = strip(text, self.claim.plan)?;
            blanks(rest.strip_prefix(':').unwrap_or(rest))
        })
    }

    fn glued<'t>(&'t self, subject: &'t str) -> Option<&'t str> {
        if !self.convention.subject_dirs.is_empty() {
            return None;
        }
        let ways = self
            .convention
            .after_directory(subject)
            .flat_map(|text| strip(text, self.claim.plan).into_iter().chain([text]));
        ways.flat_map(|text| self.beside.iter().filter_map(move |spelling| spelling.strip(text)))
            .filter_map(|rest| rest.strip_prefix(':'))
            .find(|rest| is_boundary(rest))
    }

    /// Whether `(AUTH AUTH2)` or `(refs AUTH: AUTH2)` ends the subject.
    fn trails(&self, subject: &str) -> bool {
        let Some(open) = subject.strip_suffix(')') else { return false };
        open.match_indices('(').any(|(place, _)| {
            let inner = open.get(place + 1..).unwrap_or_default().trim();
            let inner = strip(inner, "refs").and_then(blanks).unwrap_or(inner);
            let prefixed = self.convention.after_directory(inner).chain([inner]);
            prefixed.into_iter().any(|text| self.is_stamp(text))
        })
    }

    /// Whether a text is the plan and the phase and nothing else.
    fn is_stamp(&self, text: &str) -> bool {
        plan_spellings(self.claim.plan).into_iter().any(|plan| {
            let rest = strip(text, plan).map(|rest| rest.strip_prefix(':').unwrap_or(rest));
            let Some(rest) = rest.and_then(blanks) else { return false };
            self.beside.iter().any(|spelling| spelling.strip(rest) == Some(""))
        })
    }

    /// Whether a bundle's subject describes the phase: `HYG: Dropbox zero-apply picker` is
    /// `dropbox_zero_apply`.
    fn describes(&self, subject: &str) -> bool {
        let wanted = slug(self.claim.phase);
        self.after_plan(subject).any(|prose| slug(prose).contains(&wanted))
    }

    fn stamps_parent(&self, subject: &str) -> bool {
        let Some((parent, part)) = self.claim.phase.split_once('-') else { return false };
        let wanted = slug(part);
        if !self.convention.sub_phase_parent_fallback || wanted.is_empty() {
            return false;
        }
        let parent = beside_plan("", parent);
        let stamped = self.after_plan(subject).find_map(|rest| strip_any(&parent, rest));
        stamped.is_some_and(|rest| !self.convention.is_progress(rest))
            && slug(subject).contains(&wanted)
    }
}

/// The text with one mark between words, whatever stood there.
fn slug(text: &str) -> String {
    let is_gap = |letter: char| letter.is_whitespace() || letter == '-' || letter == '_';
    let mut slug = String::with_capacity(text.len());
    for letter in fold(text).chars() {
        if !is_gap(letter) {
            slug.push(letter);
        } else if !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug
}

#[cfg(test)]
mod tests;
