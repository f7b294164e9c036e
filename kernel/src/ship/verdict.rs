//! The verdict on a claim: the first stamp that holds, or why none does.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::reverts::Reverts;
use super::{Candidate, Claim, Entry, Footprint, Rung};

/// What a stamp in a commit's message is graded as: its author could have worded it freely.
const SUBJECT: &str = "grep-subject";
const NONE: &str = "none";

/// Whether a phase has shipped, and by which commit, in the shape that `dosd verify --json`
/// prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The plan that was asked about.
    pub plan: String,
    /// The phase that was asked about.
    pub phase: String,
    /// The answer.
    pub shipped: bool,
    /// What kind of evidence carried a positive answer; `none` of a negative one.
    pub source: &'static str,
    /// The commit: the one that shipped it, or the best one that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
    /// That commit in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// How that commit stamps the phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung: Option<Rung>,
    /// Why that commit does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a stamp does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The commit changed nothing.
    Empty,
    /// It touched only version files, release notes or ledgers.
    Bookkeeping,
    /// The commit at this place takes it back.
    Reverted(usize),
}

/// The commits whose footprints [`judge`] wants to see, by place.
#[must_use]
pub fn needed(candidates: &[Candidate], history: &[Entry<'_>]) -> Vec<usize> {
    let reverts = Reverts::of(history);
    let mut needed = BTreeSet::new();
    for candidate in candidates {
        reverts.closure(candidate.place, &mut needed);
    }
    needed.into_iter().collect()
}

/// Judges a claim by its candidates. The first that holds ships the phase. `footprints` are
/// by place; of a commit without one nothing is believed.
#[must_use]
pub fn judge(
    claim: Claim<'_>,
    candidates: &[Candidate],
    history: &[Entry<'_>],
    footprints: &BTreeMap<usize, Footprint>,
) -> Verdict {
    let reverts = Reverts::of(history);
    let mut refused = None;
    for candidate in candidates {
        let Some(entry) = history.get(candidate.place) else { continue };
        match refusal(candidate.place, &reverts, footprints) {
            None => return Verdict { shipped: true, ..named(claim, entry, candidate.rung) },
            Some(refusal) => refused = refused.or(Some((entry, candidate.rung, refusal))),
        }
    }
    match refused {
        None => plain(claim),
        Some((entry, rung, refusal)) => Verdict {
            source: NONE,
            reason: Some(refusal.reason(history)),
            ..named(claim, entry, rung)
        },
    }
}

fn refusal(
    place: usize,
    reverts: &Reverts,
    footprints: &BTreeMap<usize, Footprint>,
) -> Option<Refusal> {
    let is_real = |place| footprints.get(&place).is_some_and(|touched| !touched.is_empty());
    if !is_real(place) {
        Some(Refusal::Empty)
    } else if footprints.get(&place).is_some_and(Footprint::is_bookkeeping) {
        Some(Refusal::Bookkeeping)
    } else {
        reverts.reverter(place, &is_real).map(Refusal::Reverted)
    }
}

impl Refusal {
    fn reason(self, history: &[Entry<'_>]) -> String {
        match self {
            Self::Empty => "the commit is empty: its message says so, its content does not".into(),
            Self::Bookkeeping => {
                "the commit touches only version files, release notes or ledgers".into()
            }
            Self::Reverted(place) => {
                let by = history.get(place).map_or("", |entry| entry.short_id);
                format!("the commit was reverted by {by}")
            }
        }
    }
}

fn plain(claim: Claim<'_>) -> Verdict {
    Verdict {
        plan: claim.plan.into(),
        phase: claim.phase.into(),
        shipped: false,
        source: NONE,
        sha: None,
        summary: None,
        rung: None,
        reason: None,
    }
}

fn named(claim: Claim<'_>, entry: &Entry<'_>, rung: Rung) -> Verdict {
    Verdict {
        source: SUBJECT,
        sha: Some(entry.short_id.to_string()),
        summary: Some(format!("{} {}", entry.short_id, entry.subject)),
        rung: Some(rung),
        ..plain(claim)
    }
}

#[cfg(test)]
mod tests {
    use super::{Footprint, judge, needed};
    use crate::ship::{Claim, Convention, Entry, candidates};
    use alloc::collections::BTreeMap;
    use std::vec::Vec;

    const CLAIM: Claim<'_> = Claim { plan: "AUTH", phase: "AUTH2" };

    fn entry<'a>(id: &'a str, subject: &'a str, body: &'a str) -> Entry<'a> {
        Entry { id, short_id: id, subject, body }
    }

    fn verdict(history: &[Entry<'_>], touched: &[&[&str]]) -> super::Verdict {
        let candidates = candidates(CLAIM, &Convention::default(), history);
        let footprints: BTreeMap<_, _> = needed(&candidates, history)
            .into_iter()
            .map(|place| {
                let paths = touched[place].iter().copied().map(Into::into).collect();
                (place, Footprint { paths })
            })
            .collect();
        judge(CLAIM, &candidates, history, &footprints)
    }

    #[test]
    fn a_refused_stamp_gives_way_to_an_older_one() {
        let history = [
            entry("c", "AUTH2: done", ""),
            entry("b", "AUTH2: version", ""),
            entry("a", "AUTH2: tokens", ""),
        ];
        let answer = verdict(&history, &[&[], &["VERSION"], &["src/auth.rs"]]);
        assert_eq!((answer.shipped, answer.sha.as_deref()), (true, Some("a")));
        assert_eq!((answer.source, answer.reason), ("grep-subject", None));
        let answer = verdict(&history, &[&[], &["VERSION"], &["CHANGELOG.md"]]);
        assert_eq!((answer.shipped, answer.source), (false, "none"));
        assert_eq!(answer.sha.as_deref(), Some("c"));
        assert!(answer.reason.unwrap().contains("empty"));
    }

    #[test]
    fn a_reverted_stamp_does_not_count_until_it_is_given_again() {
        let stamp = entry("aa", "AUTH2: tokens", "");
        let revert = entry("bb", "Revert \"AUTH2: tokens\"", "This reverts commit aa.");
        let again = entry("cc", "Reapply \"AUTH2: tokens\"", "This reverts commit bb.\n");
        let real: &[&str] = &["src/auth.rs"];
        let answer = verdict(&[revert, stamp], &[real, real]);
        assert!(!answer.shipped && answer.reason.unwrap().contains("reverted by bb"));
        assert!(verdict(&[again, revert, stamp], &[real, real, real]).shipped);
        assert!(verdict(&[revert, stamp], &[&[], real]).shipped);
        assert!(!verdict(&[again, revert, stamp], &[&[], real, real]).shipped);
    }

    #[test]
    fn only_what_may_decide_is_asked_for() {
        let history = [
            entry("d", "other", "This reverts commit zz."),
            entry("c", "Revert", "This reverts commit a."),
            entry("b", "other", ""),
            entry("a", "AUTH2: tokens", ""),
        ];
        let found = candidates(CLAIM, &Convention::default(), &history);
        assert_eq!(needed(&found, &history), Vec::from([1, 3]));
    }
}
