//! Whether the work of a run that stopped can be taken up, and where.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::ledger::Ledger;
use crate::region;

/// The rungs that no message of a commit can forge.
const SOLID: [&str; 2] = ["file-path", "registry"];
/// Shorter names of commits are not believed: too many commits share them.
const SHORTEST: usize = 7;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Resume {
    /// There is work left and a commit to go on from.
    Resumable,
    /// Every declared step is in the history.
    Complete,
    /// The ledger does not say what was to be done, or cannot be read.
    Unresumable,
}

impl Resume {
    /// The verdict's name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resumable => "RESUMABLE",
            Self::Complete => "COMPLETE",
            Self::Unresumable => "UNRESUMABLE",
        }
    }
}

/// The answer with what is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResumePlan {
    /// The answer.
    pub verdict: Resume,
    /// Why, in one sentence.
    pub reason: String,
    /// The run, as its ledger names it.
    pub run_id: String,
    /// The commit to go on from; empty when there is none that the history knows.
    pub resume_sha: String,
    /// What is left to do, in order. After the first step that is not shown, all are left.
    pub residual: Vec<String>,
    /// The leading steps that the history shows.
    pub verified: Vec<String>,
    /// The run that this one went on from; always empty so far.
    pub predecessor_run_id: String,
    /// Whether a successor was proposed already.
    pub already_proposed: bool,
}

/// What the history says of one commit that a ledger names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footing {
    /// The commit, as the ledger names it.
    pub sha: String,
    /// Whether the current branch holds it.
    pub in_history: bool,
    /// The files that it changed.
    pub paths: Vec<String>,
}

/// The commits that a ledger names and that [`resume_plan`] wants to know about. What is no
/// commit's id is left out: `HEAD` is always in the history and proves nothing.
#[must_use]
pub fn footings(ledger: &Ledger) -> Vec<&str> {
    let steps = ledger.declared_steps.iter().filter_map(|step| named(ledger, step));
    let all: BTreeSet<&str> = steps.chain([ledger.start_sha.as_str()]).collect();
    all.into_iter()
        .filter(|sha| sha.len() >= SHORTEST && sha.chars().all(|digit| digit.is_ascii_hexdigit()))
        .collect()
}

/// Judges what is left of a run's work. A step is done when the ledger confirms it by a solid
/// rung and its commit is in the history, changed something, and changed it in the step's
/// region, where one was declared.
#[must_use]
pub fn resume_plan(ledger: &Ledger, footings: &[Footing]) -> ResumePlan {
    let plan = |verdict, reason: String| ResumePlan {
        verdict,
        reason,
        run_id: ledger.run_id.clone(),
        resume_sha: String::new(),
        residual: Vec::new(),
        verified: Vec::new(),
        predecessor_run_id: String::new(),
        already_proposed: ledger.resume_proposed,
    };
    let unresumable = if ledger.unreadable_newer {
        Some("a newer version wrote into the ledger: what it says is not guessed at")
    } else if !ledger.has_intent() {
        Some("the ledger declares nothing to be done")
    } else {
        None
    };
    if let Some(reason) = unresumable {
        let plan = plan(Resume::Unresumable, reason.into());
        return ResumePlan { already_proposed: false, ..plan };
    }
    let footings: BTreeMap<&str, &Footing> =
        footings.iter().map(|footing| (footing.sha.as_str(), footing)).collect();
    let start = footings.get(ledger.start_sha.as_str()).filter(|footing| footing.in_history);
    let start = start.map(|footing| footing.sha.clone()).unwrap_or_default();
    if ledger.declared_steps.is_empty() {
        let reason = "no steps are declared: the whole goal is left";
        return ResumePlan {
            resume_sha: start,
            residual: Vec::from([whole_goal(ledger)]),
            ..plan(Resume::Resumable, reason.into())
        };
    }
    let verified: Vec<String> = ledger
        .declared_steps
        .iter()
        .take_while(|step| is_done(ledger, step, &footings))
        .cloned()
        .collect();
    let done: BTreeSet<&String> = verified.iter().collect();
    let residual: Vec<String> =
        ledger.declared_steps.iter().filter(|step| !done.contains(step)).cloned().collect();
    let last = verified.last().and_then(|step| ledger.verified_step(step));
    let resume_sha = last.map_or(start, |last| last.sha.clone());
    let (done, all) = (verified.len(), ledger.declared_steps.len());
    let (verdict, reason) = if residual.is_empty() {
        (Resume::Complete, format!("the history shows all {all} steps"))
    } else {
        (Resume::Resumable, format!("the history shows the first {done} of {all} steps"))
    };
    ResumePlan { resume_sha, residual, verified, ..plan(verdict, reason) }
}

/// What is left of a run that declared no steps.
fn whole_goal(ledger: &Ledger) -> String {
    if !ledger.goal.is_empty() {
        return ledger.goal.clone();
    }
    let target = format!("{} {}", ledger.plan, ledger.phase);
    match target.trim() {
        "" => "(declared goal)".to_string(),
        target => target.to_string(),
    }
}

/// The commit that stands for a step: the confirmed one, else the claimed one.
fn named<'a>(ledger: &'a Ledger, step: &str) -> Option<&'a str> {
    let verified = ledger.verified_step(step).map(|verified| verified.sha.as_str());
    verified.filter(|sha| !sha.is_empty()).or_else(|| ledger.claimed_sha(step))
}

fn is_done(ledger: &Ledger, step: &str, footings: &BTreeMap<&str, &Footing>) -> bool {
    let Some(verified) = ledger.verified_step(step) else { return false };
    let Some(footing) = footings.get(verified.sha.as_str()) else { return false };
    let in_region = ledger
        .step_regions
        .get(step)
        .filter(|globs| !globs.is_empty())
        .is_none_or(|globs| !region::disjoint(&footing.paths, globs));
    SOLID.contains(&verified.via.as_str())
        && footing.in_history
        && !footing.paths.is_empty()
        && in_region
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Verified;
    use super::{Footing, Ledger, Resume, footings, resume_plan};
    use serde_json::json;
    use std::vec::Vec;

    fn ledger(via: &str) -> Ledger {
        let rows = [
            json!({"op": "INTENT", "goal": "g", "start_sha": "0000000",
                "declared_steps": ["a", "b", "c"], "step_regions": {"b": ["docs/**"]}}),
            json!({"op": "STEP_VERIFIED", "step_id": "a", "sha": "aaaaaaa", "via": via}),
            json!({"op": "STEP_VERIFIED", "step_id": "b", "sha": "bbbbbbb", "via": via}),
            json!({"op": "STEP_CLAIMED", "step_id": "c", "sha": "ccccccc"}),
        ];
        Ledger::of(&rows.iter().map(|row| row.as_object().unwrap().clone()).collect::<Vec<_>>())
    }

    fn footing(sha: &str, path: &str) -> Footing {
        Footing { sha: sha.into(), in_history: true, paths: Vec::from([path.into()]) }
    }

    #[test]
    fn only_what_the_history_shows_is_done() {
        let ledger = ledger("file-path");
        let full = [
            footing("0000000", "x"),
            footing("aaaaaaa", "src/a"),
            footing("bbbbbbb", "docs/b"),
            footing("ccccccc", "src/c"),
        ];
        let plan = resume_plan(&ledger, &full);
        assert_eq!((plan.verdict, plan.resume_sha.as_str()), (Resume::Resumable, "bbbbbbb"));
        assert_eq!(plan.verified, ["a", "b"]);
        assert_eq!(plan.residual, ["c"]);
        let elsewhere = [footing("0000000", "x"), footing("aaaaaaa", "a"), footing("bbbbbbb", "b")];
        let plan = resume_plan(&ledger, &elsewhere);
        assert_eq!(plan.residual, ["b", "c"]);
        let empty = Footing { paths: Vec::new(), ..footing("aaaaaaa", "") };
        let plan = resume_plan(&ledger, &[footing("0000000", "x"), empty, full[2].clone()]);
        assert_eq!((plan.residual.len(), plan.resume_sha.as_str()), (3, "0000000"));
        assert_eq!(resume_plan(&ledger, &[]).resume_sha, "");
    }

    #[test]
    fn a_rung_that_can_be_forged_shows_nothing() {
        let ledger = ledger("direct");
        let plan = resume_plan(&ledger, &[footing("aaaaaaa", "src/a")]);
        assert_eq!((plan.verdict, plan.residual.len()), (Resume::Resumable, 3));
    }

    #[test]
    fn a_name_that_moves_is_no_footing() {
        let mut ledger = ledger("file-path");
        ledger.start_sha = "HEAD".into();
        let moving = Verified { sha: "main".into(), via: "file-path".into() };
        ledger.verified.put("a".into(), moving);
        assert_eq!(footings(&ledger), ["bbbbbbb", "ccccccc"]);
        assert_eq!(resume_plan(&ledger, &[]).residual.len(), 3);
    }

    #[test]
    fn without_steps_the_whole_goal_is_left() {
        let ledger = Ledger { plan: "AUTH".into(), phase: "2".into(), ..Ledger::default() };
        let plan = resume_plan(&ledger, &[]);
        assert_eq!(
            (plan.verdict, plan.residual),
            (Resume::Resumable, Vec::from(["AUTH 2".into()]))
        );
        let nothing = resume_plan(&Ledger::default(), &[]);
        assert_eq!(nothing.verdict, Resume::Unresumable);
    }
}
